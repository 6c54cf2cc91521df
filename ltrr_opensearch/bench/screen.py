"""Figures as a table, with what falls short marked. Columns that say nothing are left out; names are whole."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ltrr_opensearch.bench.figures import Figure

SIDES = {"beside": "left"}
"""All other columns are numbers."""


def show(console: Console, suite: str, figures: list[Figure]) -> None:
    rows = [_row(figure) for figure in figures]
    columns = [name for name in _row(Figure("", 0.0, "")) if name == "value" or any(row[name] for row in rows)]
    table = Table(title=suite, title_justify="left", header_style="bold")
    table.add_column("figure", overflow="fold")
    for name in columns:
        table.add_column(name, justify="left" if SIDES.get(name) else "right", overflow="fold")
    for figure, row in zip(figures, rows, strict=True):
        style = "red" if figure.falls_short else None
        table.add_row(figure.name, *(row[name] for name in columns), style=style)
    console.print(table)
    short = sum(figure.falls_short for figure in figures)
    console.print(f"{len(figures)} figures, {short} short of their target" if short else f"{len(figures)} figures")


def _row(figure: Figure) -> dict[str, str]:
    target = f"{'>=' if figure.higher_is_better else '<='} {figure.target:.4g}" if figure.target is not None else ""
    return {
        "value": _number(figure.value, figure.unit),
        "interval": "{:.3g} to {:.3g}".format(*figure.interval) if figure.interval else "",
        "beside": f"{figure.beside[0]}: {_number(figure.beside[1], figure.unit)}" if figure.beside else "",
        "p99": "" if figure.p99 is None else f"{figure.p99:.4g}",
        "target": f"{target} SHORT" if figure.falls_short else target,
        "aim": "" if figure.aim is None else f"{figure.aim:g}",
        "runs": str(figure.runs),
    }


def _number(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".rstrip()
