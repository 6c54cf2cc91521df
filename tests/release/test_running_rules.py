from __future__ import annotations

from datetime import UTC, datetime

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.release.rules import Stored
from ltrr_opensearch.release.running_rules import RunningRules
from ltrr_opensearch.rule_settings import RuleSettings

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def rule(id: str, enabled: bool = True) -> RuleSettings:
    return RuleSettings.model_validate({"id": id, "exclude": {"ids": ["1"]}, "enabled": enabled})


class Stub:
    """What is stored for every index, or why it cannot be read."""

    def __init__(self) -> None:
        self.stored: Stored | Exception = Stored()
        self.read_whole = 0

    def version(self, index: str) -> str | None:
        if isinstance(self.stored, Exception):
            raise self.stored
        return self.stored.version

    def read(self, index: str) -> Stored:
        self.read_whole += 1
        assert isinstance(self.stored, Stored)
        return self.stored


def met(rules: RunningRules) -> list[str]:
    book = rules.current("shop")
    return [one.id for one in book.met_by("anything", NOW)] if book else []


def test_what_is_stored_comes_before_the_file_and_in_place_of_it() -> None:
    store = Stub()
    rules = RunningRules(store, {"shop": (rule("a"), rule("b"))}, 1.0)
    assert met(rules) == ["a", "b"]
    store.stored = Stored((rule("c"), rule("a", enabled=False)), (), "1.1")
    rules.refresh()
    assert met(rules) == ["c", "b"]
    store.stored = Unreachable("away")
    rules.refresh()
    assert met(rules) == ["c", "b"]
    store.stored = Stored()
    rules.refresh()
    assert met(rules) == ["a", "b"]


def test_a_document_is_read_only_where_it_has_changed() -> None:
    store = Stub()
    rules = RunningRules(store, {"shop": ()}, 1.0)
    for _ in range(3):
        rules.refresh()
    assert store.read_whole == 0
    assert rules.current("shop") is None, "a search asks nothing where there is no rule"
    store.stored = Stored((rule("a"),), (), "1.1")
    for _ in range(3):
        rules.refresh()
    assert store.read_whole == 1
    assert met(rules) == ["a"]


def test_what_is_no_rule_is_a_fault_and_the_others_hold() -> None:
    store = Stub()
    store.stored = Stored((rule("a"),), ("rule b: does nothing",), "1.1")
    rules = RunningRules(store, {"shop": ()}, 1.0)
    rules.refresh()
    assert met(rules) == ["a"]
    assert rules.faults == ["rule b: does nothing; it does not hold"]


async def test_it_reads_while_it_runs() -> None:
    store = Stub()
    store.stored = Stored((rule("a"),), (), "1.1")
    rules = RunningRules(store, {"shop": ()}, 60.0)
    async with rules.run():
        assert met(rules) == ["a"]
