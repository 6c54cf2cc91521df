"""A progress bar for what takes longer than a moment; on a pipe, one line at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from ltrr_opensearch.index.vectors import Progress
    from ltrr_opensearch.learn.job import Progress as Reading


@contextmanager
def documents_bar(title: str) -> Iterator[Progress]:
    """Shows documents done, of how many, and the time left; on standard error."""
    from ltrr_opensearch.index.vectors import Progress

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield Progress(
            start=lambda total: bar.update(task, total=total, completed=0),
            advance=lambda documents: bar.advance(task, documents),
        )


@contextmanager
def reading() -> Iterator[Reading]:
    """A bar on a terminal, nothing on a pipe, for jobs that say what they are doing."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)
