"""What tests of paging share: on a busy machine nobody gives up waiting for the cluster."""

from __future__ import annotations

import pytest

from ltrr_opensearch.paging import shared


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "READ_S", 10.0)
    monkeypatch.setattr(shared, "WRITE_S", 10.0)
    monkeypatch.setattr(shared, "PATIENCE_S", (0.02, 0.05, 0.1, 0.2, 0.4))
