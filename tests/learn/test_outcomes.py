"""What is remembered of queries fades with their searches; what nobody has any more is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ltrr_opensearch.choose.worth import acted_weights
from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.knowledge.outcomes import Acted, Outcomes
from ltrr_opensearch.learn.clicks.models import MODULES
from ltrr_opensearch.learn.folding import OWN_HALF_LIFE
from ltrr_opensearch.learn.outcomes import updated
from ltrr_opensearch.learn.shares import HALF_LIFE as SHARES_HALF_LIFE
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import DocKey, Found
from tests.learn.clicks import decision as searched
from tests.learn.synthetic import LADDER, START, decision, decisions, wanted

LEARN = LearnSettings()
QUERY = "query 0"


def asked(count: int, *, acted: bool = True, gone: bool = False, since: int = 0) -> list[Round]:
    """Searches of one query, all strategies deep enough; `gone`: what was wanted is nowhere any more."""
    rounds = []
    for n in range(since, since + count):
        one = replace(decision(0, seed=1), query_id=f"q{n}", at=START + timedelta(seconds=n))
        slots = tuple(slot._replace(depth=LADDER[-1]) for slot in one.slots)
        there = decision(0, seed=3).candidates if gone else one.candidates
        kept = tuple(c for c in there if not gone or c.key.id != wanted(QUERY))
        one = replace(one, slots=slots, candidates=kept, shown=0)
        rounds.append(Round(one, {wanted(QUERY): 1.0} if acted else {}))
    return rounds


def of_wanted(outcomes: Outcomes) -> Acted:
    return outcomes.queries[QUERY].entities[wanted(QUERY)]


def test_older_examinations_count_half() -> None:
    outcomes = updated(Outcomes(), asked(1), LADDER, LEARN)
    later = updated(outcomes, asked(OWN_HALF_LIFE, acted=False, since=1), LADDER, LEARN)
    assert of_wanted(later).gain == pytest.approx(of_wanted(outcomes).gain / 2, rel=0.01)


def test_what_is_not_shown_keeps_what_is_known_of_it() -> None:
    """As where a policy asks less: that nobody acts on what is not there says nothing of what people want."""
    outcomes = updated(Outcomes(), [page(n, wanted(QUERY), clicked=True) for n in range(5)], LADDER, LEARN)
    elsewhere = updated(outcomes, [page(n, "other", clicked=True, depth=10) for n in range(5, 45)], LADDER, LEARN)
    assert of_wanted(elsewhere).rate == pytest.approx(of_wanted(outcomes).rate, rel=1e-3)


def test_an_empty_page_shows_nothing() -> None:
    """As where nothing was asked, or somebody went beyond the last page."""
    outcomes = updated(Outcomes(), [page(n, wanted(QUERY), clicked=True) for n in range(5)], LADDER, LEARN)
    empty = [page(n, clicked=False, depth=0) for n in range(5, 45)]
    beyond = [page(n, wanted(QUERY), clicked=False, page=False) for n in range(5, 45)]
    beyond = [replace(one, decision=replace(one.decision, offset=50)) for one in beyond]
    for rounds in (empty, beyond):
        after = updated(outcomes, rounds, LADDER, LEARN)
        assert of_wanted(after).rate == pytest.approx(of_wanted(outcomes).rate, rel=1e-3)


def test_what_is_shown_and_passed_over_falls() -> None:
    outcomes = updated(Outcomes(), [page(n, wanted(QUERY), clicked=True) for n in range(5)], LADDER, LEARN)
    passed = updated(outcomes, [page(n, wanted(QUERY), clicked=False) for n in range(5, 45)], LADDER, LEARN)
    assert of_wanted(passed).rate < of_wanted(outcomes).rate / 3


def test_what_nobody_acts_on_any_more_is_forgotten_and_not_that_it_was_searched_for() -> None:
    outcomes = updated(Outcomes(), asked(2), LADDER, LEARN)
    later = updated(outcomes, asked(200, acted=False, since=2), LADDER, LEARN).queries[QUERY]
    assert not later.entities
    assert later.searches < 0.01
    assert sum(kind.weight for kind in later.lost) == pytest.approx(later.asked, rel=0.01)


def test_a_query_that_was_searched_for_in_vain_is_remembered_until_it_fades() -> None:
    """Else those that are left would tell of new queries that all goes well."""
    vain = updated(Outcomes(), [page(n, "other", clicked=False) for n in range(3)], LADDER, LEARN)
    assert sum(kind.weight for kind in vain.queries[QUERY].lost) == pytest.approx(3, rel=0.1)
    once = page(3, "other", clicked=True)
    long_after = once.decision.at + timedelta(days=10 * LEARN.memory_half_life_days)
    later = updated(vain, [replace(once, decision=replace(once.decision, at=long_after))], LADDER, LEARN)
    assert not later.queries[QUERY].lost


def test_a_first_action_proves_little_where_many_had_searched_in_vain() -> None:
    vain = updated(Outcomes(), [page(n, wanted(QUERY), clicked=False) for n in range(9)], LADDER, LEARN)
    first = updated(vain, [page(9, wanted(QUERY), clicked=True)], LADDER, LEARN)
    assert of_wanted(first).examined == pytest.approx(8.7, rel=0.05)


def test_the_most_asked_queries_are_kept_whether_somebody_acted_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked long ago counts as little as its searches do by now."""
    monkeypatch.setattr("ltrr_opensearch.learn.outcomes.QUERIES", 2)

    def of(query: str, number: int, *, clicked: bool, days: float = 0.0) -> Round:
        one = page(number, wanted(QUERY), clicked=clicked)
        at = one.decision.at - timedelta(days=days)
        return replace(one, decision=replace(one.decision, normalized=query, at=at))

    rounds = [
        *(of("in vain", n, clicked=False) for n in range(3)),
        *(of("acted upon", n, clicked=True) for n in range(3, 5)),
        of("once", 5, clicked=True),
        *(of("long ago", n, clicked=True, days=5 * LEARN.memory_half_life_days) for n in range(6, 11)),
    ]
    assert set(updated(Outcomes(), rounds, LADDER, LEARN).queries) == {"in vain", "acted upon"}


