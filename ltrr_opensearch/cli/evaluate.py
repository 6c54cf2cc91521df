"""`ltrr evaluate`: policies on logged searches, and how sure that is; orders of results by ratings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.cli.evaluate_ranking import ranking
from ltrr_opensearch.cli.options import one_index, pass_settings
from ltrr_opensearch.cli.progress import reading
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.evaluate.intervals import Interval
    from ltrr_opensearch.evaluate.off_policy import Report, Row
    from ltrr_opensearch.learn.named import Named
    from ltrr_opensearch.learn.read import Window
    from ltrr_opensearch.logged import Round

ESTIMATORS = ("sequential", "dr", "drs", "switch", "shrinkage", "dm", "ips", "clipped", "snips")
WEIGHTS = ("nested", "product")
INTERVALS = ("student", "bootstrap", "bernstein")
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def evaluate() -> None:
    """Judge policies by the log, and orders of results by people's ratings."""


evaluate.add_command(ranking)


@evaluate.command()
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option(
    "--policy",
    "specs",
    multiple=True,
    metavar="[NAME=]WHAT",
    help="serving, the id of a release, fixed:DEPTH, fixed:STRATEGY=DEPTH,..., uniform, or another value of "
    "choose.policy: as it serves, or, where nothing of it does, learned from the older half of the searches, and then "
    "all are judged on the newer. Repeat it for several; default: serving.",
)
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Searches of so many days; default: 30.")
@click.option("--since", type=_TIME, help="Searches after this time, UTC; instead of --days.")
@click.option("--until", type=_TIME, help="Searches up to this time, UTC; default: whose events are complete.")
@click.option("--estimator", type=click.Choice(ESTIMATORS), default=ESTIMATORS[0], show_default=True)
@click.option("--weights", type=click.Choice(WEIGHTS), default=WEIGHTS[0], show_default=True)
@click.option("--interval", type=click.Choice(INTERVALS), default=INTERVALS[0], show_default=True)
@click.option(
    "--json", "file", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write it here too."
)
@pass_settings
def policy(
    settings: Settings,
    only: str | None,
    specs: tuple[str, ...],
    days: float | None,
    since: datetime | None,
    until: datetime | None,
    estimator: str,
    weights: str,
    interval: str,
    file: Path | None,
) -> None:
    """Compare policies on logged searches, without showing them to anybody.

    Beside them stand what was logged, the best constant action and the client's own query untouched. Where the log
    cannot support a number, the reason is said instead. docs/evaluation.md says which estimator when.
    """
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.evaluate.off_policy import How, compare
    from ltrr_opensearch.learn.holdout import held_out
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.named import SERVING, named_policies

    console, now, counts = Console(), datetime.now(UTC), Counter[str]()
    window = _window(settings, now, days, since, until)
    with connect(settings.cluster) as client, reading() as progress:
        job = Job(client, settings, one_index(settings, only), now, progress=progress)
        named = named_policies(specs or (SERVING,), job.store, job.index, settings.choose)
        rounds = job.read(window, counts)
    console.print(f"[bold]{job.index}[/bold]: {_said(window)}")
    held = held_out(named, rounds, settings)
    policies = {name: one.policy for name, one in held.policies.items()}
    report = compare(policies, held.judging, settings, How(estimator, weights, interval))
    if held.said:
        console.print(held.said)
    if not report.rows:
        raise DataError(_nothing(len(rounds), settings))
    show(console, report)
    console.print(*_flattered(held.policies, held.judging), sep="\n", end="")
    if file:
        times = {"since": str(window.after), "until": str(window.until), "held_out": held.said}
        content = {"index": job.index, **times, "read": counts, **report.to_json()}
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def show(console: Console, report: Report) -> None:
    """A table of the policies, and the refusals in words."""
    from ltrr_opensearch.evaluate.off_policy import UNTOUCHED

    people = f" of {report.people:,} people" if report.people < report.rounds else ""
    left = f"; {report.left_out:,} without exploration or of another ladder left out" if report.left_out else ""
    console.print(f"{report.rounds:,} searches{people}{left}. {report.how}")
    table = Table(box=SIMPLE, caption="95 % intervals; searches of one person count together.", caption_justify="left")
    table.add_column("policy")
    for name in ("reward a search", *(f"less {than}" for than in report.references)):
        table.add_column(name, justify="right")
    for name in ("effective sample", "candidates"):
        table.add_column(name, justify="right")
    for row in report.rows:
        beside = [_gap(report, row, than) for than in report.references]
        table.add_row(row.name, _value(row), *beside, *_numbers(row))
    console.print(table)
    if report.no_own_query:
        console.print(f"[yellow]no row for[/yellow] {UNTOUCHED}: {report.no_own_query}")
    for row in report.rows:
        if row.refused:
            console.print(f"[yellow]no number for[/yellow] {row.name}: {row.refused}")


def _value(row: Row) -> str:
    return "refused" if row.value is None or row.interval is None else f"{row.value:.4f}\n{_ends(row.interval)}"


def _gap(report: Report, row: Row, than: str) -> str:
    found = None if row.name == than else report.difference(row.name, than)
    return f"{found[0]:+.4f}\n{_ends(found[1], '+')}" if found else ""


def _ends(interval: Interval, sign: str = "") -> str:
    return f"[dim]{interval.low:{sign}.4f} to {interval.high:{sign}.4f}[/dim]"


def _numbers(row: Row) -> tuple[str, ...]:
    return f"{row.support.effective:,.0f}", f"{row.candidates:.0f}"


def _window(
    settings: Settings, now: datetime, days: float | None, since: datetime | None, until: datetime | None
) -> Window:
    from ltrr_opensearch.learn.read import Window

    if days is not None and since is not None:
        raise click.UsageError("--days and --since say the same thing; give one of them")
    closed = now - timedelta(seconds=settings.learn.window_s)
    end = until.replace(tzinfo=UTC) if until else closed
    start = since.replace(tzinfo=UTC) if since else end - timedelta(days=days or settings.learn.history_days)
    if start >= end:
        raise click.UsageError(f"nothing lies between {_at(start)} and {_at(end)}; give an earlier --since")
    return Window(start, end)


def _said(window: Window) -> str:
    return f"searches after {_at(window.after)} up to {_at(window.until)}" if window.after else _at(window.until)


def _at(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _nothing(rounds: int, settings: Settings) -> str:
    if not rounds:
        return "no searches are logged in this time; take a longer one (--days), or see `ltrr doctor`"
    ladder = list(settings.choose.ladder)
    return f"none of {rounds} searches was drawn with exploration from choose.ladder {ladder}; log some with it"


def _flattered(named: Mapping[str, Named], rounds: Sequence[Round]) -> list[str]:
    """Policies that are judged on searches that taught them."""
    said = []
    for name, found in named.items():
        seen = sum(found.learned is not None and one.decision.at <= found.learned for one in rounds)
        if found.learned and seen:
            later = f"--since {found.learned:%Y-%m-%dT%H:%M:%S}"
            said.append(
                f"{name} has learned from {seen:,} of these searches, which flatters it; {later} leaves them out\n"
            )
    return said
