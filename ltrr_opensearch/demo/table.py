"""The before/after table, for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ltrr_opensearch.demo.results import HELD_OUT, LEARNED, TRAFFIC, Difference, Result, Row

COLUMNS = ("nDCG@10", "MRR", "judged@10", "candidates", "latency ms", "learned is ahead by (95 %)")


def show(console: Console, result: Result) -> None:
    """One table for the queries that had traffic and one for those that nobody had asked."""
    for part, title in ((TRAFFIC, "Queries that had traffic"), (HELD_OUT, "Held-out queries, never asked before")):
        rows = [row for row in result.rows if row.part == part]
        if rows:
            console.print(_table(f"{title} ({rows[0].queries})", rows, result.differences))


def _table(title: str, rows: list[Row], differences: tuple[Difference, ...]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("system")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    best = max(row.ndcg for row in rows)
    for row in rows:
        ahead = next((d for d in differences if (d.beside, d.part) == (row.system, row.part)), None)
        table.add_row(
            row.system,
            f"[bold]{row.ndcg:.3f}[/bold]" if row.ndcg == best else f"{row.ndcg:.3f}",
            f"{row.mrr:.3f}",
            f"{row.judged:.2f}",
            f"{row.candidates:.0f}",
            f"{row.latency_ms:.1f}",
            difference_text(ahead) if ahead else "",
            style="green" if row.system == LEARNED else None,
        )
    return table


def difference_text(difference: Difference) -> str:
    return f"{difference.value:+.3f}  ({difference.low:+.3f} to {difference.high:+.3f})"
