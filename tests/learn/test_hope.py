"""Whether deeper questions keep their promise: told from draws by chance, whatever queries people give up on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.knowledge.outcomes import Acted, Found, Hope, Lost, Outcome, Outcomes
from ltrr_opensearch.learn.hope import ENTITIES, Told, hoped
from ltrr_opensearch.learn.outcomes import updated
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import DocKey
from ltrr_opensearch.types import Found as At
from ltrr_opensearch.types import Outcome as PlanOutcome
from tests.learn.synthetic import LADDER, START, decision

LEARN = LearnSettings()
SHALLOW, DEEP = LADDER[1], LADDER[3]


def search(number: int, *, keeps: bool) -> Round:
    """Half of the people want what a strategy has first, and find it; the others something of their own.

    That stands 120 deep, if the promise is kept; else it is nowhere. Both depths are drawn alike.
    """
    chance = Random(number)
    query = "deep" if keeps else "nowhere"
    one = replace(decision(0, seed=1), query_id=f"q{number}", normalized=query, at=START + timedelta(seconds=number))
    depth, usual = chance.choice((SHALLOW, DEEP)), chance.random() < 0.5
    lexical = one.slots[1]._replace(depth=depth, pmf=(0.0, 0.5, 0.0, 0.5), probability=0.5, outcome=PlanOutcome.OK)
    found = {"usual": 1} | ({f"own {number}": 120} if keeps and depth == DEEP else {})
    candidates = tuple(CandidateRecord(DocKey("shop-1", id), (At("lexical", r, 1 / r),)) for id, r in found.items())
    gains = {id: 1.0 for id in found if (id == "usual") == usual}
    return Round(replace(one, slots=(lexical,), candidates=candidates, shown=len(candidates)), gains)


def learned(count: int, kept: float) -> Outcomes:
    """A share of the searches is of a query that keeps what is promised."""
    rounds = [search(n, keeps=n % 100 < 100 * kept) for n in range(count)]
    return updated(Outcomes(), rounds, LADDER, LEARN)


def test_a_promise_is_believed_before_anything_is_known() -> None:
    assert Hope().kept == 1.0


def test_what_is_never_kept_is_not_believed_for_long() -> None:
    """A tenth is kept; two standard errors more are believed, fewer as the searches become more."""
    assert learned(3000, 0.1).hope.kept < 0.3


def test_what_is_kept_stays_believed() -> None:
    assert learned(1000, 1.0).hope.kept > 0.5


def test_without_pages_nobody_gives_up() -> None:
    rounds = [replace(one, decision=replace(one.decision, shown=0)) for one in map(_kept, range(50))]
    assert updated(Outcomes(), rounds, LADDER, LEARN).hope == Hope()


def _kept(number: int) -> Round:
    return search(number, keeps=True)


def test_the_best_of_what_was_acted_upon_counts_in_whatever_order_it_is_kept() -> None:
    """The best is kept first and stored by name, so that it may come behind many that were wanted once."""
    once = {f"own {n}": Acted(0.1, 5.0, {"lexical": 120}) for n in range(ENTITIES)}
    best = {"usual": Acted(9.0, 9.0, {"lexical": 1})}
    lost = (Lost(3.0, {"lexical": SHALLOW}),)
    first, last = (Outcome((0.0,), 10.0, 7.0, START, some, lost) for some in ({**best, **once}, {**once, **best}))
    one, shares = search(0, keeps=True), {"lexical": Found((0.0, 9.0, 9.0, 9.0), (0.0, 3.0, 4.0, 6.0))}
    before = Outcomes(shares=shares)
    assert hoped(before, [Told(first, one, shares)]) == hoped(before, [Told(last, one, shares)])


def test_the_best_are_those_that_weigh_most_and_not_those_of_the_highest_rate() -> None:
    """What was acted upon once, and is hardly likely wanted, explains no action."""
    best = {f"d{n}": Acted(3.0, 9.0, {"lexical": 1 + n}) for n in range(ENTITIES)}
    doubtful = {f"a{n}": Acted(1.0, 1.0, {"lexical": 120}, odds=1e-6) for n in range(ENTITIES)}
    without = Outcome((0.0,), 10.0, 7.0, START, best, (Lost(3.0, {"lexical": SHALLOW}),))
    shares = {"lexical": Found((0.0, 9.0, 9.0, 9.0), (0.0, 3.0, 4.0, 6.0))}
    before = Outcomes(shares=shares, liking=Liking(Kind(900, 1000, 30), Kind(300, 500, 250)))
    one = search(0, keeps=True)
    with_both = replace(without, entities={**doubtful, **best})
    assert hoped(before, [Told(with_both, one, shares)]) == hoped(before, [Told(without, one, shares)])


def test_a_query_of_which_nothing_is_left_promises_nothing() -> None:
    """After so many half-lives that no number holds what is left."""
    days = timedelta(days=1)
    ends = ((0, 1.0), (1, None), (1100, None))
    rounds = [_kept(n) for n in range(3)]
    made = [
        replace(one, decision=replace(one.decision, at=START + after * days), gains={"usual": gain} if gain else {})
        for one, (after, gain) in zip(rounds, ends, strict=True)
    ]
    assert updated(Outcomes(), made, LADDER, LearnSettings(memory_half_life_days=1)).hope == Hope()


@pytest.mark.parametrize("kept", [0.0, 1.0])
def test_it_is_stored(kept: float) -> None:
    outcomes = replace(learned(50, 1.0), hope=Hope(kept, 1.0))
    assert Outcomes.from_bytes(outcomes.to_bytes()) == outcomes


def test_searches_that_are_worked_out_together_say_what_each_says_alone() -> None:
    """To the last bit, whatever their shapes: some have entities, some lost searches alone, some no slot."""
    shares = {"lexical": Found((0.0, 9.0, 9.0, 9.0), (0.0, 3.0, 4.0, 6.0))}
    told = []
    for n in range(300):
        entities = {f"own {i}": Acted(0.1 * i, 5.0, {"lexical": 40 * i}) for i in range(n % 13)}
        lost = tuple(Lost(1.0 + i, {"lexical": depth}) for i, depth in enumerate(LADDER[1 : 2 + n % 3]))
        one = search(n, keeps=n % 2 == 0)
        one = one if n % 7 else replace(one, decision=replace(one.decision, slots=()))
        told.append(Told(Outcome((0.0,), 10.0, 7.0, START, entities, lost), one, shares))
    alone = Hope()
    for each in told:
        alone = hoped(Outcomes(shares=shares, hope=alone), [each])
    assert hoped(Outcomes(shares=shares), told) == alone
