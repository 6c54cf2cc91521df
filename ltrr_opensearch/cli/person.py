"""`ltrr person`: what is kept of somebody, for them to have or to be rid of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.index.person import Person


@click.group()
def person() -> None:
    """Read out or forget what is kept of one person: a user, a client or a session, as the application names them."""


@person.command()
@click.argument("name")
@click.option("--output", type=click.File("wb"), default="-", help="Where to write; default: standard output.")
@pass_settings
def export(settings: Settings, name: str, output: IO[bytes]) -> None:
    """All that is kept of NAME, as JSON lines: searches, UBI documents, what was counted. Changes nothing."""
    import orjson

    counted: Counter[str] = Counter()
    with _person(settings, name) as somebody:
        for one in somebody.kept():
            counted[one.index] += 1
            output.write(orjson.dumps({"index": one.index, "id": one.id, "record": one.record}) + b"\n")
    told = ", ".join(f"{count} of {index}" for index, count in sorted(counted.items()))
    click.echo(f"{name}: {told or 'nothing is kept'}", err=True)


@person.command()
@click.argument("name")
@click.confirmation_option(prompt="This cannot be undone. Go on?")
@pass_settings
def forget(settings: Settings, name: str) -> None:
    """Delete all that is kept of NAME, and serve without it. May be repeated; export first what is to be kept."""
    with _person(settings, name) as somebody:
        for what, count in somebody.forget():
            click.echo(f"{what}: {count} deleted")
        if earlier := somebody.remaining():
            releases = ", ".join(f"{release} of {index}" for index, release in earlier)
            click.echo(f"earlier releases still count {name}, until newer ones push them out: {releases}")


@contextmanager
def _person(settings: Settings, name: str) -> Iterator[Person]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.index.person import Person

    with connect(settings.cluster) as client:
        yield Person(client, settings, name)
