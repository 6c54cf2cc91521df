"""The report of a live experiment as tables, sentences and JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import isfinite, sqrt

import orjson
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from ltrr_opensearch.evaluate.live import Arm, Preferred, Ratio, Report
from ltrr_opensearch.evaluate.power import any_time
from ltrr_opensearch.evaluate.sequential import LEAST, Look, difference

WORDS = {
    "success": "searches with an action",
    "gain": "gain a search",
    "reciprocal": "MRR of the first action",
    "took_ms": "milliseconds a search",
}
WORTH_SEEING = 0.05
"""The relative difference of which it is said how many people would show it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """`anonymous`: the log does not say who searched, so that each search counts as a person."""

    name: str
    key: str
    report: Report
    searches: int
    counts: Counter[str]
    tuned_at: float
    anonymous: bool


def told(shown: Shown) -> str:
    head = {"experiment": shown.name, "index": shown.key, "searches": shown.searches, "read": dict(shown.counts)}
    return orjson.dumps(head | shown.report.to_json(), option=orjson.OPT_INDENT_2).decode()


def show(shown: Shown, console: Console | None = None) -> None:
    console, report = console or Console(), shown.report
    console.print(f"[bold]{shown.name}[/bold] on {shown.key}: {report.names[0]} against {report.names[1]}")
    if not shown.searches:
        console.print(
            f"No search of it among the {shown.counts['decisions']:,} of this time that are old enough for their "
            "events to be complete; --days and --window-s say which are read."
        )
        return
    for ratio in report.ratios:
        if ratio.mismatch:
            console.print(_warning(ratio, report.names))
    if shown.anonymous:
        console.print(
            "[yellow]log.users is omit: searches count as independent people, so intervals are too narrow.[/]"
        )
    if report.arms:
        console.print(_arms(report))
        console.print(_verdict(report, shown.tuned_at))
    if report.preferred:
        console.print(_preferred(report.preferred, report.names))


def _warning(ratio: Ratio, names: tuple[str, str]) -> Panel:
    counts = " against ".join(f"{n:,} {name}" for n, name in zip(ratio.counts, names, strict=True))
    said = (
        f"The {ratio.what} were divided {counts}, where half was meant for each: by chance that happens once in "
        f"{1 / max(ratio.p, 1e-12):,.0f} times. Something sorts or loses searches by arm (a crash, a cache before the "
        "proxy, bots, events that do not arrive); find it before you believe a number below."
    )
    return Panel(said, title="SAMPLE RATIO MISMATCH", border_style="bold red", title_align="left")


def _arms(report: Report) -> Table:
    table = Table(title_justify="left")
    table.add_column("")
    for arm in report.arms:
        table.add_column(f"{arm.name}\n[dim]{arm.people:,} people, {arm.searches:,} searches[/dim]", justify="right")
    if report.differences:
        table.add_column("difference\n[dim]95 % at every look[/dim]", justify="right")
        table.add_column("p\n[dim]always valid[/dim]", justify="right")
    for measure, word in WORDS.items():
        values = [_value(measure, arm.measures[measure].value) for arm in report.arms]
        look = report.differences.get(measure)
        table.add_row(word, *values, *((_gap(measure, look), _p(look)) if look else ()))
    table.add_row("median, p95 in ms", *(f"{arm.median_ms:,.0f}, {arm.p95_ms:,.0f}" for arm in report.arms))
    return table


def _verdict(report: Report, tuned_at: float) -> str:
    """What may be concluded, or what it would take."""
    if len(report.arms) < 2:
        return "Only one arm has searches so far."
    first, second = report.arms
    look = report.differences["success"]
    if look.clear:
        better = second.name if look.mean > 0 else first.name
        return f"[green]More searches end in an action with [bold]{better}[/bold].[/] You may stop here, or go on."
    return f"Nothing is decided about searches with an action. {_needed(first, second, tuned_at)}"


def _needed(first: Arm, second: Arm, tuned_at: float) -> str:
    if min(first.people, second.people) < LEAST:
        return f"Intervals begin at {LEAST} people in each arm."
    gap = difference(second.measures["success"], first.measures["success"])
    spread, effect = gap.error * sqrt(gap.observations), WORTH_SEEING * first.measures["success"].value
    people = any_time(effect, spread, tuned_at=tuned_at)
    if people is None:
        return ""
    return f"A relative change of {WORTH_SEEING:.0%} would show with about {people:,} people in all (4 times in 5)."


def _preferred(found: Preferred, names: tuple[str, str]) -> str:
    look, pages = found.look, found.wins + found.losses + found.ties
    head = (
        f"Pages of both arms: {pages:,} of {found.people:,} people. {names[1]} won {found.wins:,}, {names[0]} won "
        f"{found.losses:,}, {found.ties:,} tied."
    )
    if not isfinite(look.low):
        return f"{head}\nIntervals begin at {LEAST} people."
    balance = f"wins less losses a page {look.mean:+.4f} ({look.low:+.4f} to {look.high:+.4f}, p {_p(look)})"
    if look.clear:
        better = names[1] if look.mean > 0 else names[0]
        return f"{head}\n[green]People prefer [bold]{better}[/bold][/]: {balance}."
    return f"{head}\nNothing is decided: {balance}."


def _value(measure: str, value: float) -> str:
    return f"{value:.1%}" if measure == "success" else f"{value:,.1f}" if measure == "took_ms" else f"{value:.4f}"


def _gap(measure: str, look: Look) -> str:
    if not isfinite(look.low):
        return "-"
    scale, form = {"success": (100, "+.2f"), "took_ms": (1, "+.1f")}.get(measure, (1, "+.4f"))
    low, mean, high = (f"{scale * bound:{form}}" for bound in (look.low, look.mean, look.high))
    text = f"{mean} [dim]({low} to {high})[/dim]"
    return f"[bold]{text}[/bold]" if look.clear else text


def _p(look: Look) -> str:
    return "< 0.001" if look.p < 0.001 else f"{look.p:.3f}"
