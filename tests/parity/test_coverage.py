"""The scenarios play every row of docs/drop-in.md, both ways round, and there are enough of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.parity.rules import RANKED, VOLATILE
from tests.parity.scenario import scenarios

ROOT = Path(__file__).parents[2]
ALL, ENGAGED = 150, 90
ONE_WAY = {"other paths": "passes"}
"""Rows in which nothing can engage."""
ELSEWHERE = {"a client that hangs up": ("tests/proxy/test_passthrough.py", "test_a_client_that_hangs_up")}
"""Rows that a comparison of two answers cannot show, and the tests that do."""


def rows() -> list[str]:
    """The features of the table in docs/drop-in.md."""
    table = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "drop-in.md").read_text(), re.MULTILINE)
    return table[1:]


def test_there_are_enough_of_them() -> None:
    fates = Counter(s.engine for s in scenarios())
    assert fates.total() >= ALL
    assert fates["engages"] >= ENGAGED


def test_every_one_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(s.id for s in scenarios()).items() if count > 1] == []


def test_every_row_is_played_both_ways_round() -> None:
    played = {(s.row, s.engine) for s in scenarios()}
    assert {row for row, _ in played} == set(rows()) - ELSEWHERE.keys()
    missing = {(row, fate) for row in rows() for fate in ("engages", "passes")} - played
    assert missing == {
        (row, fate)
        for row in rows()
        for fate in ("engages", "passes")
        if row in ELSEWHERE or (row in ONE_WAY and fate != ONE_WAY[row])
    }


def test_what_is_shown_elsewhere_is_there() -> None:
    for file, name in ELSEWHERE.values():
        assert f"def {name}" in (ROOT / file).read_text()


def test_every_allowed_difference_has_a_rule() -> None:
    used = {name for s in scenarios() for step in s.played for name in s.allowed(step)}
    assert used <= VOLATILE.keys() | RANKED.keys()
    assert used >= VOLATILE.keys() | RANKED.keys()
