"""`ltrr setup INDEX`: get an index ready, or look at it and write its configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import docs_per_second_option, failed_option, pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.index.setup import Setup


@click.command()
@click.argument("index")
@click.option("--discover", is_flag=True, help="Look at the index and write a commented configuration; change nothing.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=Path("ltrr.yml"),
    show_default=True,
    help="With --discover: where to write; - for the screen. A file that exists is not overwritten.",
)
@click.option("--sample", default=500, show_default=True, help="With --discover: documents to look at.")
@click.option("--again", is_flag=True, help="Read the values of slots and entities of all documents again.")
@click.option("--dry-run", is_flag=True, help="Print every request that would change something; send none.")
@docs_per_second_option
@failed_option
@pass_settings
def setup(
    settings: Settings,
    index: str,
    discover: bool,
    output: Path,
    sample: int,
    again: bool,
    dry_run: bool,
    docs_per_second: float | None,
    failed: Path | None,
) -> None:
    """Prepare INDEX: templates, vector field and embeddings, feature set, slot knowledge. Twice changes nothing."""
    from ltrr_opensearch.cluster.admin import connect

    if discover:
        from ltrr_opensearch.cli.discovery import write_configuration

        write_configuration(connect(settings.cluster), settings.cluster.url, index, output, sample)
        return
    from ltrr_opensearch.cli.fill import fill_and_report
    from ltrr_opensearch.index.setup import Setup

    run = Setup(connect(settings.cluster), settings, index, lambda: datetime.now(UTC), again=again)
    for line in run.clashes():
        click.echo(line, err=True)
    if dry_run:
        _show(run)
        return
    changed = [_tell(f"{r.method} {r.path}  ({r.why})") for r in run.prepare()]
    for target in run.targets:
        changed += fill_and_report(run, target, docs_per_second, failed)
    changed += [_tell(line) for line in run.publish()]
    if not changed:
        click.echo(f"{run.key}: nothing to do")


def _show(run: Setup) -> None:
    requests = run.requests()
    for request in requests:
        click.echo(f"# {request.why}\n{request}\n")
    for line in run.further():
        click.echo(f"# {line}")
    click.echo(f"{len(requests)} requests; none was sent")


def _tell(line: str) -> str:
    click.echo(line)
    return line
