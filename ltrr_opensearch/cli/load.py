"""`ltrr load INDEX FILE`: documents from a file, with their vectors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.index.load import Loaded


@click.command()
@click.argument("index")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--id-field", help="Field whose value becomes the _id; default: made from the line's content.")
@click.option("--docs-per-second", type=click.FloatRange(min=0, min_open=True), help="Most documents loaded a second.")
@click.option(
    "--failed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="List of lines that failed, as JSON lines; default: ltrr-failed-INDEX.jsonl.",
)
@pass_settings
def load(
    settings: Settings, index: str, file: Path, id_field: str | None, docs_per_second: float | None, failed: Path | None
) -> None:
    """Load FILE, JSON lines or CSV (also .gz), into INDEX. The index is made first where it does not exist."""
    from ltrr_opensearch.cli.fill import failures_file, report_failures
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.index.destination import destination
    from ltrr_opensearch.index.failures import Failures
    from ltrr_opensearch.index.jobs import JobStore
    from ltrr_opensearch.index.load import Load
    from ltrr_opensearch.index.pace import Pace
    from ltrr_opensearch.index.rows import count_rows
    from ltrr_opensearch.index.setup import Setup

    def now() -> datetime:
        return datetime.now(UTC)

    client = connect(settings.cluster)
    total = count_rows(file)
    run = Setup(client, settings, index, now)
    for request in run.prepare():
        click.echo(f"{request.method} {request.path}  ({request.why})")
    to = destination(client, index)
    failures = Failures(failed or failures_file(index))
    with documents_bar(f"{index}: loading") as progress:
        progress.start(total)
        jobs = JobStore(client, settings.state.prefix)
        pace = Pace(docs_per_second)
        counts = Load(
            client, to, file, id_field, run.targets, run.shape, jobs, failures, pace, progress.advance, now
        ).run()
    report_failures(failures)
    click.echo(f"{index}: {counts.indexed} of {total} loaded, {counts.failed} failed{_further(counts)}")
    click.echo(f"next: ltrr setup {index}  (publishes what the proxies must know)")
    if counts.failed:
        raise SystemExit(1)


def _further(counts: Loaded) -> str:
    said = (
        (counts.own_vector, "with the vector that they brought"),
        (counts.without_text, "without text, hence without vector"),
        (counts.present, "were there before"),
        (counts.resumed, "had been loaded before the interruption"),
    )
    return "".join(f", {n} {words}" for n, words in said if n)
