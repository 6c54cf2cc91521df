"""An explained search as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ltrr_opensearch.logged import BURY, PIN
from ltrr_opensearch.types import Json

LABEL = 60
"""Most characters of a document's label: it tells who is meant, not all of it."""


def show(told: Json, most: int, console: Console | None = None) -> None:
    """`most`: features of each hit."""
    console = console or Console()
    served = f"release {told['release']}, policy {told['policy']}, ranker {told['ranker']}" if "release" in told else ""
    console.print(f"[bold]{escape(told['query'])}[/bold] on {escape(told['index'])}: {_total(told)} hits. {served}")
    if told["fallbacks"]:
        console.print(f"[yellow]given up[/yellow] {', '.join(told['fallbacks'])}")
    if told.get("rules"):
        console.print(f"Rules that it meets: {', '.join(map(escape, told['rules']))}.")
    if told.get("readings"):
        console.print(f"Read as {'; '.join(map(reading, told['readings']))}.")
    if "plans" in told:
        console.print(_plans(told["plans"]))
    console.print(_hits(told["hits"], most))
    mean = next((hit["mean_score"] for hit in told["hits"] if "mean_score" in hit), None)
    if mean is not None:
        console.print(
            f"[dim]A feature's number is by how much it moved the ranker's score from the mean of the candidates, "
            f"{mean:.3f}; _score is 1/rank.[/dim]"
        )


def reading(one: Json) -> str:
    """An interpretation of the query in words, with its likelihood."""
    said = [f"{escape(about)} [bold]{escape(words)}[/bold]" for about, words in one["slots"].items()]
    said += [f'text "{escape(one["residual"])}"'] if one["residual"] else []
    wanted = f"{escape(one['entity'])}: " if one.get("entity") else ""
    return f"{wanted}{', '.join(said)} ({one['likelihood']:.2f})"


def moves(hit: Json) -> list[str]:
    """What moved a hit after the ranker, in words."""
    said = [f"{rank}. after {stage}" for stage, rank in hit.get("ranks", {}).items()]
    if rule := hit.get("rule"):
        does = {PIN: "pinned", BURY: "buried"}.get(rule["action"], "boosted")
        said.append(f"{does} by rule {rule['id']}" + (f", else {rule['was']}." if rule["was"] else ", else absent"))
    if team := hit.get("team"):
        said.append(f"picked by {team}")
    return said


def features(hit: Json, most: int) -> list[str]:
    """What moved its score most, with the value that did."""
    told = [f for f in hit["features"] if f.get("by")][:most]
    return [f"{f['name']} {_value(f['value'])}: {f['by']:+.3f}" for f in told]


def _plans(plans: Sequence[Json]) -> Table:
    table = Table(title="Plans", title_justify="left")
    for name in ("plan", "depth", "probability", "outcome", "found", "ms"):
        table.add_column(name, justify="left" if name in ("plan", "outcome") else "right")
    for plan in plans:
        likely = plan["pmf"].get(str(plan["depth"]), 0.0)
        figures = str(plan["depth"]), f"{likely:.2f}", plan["outcome"], str(plan["found"]), f"{plan['took_ms']:.1f}"
        table.add_row(plan["plan"], *figures)
    return table


def _hits(hits: Sequence[Json], most: int) -> Table:
    table = Table(title="Hits", title_justify="left", show_lines=True)
    table.add_column("", justify="right")
    for name in ("document", "found by", "score"):
        table.add_column(name, justify="right" if name == "score" else "left")
    table.add_column("moved most by")
    table.add_column("afterwards")
    for hit in hits:
        found = [f"{plan['plan']} {plan['rank']}." for plan in hit["plans"]] or ["the client's own query, further down"]
        if not hit["plans"] and hit.get("rule"):
            found = ["a rule alone"]
        score = f"{hit['score']:.3f}" if hit.get("score") is not None else "-"
        label = shorten(hit.get("label", ""), LABEL, placeholder=" …")
        name = f"{escape(hit['id'])}\n[dim]{escape(label)}[/dim]"
        rows = ("\n".join(map(escape, lines)) for lines in (features(hit, most), moves(hit)))
        table.add_row(f"{hit['rank']}.", name, "\n".join(found), score, *rows)
    return table


def _value(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _total(told: Json) -> str:
    total = told.get("total")
    if not isinstance(total, dict):
        return "some" if total is None else f"{total:,}"
    return f"{'more than ' if total['relation'] != 'eq' else ''}{total['value']:,}"
