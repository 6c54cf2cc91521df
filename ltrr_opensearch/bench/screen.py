"""Figures as a table, with what falls short marked."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ltrr_opensearch.bench.figures import Figure


def show(console: Console, suite: str, figures: list[Figure]) -> None:
    table = Table(title=suite, title_justify="left", header_style="bold")
    for column, side in (("figure", "left"), ("value", "right"), ("interval", "right"), ("beside", "left")):
        table.add_column(column, justify="right" if side == "right" else "left")
    table.add_column("p99", justify="right")
    table.add_column("target", justify="right")
    table.add_column("aim", justify="right")
    table.add_column("runs", justify="right")
    for figure in figures:
        style = "red" if figure.falls_short else None
        table.add_row(figure.name, _number(figure.value, figure.unit), *_rest(figure), style=style)
    console.print(table)
    short = sum(figure.falls_short for figure in figures)
    console.print(f"{len(figures)} figures, {short} short of their target" if short else f"{len(figures)} figures")


def _rest(figure: Figure) -> tuple[str, ...]:
    interval = "{:.3g} to {:.3g}".format(*figure.interval) if figure.interval else ""
    beside = f"{figure.beside[0]}: {_number(figure.beside[1], figure.unit)}" if figure.beside else ""
    target = ""
    if figure.target is not None:
        target = (
            f"{'>=' if figure.higher_is_better else '<='} {figure.target:g}{' SHORT' if figure.falls_short else ''}"
        )
    p99 = "" if figure.p99 is None else f"{figure.p99:.4g}"
    aim = "" if figure.aim is None else f"{figure.aim:g}"
    return interval, beside, p99, target, aim, str(figure.runs)


def _number(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}".rstrip()
