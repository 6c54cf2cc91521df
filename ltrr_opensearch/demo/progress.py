"""What the terminal shows while something takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

TEXT = TextColumn("{task.description:<34}")


@contextmanager
def bar(console: Console, text: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that is moved on by calling what it yields."""
    with Progress(TEXT, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(text, total=total)
        yield lambda steps: progress.advance(task, steps)


@contextmanager
def waiting(console: Console, text: str) -> Iterator[Callable[[str], None]]:
    """For what has no known end; calling what it yields says where it is now."""
    columns = (TEXT, SpinnerColumn(finished_text="done"), TextColumn("{task.fields[detail]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(text, total=1, detail="")
        yield lambda detail: progress.update(task, detail=detail)
        progress.update(task, completed=1, detail="")
