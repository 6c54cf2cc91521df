"""`ltrr judgments`: judgment lists from one form into another, and from clicks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.progress import reading
from ltrr_opensearch.cli.rated import FORMS, topics_option
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn_settings import ClickModelName
from ltrr_opensearch.settings import Settings

MODELS: tuple[str, ...] = get_args(ClickModelName)
_target = click.Path(path_type=Path, dir_okay=False, writable=True)
levels_option = click.option(
    "--levels", type=click.IntRange(min=1), help="The best grade becomes this, the others in proportion, all whole."
)


@click.group()
def judgments() -> None:
    """Turn judgment lists into other forms, and clicks into judgments.

    Forms: trec (qrels), quepid (CSV of query, docid, rating), workbench (OpenSearch's Search Relevance Workbench) and
    lines (JSON lines of query, id, grade, weight).
    """


@judgments.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("target", type=_target)
@click.option("--from", "source_form", type=click.Choice(FORMS), help="Form of SOURCE; default: as its name ends.")
@click.option("--to", "target_form", type=click.Choice(FORMS), help="Form of TARGET; default: as its name ends.")
@topics_option
@levels_option
def convert(
    source: Path,
    target: Path,
    source_form: str | None,
    target_form: str | None,
    topics: Path | None,
    levels: int | None,
) -> None:
    """Write the judgment list SOURCE as TARGET. Needs no cluster and no configuration."""
    from ltrr_opensearch.judgment_lists.files import read_judgments, write_judgments

    found = read_judgments(source, source_form, topics)
    written = write_judgments(target, found, target_form, levels=levels)
    click.echo(
        f"{len(found):,} judgments of {len({j.query for j in found}):,} queries: {' and '.join(map(str, written))}"
    )


@judgments.command("from-clicks")
@click.argument("target", type=_target)
@click.option("--to", "target_form", type=click.Choice(FORMS), help="Form of TARGET; default: as its name ends.")
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="Searches of so many days; default: learn.history_days."
)
@click.option("--model", type=click.Choice(MODELS), help="The click model; default: learn.click_model.")
@click.option(
    "--least-weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Judgments less sure are left out; 0.5 is a document that was looked at once.",
)
@levels_option
@pass_settings
def from_clicks(
    settings: Settings,
    target: Path,
    target_form: str | None,
    only: str | None,
    days: float | None,
    model: str | None,
    least_weight: float,
    levels: int | None,
) -> None:
    """Write what people's clicks say of documents as a judgment list TARGET. Only reads.

    Documents are named by the index's object_id_field; queries that were logged hidden or cut are left out.
    """
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.judgment_lists.files import write_judgments
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.judgments import as_a_list, judgments_from_clicks
    from ltrr_opensearch.learn.read import Window

    now, named = datetime.now(UTC), model or settings.learn.click_model
    until = now - timedelta(seconds=settings.learn.window_s)
    window = Window(until - timedelta(days=days or settings.learn.history_days), until)
    with connect(settings.cluster) as client, reading() as progress:
        rounds = Job(client, settings, one_index(settings, only), now, progress=progress).read(window, Counter())
    if not any(one.gains for one in rounds):
        raise DataError(
            f"none of {len(rounds)} searches was acted upon; take a longer time (--days), or see `ltrr doctor`"
        )
    field = settings.indexes[key_of(settings, one_index(settings, only))].named_by
    listed = as_a_list(judgments_from_clicks(rounds, named).judgments, rounds, field)
    if not listed:
        raise DataError(f"no judgment is of a query logged in full and of a document with a name ({field or '_id'})")
    found = [j for j in listed if j.weight >= least_weight]
    if not found:
        raise DataError(f"no judgment weighs {least_weight:g} or more; lower --least-weight or take more days")
    written = write_judgments(target, found, target_form, levels=levels)
    told = f"{len(found):,} judgments of {len({j.query for j in found}):,} queries from {len(rounds):,} searches"
    click.echo(f"{told} by the model `{named}`: {' and '.join(map(str, written))}")
