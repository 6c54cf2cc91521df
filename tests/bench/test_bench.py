import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from ltrr_opensearch.bench import __main__ as command
from ltrr_opensearch.bench import screen
from ltrr_opensearch.bench.figures import Figure, environment, mean_ratio, ratio, repeated, timing
from ltrr_opensearch.bench.suites import SUITES, find
from ltrr_opensearch.errors import LtrrError

MISSED = Figure("cost", 1.5, "x", ("hybrid", 1.0), 1.25, higher_is_better=False, interval=(1.4, 1.6), runs=20)
MET = Figure("ahead", 0.1, "nDCG@10", ("original", 0.5), 0.0, interval=(0.05, 0.15))


def test_a_figure_knows_whether_it_falls_short() -> None:
    assert MISSED.falls_short
    assert not MET.falls_short
    assert not Figure("plain", 3.0, "ms").falls_short


def test_a_figure_of_numpys_numbers_is_written_as_any_other() -> None:
    figure = Figure("gap", np.float64(0.5), "share", None, np.float64(0.8), interval=(np.float64(0.4), np.float64(0.6)))
    told = json.loads(json.dumps(figure.to_json()))
    assert (told["value"], told["interval"], told["falls_short"]) == (0.5, [0.4, 0.6], True)


def test_the_ratio_of_interleaved_times_is_that_of_their_medians() -> None:
    figure = ratio("cost", [2.0, 4.0, 6.0], [1.0, 2.0, 3.0], "other", 2.5)
    assert figure.value == 2.0
    assert figure.interval is not None
    assert figure.interval[0] <= 2.0 <= figure.interval[1]
    assert not figure.falls_short


def test_a_timing_is_a_median_with_its_middle_half() -> None:
    figure = timing("search", [1.0, 2.0, 3.0, 4.0, 100.0])
    assert (figure.value, figure.interval) == (3.0, (2.0, 4.0))
    assert figure.p99 is not None
    assert 4.0 < figure.p99 <= 100.0


def test_means_are_moved_by_what_is_seldom_slow() -> None:
    figure = mean_ratio("cost", [1.0, 1.0, 7.0], [1.0, 1.0, 1.0], "other", 2.0)
    assert figure.value == 3.0
    assert figure.falls_short


def test_repetitions_are_told_with_their_range() -> None:
    figure = repeated("rate", [5.0, 1.0, 3.0], "1/s")
    assert (figure.value, figure.interval, figure.spread) == (3.0, (1.0, 5.0), "range")


def test_what_falls_short_is_marked() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        screen.show(console, "main", [MISSED, MET])
    assert "SHORT" in captured.get()
    assert "2 figures, 1 short of their target" in captured.get()


def test_the_environment_is_named() -> None:
    found = environment()
    assert found["cores"]
    assert found["ltrr-opensearch"]


def test_json_holds_environment_and_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find", lambda _: lambda _console, _quick: [MISSED])
    target = tmp_path / "figures.json"
    run = CliRunner().invoke(command.main, ["main", "--quick", "--json", str(target)])
    assert run.exit_code == 0, "a missed target is a measurement too"
    content = json.loads(target.read_text())
    (figure,) = content["figures"]
    assert figure["name"] == "cost"
    assert figure["beside"] == ["hybrid", 1.0]
    assert figure["falls_short"] is True
    assert content["environment"]["python"]
    assert content["whole"]


def test_what_was_measured_before_a_part_failed_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def suite(_console: Console, _quick: bool) -> Iterator[Figure]:
        yield MET
        raise LtrrError("the node is gone")

    monkeypatch.setattr(command, "find", lambda _: suite)
    target = tmp_path / "figures.json"
    run = CliRunner().invoke(command.main, ["main", "--json", str(target)])
    assert run.exit_code == 1
    assert "the node is gone" in run.output
    assert "1 figures" in run.output
    kept = json.loads(target.read_text())
    assert [figure["name"] for figure in kept["figures"]] == ["ahead"]
    assert not kept["whole"]


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []

    def suite(_console: Console, _quick: bool) -> list[Figure]:
        measured.append(MET)
        return measured

    monkeypatch.setattr(command, "find", lambda _: suite)
    run = CliRunner().invoke(command.main, ["main", "--json", str(tmp_path / "nowhere" / "figures.json")])
    assert run.exit_code == 1
    assert "figures cannot be written to" in run.output
    assert not measured


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_there(name: str) -> None:
    assert callable(find(name))


def test_a_suite_that_is_not_there_says_so() -> None:
    run = CliRunner().invoke(command.main, ["weather"])
    assert run.exit_code == 2
    assert "'weather' is not one of 'main', 'cost'" in run.output
