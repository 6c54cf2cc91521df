"""An index's own readings, ordered by published weights."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ltrr_opensearch.hypotheses.features import Level
from ltrr_opensearch.hypotheses.model import DomainWeights, Weights
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.types import NAME, TYPE, Asker, Reading, SearchRequest, SlotValue
from ltrr_opensearch.understand.hypotheses import reranked, utterance_of

AT = datetime(2026, 1, 1, 22, tzinfo=UTC)
REQUEST = SearchRequest("q1", "shop", "love", {}, (), (), (), 10, 0, Asker(device="tv"), None, AT)
NEGATED = SlotValue("genre", "Love", 0, 1, 0.3, negated=True)
GENRE = Reading((SlotValue("genre", "Love", 0, 1, 0.6),), "", 0.6)
ARTIST = Reading((SlotValue("artist", "Love", 0, 1, 0.3),), "", 0.3)
TEXT = Reading((), "love", 0.1)


def weighing(**intents: float) -> Reranker:
    """Logarithms of scores by intent."""
    of = Weights("combined", {f"intent={intent}": value for intent, value in intents.items()})
    return Reranker({"shop": DomainWeights("shop", dict.fromkeys(Level, of))}, home="shop")


def test_likelihoods_are_those_of_the_weights_and_sum_to_at_most_1() -> None:
    found = reranked((GENRE, ARTIST, TEXT), REQUEST, "love", weighing(artist=3.0, genre=2.0, text=-3.0))
    assert [r.slots for r in found] == [ARTIST.slots, GENRE.slots, ()]
    assert sum(r.likelihood for r in found) == pytest.approx(1)
    assert found[0].likelihood == pytest.approx(0.953 / (0.953 + 0.881 + 0.047), abs=1e-3)
    small = reranked((GENRE, TEXT), REQUEST, "love", weighing(genre=-2.0, text=-3.0))
    assert [r.likelihood for r in small] == [pytest.approx(0.119, abs=1e-3), pytest.approx(0.047, abs=1e-3)]


def test_what_is_not_wanted_is_another_claim_than_what_is() -> None:
    unwanted = Reading((NEGATED,), "", 0.2)
    found = utterance_of((GENRE, unwanted), REQUEST, "love", "shop")
    assert [h.slots[0].value for h in found.hypotheses] == ["Love", "not Love"]
    twice = replace(GENRE, slots=(replace(GENRE.slots[0], start=1, end=2),))
    ordered = reranked((GENRE, twice, unwanted, TEXT), REQUEST, "love", weighing(genre=3.0, text=3.0))
    assert sum(r.likelihood for r in ordered) == pytest.approx(1)


def test_without_weights_of_the_index_nothing_changes() -> None:
    of_another = replace(weighing(artist=3.0), home="books")
    for reranker in (Reranker(), of_another):
        assert reranked((GENRE, ARTIST, TEXT), REQUEST, "love", reranker) == (GENRE, ARTIST, TEXT)
    assert reranked((), REQUEST, "", weighing()) == ()


def test_the_intent_is_the_set_of_fields_and_the_context_the_askers() -> None:
    two = Reading((*GENRE.slots, SlotValue("artist", "x", 1, 2, 0.2)), "", 0.1)
    berlin = replace(REQUEST, asker=replace(REQUEST.asker, time_zone="Europe/Berlin"))
    found = utterance_of((two, TEXT), berlin, "love x", "shop")
    assert [h.intent for h in found.hypotheses] == ["artist+genre", "text"]
    assert (found.context.device, found.context.hour) == ("tv", 23)
    assert utterance_of((two,), REQUEST, "love x", "shop").context.hour is None


def test_names_are_told_by_their_type_and_words_for_types_as_values() -> None:
    name = SlotValue("title", "Love", 0, 1, 0.6, kind=NAME, entity="playlist")
    word = SlotValue("kind", "playlist", 1, 2, 0.5, kind=TYPE, entity="playlist")
    (found,) = utterance_of((Reading((name, word), "", 0.5, "playlist"),), REQUEST, "love list", "shop").hypotheses
    assert found.intent == "kind+playlist"
    assert [(slot.name, slot.value) for slot in found.slots] == [("playlist", "Love"), ("kind", "playlist")]


def test_readings_that_claim_the_same_share_its_likelihood_as_before() -> None:
    short = Reading((replace(ARTIST.slots[0], end=2),), "", 0.1)
    ordered = reranked((GENRE, ARTIST, short, TEXT), REQUEST, "love", weighing(artist=3.0, genre=-3.0, text=-3.0))
    assert [r.slots for r in ordered[:2]] == [ARTIST.slots, short.slots]
    assert ordered[0].likelihood == pytest.approx(3 * ordered[1].likelihood)
    assert ordered[0].likelihood + ordered[1].likelihood == pytest.approx(0.953 / (0.953 + 2 * 0.047), abs=1e-3)


def test_a_type_called_like_a_field_is_another_claim() -> None:
    named = Reading((SlotValue("title", "Love", 0, 1, 0.6, kind=NAME, entity="genre"),), "", 0.3, "genre")
    found = utterance_of((GENRE, named, TEXT), REQUEST, "love", "shop").hypotheses
    assert [slot.value for one in found for slot in one.slots] == ["Love", "genre called Love"]
    ordered = reranked((GENRE, named, TEXT), REQUEST, "love", weighing(genre=3.0, text=-3.0))
    assert ordered[0].likelihood == pytest.approx(ordered[1].likelihood), "each is as likely as what is filled alike"
    (alone,) = utterance_of((named,), REQUEST, "love", "shop").hypotheses
    assert alone.slots[0].value == "Love"