def test_what_left_the_index_goes_faster() -> None:
    outcomes = updated(Outcomes(), asked(10), LADDER, LEARN)
    still, gone = (
        updated(outcomes, asked(4, acted=False, gone=gone, since=10), LADDER, LEARN) for gone in (False, True)
    )
    left = gone.queries[QUERY].entities.get(wanted(QUERY)) if QUERY in gone.queries else None
    assert left is None or left.gain < of_wanted(still).gain / 4


def test_what_is_gone_is_not_looked_for_further_down_until_it_is_found_again() -> None:
    """As where it left the index, or where somebody's filter hides it."""
    there = updated(Outcomes(), asked(10), LADDER, LEARN)
    gone = updated(there, asked(1, acted=False, gone=True, since=10), LADDER, LEARN)
    back = updated(gone, asked(1, since=11), LADDER, LEARN)
    one = gone.queries[QUERY]
    weights = dict(zip(one.entities, acted_weights(one, gone), strict=True))
    assert of_wanted(gone).gone
    assert weights[wanted(QUERY)] == 0
    assert Outcomes.from_bytes(gone.to_bytes()) == gone
    assert not of_wanted(back).gone
    assert of_wanted(back).gain > 0.4 * of_wanted(there).gain


def test_what_was_near_the_depth_asked_may_stand_behind_it_now() -> None:
    first = updated(Outcomes(), [page(0, wanted(QUERY), clicked=True, depth=10)], LADDER, LEARN)
    behind = updated(first, [page(1, "other", clicked=True, depth=10)], LADDER, LEARN)
    assert not of_wanted(behind).gone


def test_a_batch_that_cannot_tell_chance_from_liking_keeps_what_was_known() -> None:
    known = replace(Outcomes(), liking=Liking(Kind(9, 9, 1), Kind(3, 3, 2)))
    quiet = [Round(one, {}) for one in decisions(5)]
    assert updated(known, quiet, LADDER, LEARN).liking == known.liking


def page(number: int, *ids: str, clicked: bool, chance: float = 1.0, depth: int = 200, page: bool = True) -> Round:
    """Hits of one strategy, the last as deep as it was asked, which it is with a chance; the first is clicked."""
    one = replace(decision(0, seed=1), query_id=f"page {number}", at=START + timedelta(seconds=number))
    pmf = tuple(chance if rung == depth else (1 - chance) * (rung == 0) for rung in LADDER)
    slots = tuple(slot._replace(depth=depth, pmf=pmf, probability=chance) for slot in one.slots)
    found = tuple(
        CandidateRecord(DocKey("shop-1", id), (Found("lexical", depth - n, 1.0),)) for n, id in enumerate(ids)
    )
    shown = replace(one, slots=slots, candidates=found, shown=len(ids) if page else 0)
    return Round(shown, {ids[0]: 1.0} if clicked else {})


@pytest.mark.parametrize(("chance", "examined"), [(1.0, 8.7), (0.25, 3.1), (0.001, 1.009)])
def test_what_is_seldom_drawn_was_seldom_looked_at(chance: float, examined: float) -> None:
    """Nine searches without it went before; how many of them showed it goes by its chance, older ones count less."""
    known = updated(Outcomes(), [page(n, "other", clicked=True) for n in range(9)], LADDER, LEARN)
    first = updated(known, [page(9, wanted(QUERY), clicked=True, chance=chance)], LADDER, LEARN)
    assert of_wanted(first).examined == pytest.approx(examined, rel=0.05)


def test_a_click_after_many_searches_proves_as_little_as_they_passed_it_over() -> None:
    """What the query's searches of late amount to ends at 29; that of all its searches does not."""
    known = updated(Outcomes(), [page(n, "other", clicked=True) for n in range(400)], LADDER, LEARN)
    first = updated(known, [page(400, wanted(QUERY), clicked=True, chance=0.1)], LADDER, LEARN)
    # forty examinations, of which the older half counts for less
    assert of_wanted(first).examined == pytest.approx(1 + (1 - 0.5 ** (40 / OWN_HALF_LIFE)) / 0.03466, rel=0.05)


