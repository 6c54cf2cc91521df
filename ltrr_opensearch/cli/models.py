"""`ltrr models`: what was published, and which of it serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.release.store import Published, ReleaseStore


@click.group()
def models() -> None:
    """List, promote and roll back what was published."""


@models.command("list")
@click.option("--index", "only", help="Key of one index; default: all that have releases.")
@pass_settings
def list_(settings: Settings, only: str | None) -> None:
    """The releases of each index, the newest first; the one that serves is marked."""
    console = Console()
    with _store(settings) as store:
        for index in [only] if only else store.indexes():
            if history := store.history(index):
                console.print(_table(index, history, _ranked_in(store, index, history)))
            else:
                console.print(f"Nothing was published for {index}; `ltrr setup` and `ltrr learn` do.")


@models.command()
@click.argument("release")
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@pass_settings
def promote(settings: Settings, release: str, only: str | None) -> None:
    """Make RELEASE, an id from `ltrr models list`, the one that serves."""
    index = _one(settings, only)
    with _store(settings) as store:
        click.echo(f"{index} is served by {store.promote(index, release)}; proxies change over within seconds.")


@models.command()
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@pass_settings
def rollback(settings: Settings, only: str | None) -> None:
    """Go back to the release that the serving one replaced."""
    index = _one(settings, only)
    with _store(settings) as store:
        click.echo(f"{index} is served by {store.rollback(index)} again; proxies change over within seconds.")


@contextmanager
def _store(settings: Settings) -> Iterator[ReleaseStore]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.store import ReleaseStore

    with connect(settings.cluster) as client:
        yield ReleaseStore(client, settings.state.prefix)


def _one(settings: Settings, only: str | None) -> str:
    if only:
        return only
    if len(settings.indexes) == 1:
        return next(iter(settings.indexes))
    raise SettingsError(f"several indexes are configured; say which with --index: {', '.join(settings.indexes)}")


def _ranked_in(store: ReleaseStore, index: str, history: list[Published]) -> dict[str, str]:
    """By version of the rankers, where each scores."""
    from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL

    versions = {release.versions["ranker"] for release in history if "ranker" in release.versions}
    return {v: "cluster" if CLUSTER_MODEL in store.meta(index, "ranker", v) else "proxy" for v in versions}


def _table(index: str, history: list[Published], ranked_in: dict[str, str]) -> Table:
    """A line a release; what it brought is what its parent had not."""
    by_id = {release.id: release for release in history}
    table = Table(title=index, title_justify="left", title_style="bold")
    for name in ("", "release", "published (UTC)", "by", "brought", "kept"):
        table.add_column(name, no_wrap=name in ("release", "published (UTC)"))
    for release in history:
        parent = by_id.get(release.parent or "")
        before = parent.versions if parent else {}
        kept = sorted(kind for kind, version in release.versions.items() if before.get(kind) == version)
        brought = sorted(set(release.versions) - set(kept))
        mark, style = ("serves", "bold") if release.current else ("", "")
        when = f"{release.created:%Y-%m-%d %H:%M:%S}"
        row = (", ".join(_told(kind, release, ranked_in) for kind in kinds) for kinds in (brought, kept))
        table.add_row(mark, release.id, when, release.note, *row, style=style)
    return table


def _told(kind: str, release: Published, ranked_in: dict[str, str]) -> str:
    return f"ranker ({ranked_in[release.versions[kind]]})" if kind == "ranker" else kind
