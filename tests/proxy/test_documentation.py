"""docs/proxy.md explains every reason that the code can count."""

from __future__ import annotations

import re
from pathlib import Path

from ltrr_opensearch.proxy import dialect, parameters

ROOT = Path(__file__).parents[2]
GIVEN = re.compile(
    r'(?:Foreign|NotOurs|stream|whole|relay)\((?:exchange, )?"([a-z_]+)"|reason="([a-z_]+)"|return "([a-z_]+)"'
)


def test_every_reason_is_explained() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "ltrr_opensearch" / "proxy").glob("*.py"))
    reasons = {next(filter(None, found)) for found in GIVEN.findall(source)}
    reasons -= {"true", "gzip", "delay", "requests"}  # other words that functions return
    reasons |= set(dialect.REASONS.values()) | set(parameters.REASONS.values())
    explained = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "proxy.md").read_text()))
    assert len(reasons) > 40
    assert reasons <= explained
