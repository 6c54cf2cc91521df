"""Whether off-policy intervals cover what they should: simulated logs with a known truth, and real ones.

A cell is a world, a logger, a size and a target. Its target is the coverage that a binomial test does not tell from
95 %. Where the log cannot support a number there is none, and no figure.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.bench import open_bandit
from ltrr_opensearch.bench.at_once import at_once
from ltrr_opensearch.bench.coverage import COMPARED_AT, DIFFERENCE, HEADLINE, Cell, Tries, jobs
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.evaluate.simulated import WORLDS

LOGS, QUICK_LOGS = 500, 100
LEAST_LOGS = 20
"""Cells with fewer that got a number are left out."""


def measure(console: Console, quick: bool) -> list[Figure]:
    logs = QUICK_LOGS if quick else LOGS
    folder = open_bandit.find()
    made = jobs(logs)
    found = at_once(console, "Estimators", len(made) * logs, made)
    kept = {cell: tries for of in found for cell, tries in of.items() if len(tries.errors) >= LEAST_LOGS}
    console.print(compared(kept))
    return [*figures(kept), *open_bandit.figures(folder)]


def figures(found: Mapping[Cell, Tries]) -> list[Figure]:
    """A figure for each cell of the headline, and how many of each sort fall below."""
    made = []
    for what in (HEADLINE, DIFFERENCE):
        cells = {cell: tries for cell, tries in found.items() if cell.what == what}
        short = sum(tries.coverage < tries.least for tries in cells.values())
        made += [_figure(cell, tries) for cell, tries in cells.items()]
        made.append(Figure(f"{what}: cells below 95 % by test", short, "", None, 0, False, runs=len(cells)))
    return made + [_summary(what, world, found) for what in _tried(found) for world in WORLDS]


def _summary(what: str, world: str, found: Mapping[Cell, Tries]) -> Figure:
    """An estimator in a world, mean over loggers and targets."""
    tries = _at_size(what, world, found)
    told = "largest bias, spread, covers, width: " + _cells(tries)
    value = float(np.mean([t.coverage for t in tries])) if tries else float("nan")
    return Figure(f"{what}: {world}", value, "", made_with=told, runs=sum(len(t.errors) for t in tries))


def _figure(cell: Cell, tries: Tries) -> Figure:
    name = f"{cell.what}: {cell.world}, {cell.logger}, {cell.size:,}, {cell.target}"
    told = (
        f"mean width {np.mean(tries.widths):.4f}, bias {np.mean(tries.errors):+.4f}, spread {np.std(tries.errors):.4f}"
    )
    return Figure(name, tries.coverage, "", None, tries.least, runs=len(tries.errors), made_with=told)


def compared(found: Mapping[Cell, Tries]) -> Table:
    """Every estimator in every world, mean over loggers and targets, on logs of one size."""
    table = Table(title=f"Estimators, logs of {COMPARED_AT:,} searches", title_justify="left")
    table.add_column("largest bias, spread, covers, width")
    for world in WORLDS:
        table.add_column(world, justify="right")
    for what in _tried(found):
        table.add_row(what, *(_cells(_at_size(what, world, found)) for world in WORLDS))
    return table


def _tried(found: Mapping[Cell, Tries]) -> list[str]:
    return list(dict.fromkeys(cell.what for cell in found if cell.size == COMPARED_AT))


def _at_size(what: str, world: str, found: Mapping[Cell, Tries]) -> list[Tries]:
    return [t for c, t in found.items() if (c.what, c.world, c.size) == (what, world, COMPARED_AT)]


def _cells(tries: list[Tries]) -> str:
    """The largest bias, mean spread, coverage and mean width."""
    if not tries:
        return ""
    bias = max((float(np.mean(t.errors)) for t in tries), key=abs)
    spread, width = (float(np.mean([np.mean(v) for v in values])) for values in _spreads(tries))
    return f"{bias:+.3f} {spread:.3f} {np.mean([t.coverage for t in tries]):.0%} {width:.3g}"


def _spreads(tries: list[Tries]) -> tuple[list[float], list[float]]:
    return [float(np.std(t.errors)) for t in tries], [float(np.mean(t.widths)) for t in tries]
