from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.places import Account
from ltrr_opensearch.node.process import launch, terminate

ME = Account(os.geteuid(), os.getegid(), "me")


def test_a_process_outlives_nothing_but_its_own_end(tmp_path: Path) -> None:
    process = launch(["sleep", "60"], tmp_path / "log", tmp_path, os.environ, ME)
    assert process.alive()
    terminate(process, patience_s=5)
    assert not process.alive()
    terminate(process, patience_s=5)


def test_a_recycled_id_is_not_taken_for_the_node(tmp_path: Path) -> None:
    process = launch(["sleep", "60"], tmp_path / "log", tmp_path, os.environ, ME)
    terminate(replace(process, started=process.started - 1), patience_s=5)
    assert process.alive()
    terminate(process, patience_s=5)


def test_one_that_will_not_hear_is_killed(tmp_path: Path) -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]
    process = launch(deaf, tmp_path / "log", tmp_path, os.environ, ME)
    while "ready" not in (tmp_path / "log").read_text():
        assert process.alive()
    terminate(process, patience_s=0.2)
    assert not process.alive()


def test_its_output_is_in_the_log(tmp_path: Path) -> None:
    process = launch(["sh", "-c", "echo out; echo err >&2"], tmp_path / "log", tmp_path, os.environ, ME)
    while process.alive():
        signal.sigtimedwait([], 0.01)
    assert (tmp_path / "log").read_text() == "out\nerr\n"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="could not be started"):
        launch(["true"], tmp_path / "log", tmp_path / "gone", os.environ, ME)
