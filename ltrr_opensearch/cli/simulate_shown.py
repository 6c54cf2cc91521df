"""A simulation as tables and sentences, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ltrr_opensearch.types import Json

if TYPE_CHECKING:
    from ltrr_opensearch.arena.simulate import Simulated, Standing
    from ltrr_opensearch.arena.world import World


FEW = 10
"""Queries below which no interval is told: it would look surer than it is."""


def to_json(world: World, played: Simulated, searches: int, traffic: int, held_out: int) -> Json:
    from ltrr_opensearch.arena.simulate import LEARNED, regret_fell

    def rows(standings: Sequence[Standing]) -> list[Json]:
        learned = next(s for s in standings if s.name == LEARNED)
        return [_row(one, learned, told=len(one.values) >= FEW) for one in standings]

    return {
        "index": world.key,
        "policy": world.settings.choose.policy,
        "searches": searches,
        "acted": played.acted,
        "price_per_candidate": world.prices.candidate,
        "price_per_plan": world.prices.plan,
        "with_traffic": {"queries": traffic, "ways": rows(played.seen)},
        "never_asked": {"queries": held_out, "ways": rows(played.unseen)},
        "regret_last_quarter_over_first": regret_fell(played.regret),
    }


def _row(one: Standing, learned: Standing, *, told: bool) -> Json:
    row: Json = {"way": one.name, "value": one.mean, "candidates": one.candidates, "depths": one.action}
    if one is learned:
        return row
    ahead = learned.ahead_of(one)
    return row | {"learned_ahead_by": {"mean": ahead.mean, "interval": [ahead.low, ahead.high] if told else None}}


def show(told: Json, console: Console | None = None) -> None:
    console = console or Console()
    console.print(
        f"[bold]{told['index']}[/bold]: {told['searches']:,} simulated searches, {told['acted']:.0%} with a click; "
        f"learned by the policy {told['policy']}."
    )
    for part, title in (("with_traffic", "Queries with traffic"), ("never_asked", "Queries that nobody had asked")):
        console.print(_table(f"{title} ({told[part]['queries']:,})", told[part]["ways"]))
    console.print(
        "value: the chance that what somebody wants is among the candidates, less "
        f"{told['price_per_candidate']:g} for each candidate and {told['price_per_plan']:g} for each plan asked"
    )
    if (fell := told["regret_last_quarter_over_first"]) is not None:
        console.print(f"What the policy gives away without exploring, last quarter over first: {fell:.2f}.")


def _table(title: str, ways: Sequence[Json]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("way of asking")
    for name in ("value", "candidates", "learned is ahead by (95 %)"):
        table.add_column(name, justify="right")
    table.add_column("depths")
    for one in ways:
        depths = ", ".join(f"{plan} {depth}" for plan, depth in (one["depths"] or {}).items())
        table.add_row(one["way"], f"{one['value']:.3f}", f"{one['candidates']:.0f}", _ahead(one), depths)
    return table


def _ahead(one: Json) -> str:
    if (ahead := one.get("learned_ahead_by")) is None:
        return ""
    if ahead["interval"] is None:
        return f"{ahead['mean']:+.3f} (too few queries)"
    low, high = ahead["interval"]
    return f"{ahead['mean']:+.3f} ({low:+.3f} to {high:+.3f})"
