"""Where a rule put a document, people's clicks say nothing of what ranked the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from ltrr_opensearch.learn import reward
from ltrr_opensearch.learn.dataset import dataset_from_rounds
from ltrr_opensearch.learn.join import rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import BOOST, BURY, PIN, Decision, Event, Round, Ruled
from tests.learn.synthetic import decision

NAMES = ("plans.fused", "lexical.reciprocal_rank")


def ruled(action: str, place: int) -> Decision:
    """A search of which a rule had moved one document to a place of the page, from 1."""
    one = decision(1)
    key = one.candidates[place - 1].key
    return replace(one, rules=("sale",), ruled=(Ruled("sale", action, key, place, 9),))


def clicked(one: Decision, *places: int) -> Round:
    at = one.at + timedelta(seconds=5)
    events = [
        Event(one.query_id, at, "click", one.candidates[place - 1].key.id, place, one.asker.user, one.asker.session)
        for place in places
    ]
    (made,) = rounds([(one, events)], LearnSettings(), Counter())
    return made


def test_a_click_on_a_pinned_document_is_no_gain_and_its_search_has_not_failed() -> None:
    one = clicked(ruled(PIN, 2), 2)
    assert (dict(one.gains), one.loss, one.failed) == ({}, 0.0, False)
    both = clicked(ruled(PIN, 2), 2, 3)
    assert set(both.gains) == {both.decision.candidates[2].key.id}


def test_without_rules_it_is_a_gain() -> None:
    assert clicked(decision(1), 2).gains


def test_a_pinned_document_is_neither_judged_nor_a_row_to_learn_from() -> None:
    one = clicked(ruled(PIN, 2), 1, 2)
    pinned = one.decision.candidates[1].key.id
    assert [place for place, *_ in reward.looked_at(one)][:2] == [0, 2], "the others keep the places that people saw"
    assert pinned not in {j.id for j in judgments_from_clicks([one]).judgments}
    assert len(dataset_from_rounds([one], NAMES, ()).rows) == len(one.decision.candidates) - 1


def test_that_people_were_not_shown_what_was_sunk_says_nothing() -> None:
    one = clicked(ruled(BURY, 20), 1)
    assert len(dataset_from_rounds([one], NAMES, ()).rows) == len(one.decision.candidates) - 1


def test_what_was_lifted_is_judged_where_it_was_seen() -> None:
    one = clicked(ruled(BOOST, 1), 1)
    lifted = one.decision.candidates[0].key.id
    assert one.gains[lifted] > 0
    assert lifted in {j.id for j in judgments_from_clicks([one]).judgments}
