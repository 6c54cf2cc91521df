"""What a slot is paid, beside the plain definition: the search valued at whole actions, one for each rung."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, known_rungs, price
from ltrr_opensearch.learn.credit import labelled, labelled_alone
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import DocKey, Found
from tests.worlds import searches, serve

LADDER = Settings().choose.ladder
BASE = serve(searches(1, 1)[0], Uniform(), Settings()).decision
PLANS = [slot.plan for slot in BASE.slots]
LEARN = LearnSettings(price_per_candidate=0.001, price_per_plan=0.003, price_per_ms=0.0001)
OBJECTS = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(
        st.sampled_from([0.3, 0.5, 1.0]), st.dictionaries(st.sampled_from([*PLANS, "fresh"]), st.integers(1, 250))
    ),
    max_size=3,
)


def made(depths: tuple[int, ...], objects: dict[str, tuple[float, dict[str, int]]], loss: float) -> Round:
    slots = tuple(
        s._replace(depth=d, feasible=(True,) * 4, pmf=(0.1, 0.2, 0.3, 0.4))
        for s, d in zip(BASE.slots, depths, strict=True)
    )
    candidates = tuple(
        CandidateRecord(DocKey("shop", id), tuple(Found(plan, rank, 1.0) for plan, rank in at.items()))
        for id, (_, at) in objects.items()
    )
    gains = {id: gain for id, (gain, _) in objects.items()}
    return Round(replace(BASE, slots=slots, candidates=candidates), gains, 0.0 if gains else loss)


@given(st.tuples(*[st.sampled_from(LADDER)] * len(PLANS)), OBJECTS, st.sampled_from([0.0, -0.2]))
@settings(max_examples=200)
def test_labels_are_differences_of_whole_actions(
    depths: tuple[int, ...], objects: dict[str, tuple[float, dict[str, int]]], loss: float
) -> None:
    one = made(depths, objects, loss)
    slots, drawn = one.decision.slots, dict(zip(PLANS, depths, strict=True))
    found = gained(one)
    for place, ((_, to_go), (_, own)) in enumerate(zip(labelled(one, LEARN), labelled_alone(one, LEARN), strict=True)):
        slot = slots[place]
        rungs = list(known_rungs(slot, LADDER))
        assert [label.rung for label in to_go] == [label.rung for label in own] == rungs
        worth = [found_gain(found, drawn | {slot.plan: LADDER[r]}) + one.loss for r in rungs]
        prices = [price(slot, LADDER[r], LEARN) for r in rungs]
        before = found_gain(found, dict(list(drawn.items())[:place]))
        later = sum(price(s, s.depth, LEARN) for s in slots[place + 1 :])
        rest = found_gain(found, drawn | {slot.plan: 0})
        assert [label.reward for label in to_go] == pytest.approx(
            [w - p - before - later for w, p in zip(worth, prices, strict=True)]
        )
        assert [label.reward for label in own] == pytest.approx(
            [w - p - rest for w, p in zip(worth, prices, strict=True)]
        )
