"""Who reads: threads, processes, and a Dask cluster of processes; all give the answers in the order of the tasks."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator

import pytest

from ltrr_opensearch.errors import SettingsError, Unreachable
from ltrr_opensearch.learn.engines import engine
from ltrr_opensearch.learn_settings import LearnSettings


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_tasks(workers: int) -> None:
    with engine(LearnSettings(workers=workers), 20) as local:
        assert list(local.map(math.factorial, range(20))) == [math.factorial(n) for n in range(20)]


def test_what_a_task_raises_is_raised_here() -> None:
    with engine(LearnSettings(workers=1), 2) as local, pytest.raises(ValueError, match="negative"):
        list(local.map(math.factorial, [3, -1, 4]))


def test_only_a_few_tasks_are_given_out_ahead() -> None:
    given = []

    def tasks() -> Iterator[int]:
        for n in range(20):
            given.append(n)
            yield n

    with engine(LearnSettings(workers=1), 20) as local:
        answers = local.map(math.factorial, tasks())
        next(answers)
        assert len(given) <= 3


def test_dask_without_an_address_or_a_scheduler_is_told_in_words() -> None:
    with pytest.raises(SettingsError, match="dask needs"), engine(LearnSettings(engine="dask"), 1):
        pass
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    settings = LearnSettings(engine="dask", dask_scheduler=nobody)
    with pytest.raises(Unreachable, match="no Dask scheduler answers"), engine(settings, 1):
        pass
