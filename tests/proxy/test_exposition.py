"""What processes count into files is added up, also while one of them is just making its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from ltrr_opensearch.proxy import exposition
from ltrr_opensearch.proxy.exposition import TRIES, SeveralProcesses


class Two:
    restarts = 0
    serving = 2


@pytest.mark.parametrize("error", [struct.error("requires 4 bytes"), RuntimeError("beyond file size")])
@pytest.mark.parametrize("failing", [0, 1, TRIES])
def test_a_file_that_is_just_being_made_is_read_a_moment_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: int, error: Exception
) -> None:
    left = iter(range(failing))

    class Files:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def collect(self) -> Iterator[Metric]:
            if next(left, None) is not None:
                raise error
            yield CounterMetricFamily("searches", "", 3)

    monkeypatch.setattr(exposition, "MultiProcessCollector", Files)
    processes = SeveralProcesses(tmp_path, Two())
    if failing < TRIES:
        assert b"searches_total 3.0" in processes.exposition()
    else:
        with pytest.raises(type(error)):
            processes.exposition()
