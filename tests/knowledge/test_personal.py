"""What a person did is remembered for that person, for like queries, as far as it is recent, and for nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.personal import MOST_PAIRS, PersonalMemory
from ltrr_opensearch.logged import HIDDEN, Round
from ltrr_opensearch.types import Asker
from tests.learn.synthetic import START, decision

HALF_LIFE = 10.0
ANN, BOB = Asker(user="ann"), Asker(client="bob")


def acted(query: str, id: str, asker: Asker = ANN, days: float = 0.0, gain: float = 1.0) -> Round:
    one = replace(decision(0), normalized=query, asker=asker, at=START + timedelta(days=days))
    return Round(one, {id: gain})


def remembering(*rounds: Round, most: int = 100) -> PersonalMemory:
    return PersonalMemory().updated(rounds, HALF_LIFE, most)


def found(memory: PersonalMemory, person: str | None, query: str) -> dict[str, float]:
    return {one.id: one.score for one in memory.of(person, query)}


def test_what_somebody_did_is_found_for_the_same_words_and_by_nobody_else() -> None:
    memory = remembering(acted("red shoes", "a"), acted("red shoes", "b", BOB))
    assert found(memory, "ann", "red shoes") == {"a": 0.5}
    assert found(memory, "ann", "shoe red") == {"a": 0.5}, "whatever their order and number"
    assert found(memory, "bob", "red shoes") == {"b": 0.5}
    assert found(memory, "cleo", "red shoes") == found(memory, None, "red shoes") == {}


def test_a_query_without_words_finds_nothing() -> None:
    assert remembering(acted("red shoes", "a")).of("ann", "") == ()


def test_queries_of_mostly_the_same_words_count_less_and_others_not() -> None:
    memory = remembering(acted("red shoes", "a"))
    assert found(memory, "ann", "red shoes leather") == {"a": pytest.approx(0.5 * 2 / 3)}
    assert found(memory, "ann", "red boots leather") == {}


def test_acting_again_counts_more_and_age_less() -> None:
    memory = remembering(acted("x", "often"), acted("x", "often"), acted("x", "once"))
    assert found(memory, "ann", "x") == {"often": pytest.approx(2 / 3), "once": 0.5}
    later = memory.updated([acted("y", "new", days=HALF_LIFE)], HALF_LIFE, 100)
    assert found(later, "ann", "x")["once"] == pytest.approx(0.5 / 1.5)
    assert [one.id for one in later.of("ann", "x")] == ["often", "once"]
    assert found(later.updated([acted("y", "new", days=10 * HALF_LIFE)], HALF_LIFE, 100), "ann", "x") == {}


def test_in_two_runs_as_in_one() -> None:
    rounds = [acted(f"q{n % 3}", f"d{n % 2}", (ANN, BOB)[n % 2], days=n) for n in range(8)]
    at_once, twice = remembering(*rounds), remembering(*rounds[:5]).updated(rounds[5:], HALF_LIFE, 100)
    assert twice.as_of == at_once.as_of
    for person in ("ann", "bob"):
        for query in ("q0", "q1", "q2"):
            assert found(twice, person, query) == pytest.approx(found(at_once, person, query))


def test_what_is_kept_is_bounded() -> None:
    busy = [acted(f"query {n}", f"d{n}", days=n / 100) for n in range(MOST_PAIRS + 5)]
    memory = remembering(*busy, acted("x", "b", BOB), most=1)
    assert set(memory.people) == {"ann"}, "who did most lately"
    assert len(memory.people["ann"]) == MOST_PAIRS
    assert remembering(*busy, most=0).people == {}
    assert memory.updated([], HALF_LIFE, 0).people == {}, "kept no longer than it is wanted"


def test_queries_that_the_log_hides_and_people_without_a_name_are_not_remembered() -> None:
    nameless, session = acted("x", "a", Asker()), acted("x", "a", Asker(session="s"))
    assert not remembering(acted(f"{HIDDEN}17", "a"), nameless, session)


def test_objects_go_by_the_name_that_events_use() -> None:
    one = acted("x", decision(0).candidates[0].key.id)
    named = tuple(c._replace(object_id=f"sku-{c.key.id}") for c in one.decision.candidates)
    memory = remembering(replace(one, decision=replace(one.decision, candidates=named)))
    assert list(found(memory, "ann", "x")) == [f"sku-{named[0].key.id}"]


def test_read_out_and_forgotten() -> None:
    memory = remembering(acted("red shoes", "a"), acted("x", "b", BOB))
    assert memory.told("ann") == {"acted_upon": [{"words": "red shoe", "id": "a", "gain": 1.0}]}
    without = memory.forgetting("ann")
    assert without.told("ann") is None
    assert without.told("bob") == memory.told("bob")


def test_bytes_and_back() -> None:
    memory = remembering(acted("red shoes", "a"), acted("x", "b", BOB, days=2))
    assert PersonalMemory.from_bytes(memory.to_bytes()) == memory
    with pytest.raises(ModelError, match="ltrr learn policy"):
        PersonalMemory.from_bytes(b"no")
