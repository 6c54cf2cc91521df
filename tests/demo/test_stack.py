"""Who starts the node stops it, however often it was asked for; a node that ran before stays."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.node import local


@pytest.mark.parametrize("ran_before", [False, True])
def test_a_node_is_stopped_by_who_started_it(ran_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, stopped = [ran_before], []

    def start(_options: object) -> SimpleNamespace:
        running[0] = True
        return SimpleNamespace(url="http://127.0.0.1:1")

    monkeypatch.delenv("OPENSEARCH_URL", raising=False)
    monkeypatch.setattr(local, "status", lambda *_: SimpleNamespace(running="pid" if running[0] else None))
    monkeypatch.setattr(local, "start", start)
    monkeypatch.setattr(local, "stop", lambda *named: stopped.append(named))
    stack = Stack(tmp_path, name="arena")
    assert [stack.node() for _ in range(3)] == ["http://127.0.0.1:1"] * 3
    stack.close()
    assert len(stopped) == (not ran_before)