def test_searches_of_long_ago_passed_nothing_over_that_is_new() -> None:
    """What was searched twenty half-lives before says nothing of what stands there now."""
    known = updated(Outcomes(), [page(n, "other", clicked=True) for n in range(400)], LADDER, LEARN)
    late = page(400, wanted(QUERY), clicked=True)
    later = late.decision.at + timedelta(days=20 * LEARN.memory_half_life_days)
    first = updated(known, [replace(late, decision=replace(late.decision, at=later))], LADDER, LEARN)
    assert of_wanted(first).examined == pytest.approx(1, abs=0.01)


def test_how_often_the_good_was_not_known_yet_is_remembered_with_what_is_new() -> None:
    """What is clicked for the first time among much that was shown in vain is less likely wanted."""
    told = Liking(Kind(900, 1000, 30, 99), Kind(300, 500, 250, 9))
    before = replace(Outcomes(), liking=told)
    first = updated(before, [page(0, wanted(QUERY), clicked=True)], LADDER, LEARN)
    assert of_wanted(first).odds == pytest.approx(0.1)
    later = updated(replace(first, liking=Liking()), [page(1, wanted(QUERY), clicked=True)], LADDER, LEARN)
    assert of_wanted(later).odds == pytest.approx(0.1)
    assert Outcomes.from_bytes(later.to_bytes()) == later


def test_clicks_of_which_no_page_is_known_owe_nothing_to_the_draw() -> None:
    """Each search counts as an examination of all that is known."""
    both = ("d0", "d1")
    rounds = [page(n, *both[:: 1 if n % 2 else -1], clicked=True, chance=0.25, page=False) for n in range(10)]
    entities = updated(Outcomes(), rounds, LADDER, LEARN).queries[QUERY].entities
    assert [entities[id].rate for id in ("d0", "d1")] == pytest.approx([0.45, 0.45], abs=0.04)


def test_strategies_that_remember_queries_are_known_by_their_source() -> None:
    one = page(0, "d1", clicked=True)
    slots = tuple(s._replace(source="memory") if s.strategy == "knn" else s for s in one.decision.slots)
    outcomes = updated(Outcomes(), [replace(one, decision=replace(one.decision, slots=slots))], LADDER, LEARN)
    assert outcomes.remembering == {"knn"}
    assert Outcomes.from_bytes(outcomes.to_bytes()) == outcomes


def seen(number: int) -> list[Round]:
    """Of twenty documents a query has two that half of the people like who see them; the others hardly any."""
    rng = np.random.default_rng(number)
    rounds = []
    for n in range(600):
        shown = [f"d{i}" for i in rng.permutation(20)]
        gains = {id: 1.0 for id in shown if rng.random() < (0.5 if id in ("d0", "d1") else 0.02)}
        one = searched(f"q{n % 30}", 600 * number + n, shown, {}, 20)
        rounds.append(Round(replace(one, ladder=LADDER), gains))
    return rounds


def test_liking_is_learned_anew_with_each_batch_and_what_was_known_fades() -> None:
    first = updated(Outcomes(), seen(0), LADDER, LEARN)
    assert first.liking.wanted.documents == pytest.approx(60, rel=0.1)
    assert first.liking.wanted.fresh == first.liking.wanted.documents
    second = updated(first, seen(1), LADDER, LEARN).liking
    documents = second.wanted.documents + second.unwanted.documents
    assert documents == pytest.approx(600 * (1 + 0.5 ** (600 / SHARES_HALF_LIFE)))
    # what is wanted was acted upon in the first batch, so hardly any of it is fresh in the second
    assert second.wanted.fresh == pytest.approx(first.liking.wanted.fresh * 0.5 ** (600 / SHARES_HALF_LIFE), abs=2)


def test_what_was_looked_at_owes_nothing_to_the_click_model_of_grades() -> None:
    ways = (updated(Outcomes(), seen(0), LADDER, LEARN.model_copy(update={"click_model": name})) for name in MODULES)
    first, *others = ways
    assert all(one == first for one in others)


def test_where_little_is_good_far_down_people_are_not_taken_to_look_away() -> None:
    """They look at all twenty, and what is good stands on top but for what exploration moves."""
    rng, rounds = np.random.default_rng(1), []
    for n in range(1000):
        shown = [f"d{i}" for i in range(20)]
        if rng.random() < 0.4:
            place = int(rng.integers(20))
            shown[0], shown[place] = shown[place], shown[0]
        gains = {id: 1.0 for id in shown if rng.random() < (0.5 if id == "d0" else 0.02)}
        rounds.append(Round(replace(searched(f"q{n % 100}", n, shown, {}, 20), ladder=LADDER), gains))
    last = Round(replace(searched("last", 1000, shown, {}, 20), ladder=LADDER), {shown[15]: 1.0})
    outcomes = updated(Outcomes(), [*rounds, last], LADDER, LEARN)
    assert outcomes.queries["last"].entities[shown[15]].examined > 0.4
