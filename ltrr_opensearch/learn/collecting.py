"""Python's search for cycles, done rarely: learning makes millions of small objects and hardly a cycle among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 1_000_000
"""More of them than there were, before a search; Python's own 700 took a third of the time of reading, and 100,000 a
tenth of that of learning."""


def seldom() -> None:
    """From now on, in a process of our own."""
    young, *older = gc.get_threshold()
    gc.set_threshold(max(young, OBJECTS), *older)


@contextmanager
def rarely() -> Iterator[None]:
    """For a while; not in two threads at a time, which would undo each other's."""
    young, *older = gc.get_threshold()
    seldom()
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
