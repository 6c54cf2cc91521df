"""A progress bar for what takes longer than a moment; on a pipe, one line at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ltrr_opensearch.index.vectors import Progress


@contextmanager
def documents_bar(title: str) -> Iterator[Progress]:
    """Shows documents done, of how many, and the time left; on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield Progress(
            start=lambda total: bar.update(task, total=total, completed=0),
            advance=lambda documents: bar.advance(task, documents),
        )
