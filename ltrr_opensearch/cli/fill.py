"""Backfilling with a progress bar and a summary, for `ltrr setup` and `ltrr sync`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ltrr_opensearch.cli.progress import documents_bar
from ltrr_opensearch.index.backfill import Target
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.proposals import Learned, Proposals
from ltrr_opensearch.index.setup import Setup


def fill_and_report(run: Setup, target: Target, docs_per_second: float | None, failed: Path | None) -> list[str]:
    """Returns what was done, in words; nothing where nothing was to do."""
    failures = Failures(failed or failures_file(run.key))
    with documents_bar(f"{run.key}: encoding into {target.field}") as progress:
        tally, done = run.fill(target, failures, Pace(docs_per_second), progress)
    report_failures(failures)
    if not done:
        click.echo(f"{run.key}: not finished; the cluster was busy or kept being written to: run again", err=True)
    line = summary(run.key, target.field, tally)
    if tally.written or tally.failed or not done:
        click.echo(line)
        return [line]
    return []


def propose_and_report(
    proposals: Proposals, learned: Learned, docs_per_second: float | None, failed: Path | None
) -> list[str]:
    """Returns what was done, in words; nothing where nothing was to do."""
    failures, field = Failures(failed or failures_file(proposals.key)), proposals.settings.field
    with documents_bar(f"{proposals.key}: proposing into {field}") as progress:
        tally, done = proposals.fill(learned, failures, Pace(docs_per_second), progress)
    report_failures(failures)
    if not done:
        click.echo(f"{proposals.key}: not finished; the cluster was busy or kept being written to: run again", err=True)
    if not (tally.written or tally.failed or not done):
        return []
    line = summary(proposals.key, field, tally, "with other proposals than before")
    click.echo(line)
    return [line]


def failures_file(key: str) -> Path:
    """Where failures are listed by default: in the working directory."""
    return Path(f"ltrr-failed-{re.sub(r'[^A-Za-z0-9._-]', '_', key)}.jsonl")


def report_failures(failures: Failures) -> None:
    """The reasons with their counts, and where the list is."""
    if failures.total:
        click.echo(f"{failures.total} failed, listed in {failures.file}:", err=True)
        for reason, number in failures.by_reason.most_common(10):
            click.echo(f"  {number} x {reason}", err=True)


def summary(key: str, field: str, tally: Tally, written: str = "embedded") -> str:
    """One line of counts."""
    counts = (
        (tally.written, written),
        (tally.unchanged, "up to date"),
        (tally.kept, "kept (their vector is not ours)"),
        (tally.changed, "written by somebody else meanwhile"),
        (tally.failed, "failed"),
    )
    said = ", ".join(f"{n} {word}" for n, word in counts if n)
    return f"{key}: {field}: {said or 'nothing new'}"
