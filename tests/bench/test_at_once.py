import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from ltrr_opensearch.bench.at_once import THREADS, Done, at_once


def counted(number: int, done: Done) -> tuple[int, int, str | None]:
    done(2)
    return number, os.getpid(), os.environ.get(THREADS)


def chatty(number: int, done: Done) -> int:
    for _ in range(number):
        done(1)
    return number


def failing(done: Done) -> int:
    done(1)
    raise ValueError("broken")


def slow(file: Path, done: Done) -> int:
    done(1)
    time.sleep(0.5)
    with file.open("a", encoding="ascii") as begun:
        begun.write("x")
    return 0


def test_results_come_in_the_order_of_the_jobs_from_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "7")
    console = Console(width=100, force_terminal=True)
    with console.capture() as captured:
        results = at_once(console, "Counting", 10, [partial(counted, number) for number in range(5)])
    assert [number for number, _, _ in results] == list(range(5))
    assert os.getpid() not in {process for _, process, _ in results}
    assert {threads for _, _, threads in results} == {"1"}, "one thread each"
    assert os.environ[THREADS] == "7", "and as it was before for everybody else"
    assert "10/10" in captured.get()


def test_all_steps_are_told_however_many_they_are() -> None:
    console = Console(width=100, force_terminal=True)
    with console.capture() as captured:
        at_once(console, "Counting", 2000, [partial(chatty, 500) for _ in range(4)])
    assert "2000/2000" in captured.get()


def test_an_error_ends_what_has_not_begun(tmp_path: Path) -> None:
    file = tmp_path / "begun"
    file.touch()
    jobs: list[Callable[[Done], int]] = [failing, *[partial(slow, file)] * 50]
    with pytest.raises(ValueError, match="broken"):
        at_once(Console(quiet=True), "Failing", len(jobs), jobs)
    assert len(file.read_text(encoding="ascii")) < 25
