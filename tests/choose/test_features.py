"""Every feature that is emitted is declared, in its group; every declared one is emitted by some search."""

from dataclasses import replace
from math import isfinite
from typing import get_args

import pytest

from ltrr_opensearch.choose.action import action_features
from ltrr_opensearch.choose.context import context_features
from ltrr_opensearch.choose.features import ACTION, CONTEXT, GROUPS, Declared
from ltrr_opensearch.choose.rarity import rarity
from ltrr_opensearch.choose_settings import ChooseSettings, FeatureGroup
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.types import Features, Reading
from tests.choose.histories import ASKER, AT, BRAND, KNOWN, VALUES, analyzed, plan

TERMS = Terms({"acme": 4}, 10)
WINTER = AT.replace(month=12, day=20)
QUERIES = (
    analyzed("acme", VALUES),
    analyzed("acme 4k tv", Reading((BRAND,), "4k tv", 0.7, "tv"), asker=ASKER, at=WINTER),
)


def contexts(groups: tuple[str, ...] = GROUPS) -> list[Features]:
    """With what `Serving.draw` adds of the words to the group `text`."""
    words = [rarity(q.tokens, TERMS) if "text" in groups else {} for q in QUERIES]
    return [
        {**context_features(q, KNOWN, q.request.at, "u1", groups), **w} for q, w in zip(QUERIES, words, strict=True)
    ]


def actions(groups: tuple[str, ...] = GROUPS) -> list[Features]:
    plans = [plan("knn", similarity=0.5), plan("new")]
    return [told for q in QUERIES for told in action_features(plans, q, KNOWN, "u1", groups)]


def is_of(name: str, declared: Declared) -> bool:
    if declared.name.endswith(("=", "_")):
        return name.startswith(declared.name)
    return name == declared.name


@pytest.mark.parametrize(("emitted", "declared"), [(contexts, CONTEXT), (actions, ACTION)])
@pytest.mark.parametrize("group", GROUPS)
def test_a_group_emits_what_is_declared_for_it_and_nothing_else(emitted, declared, group: str) -> None:  # type: ignore[no-untyped-def]
    names = {name for one in emitted((group,)) for name in one}
    mine = [d for d in declared if d.group == group]
    assert [n for n in names if not any(is_of(n, d) for d in mine)] == []
    assert [d.name for d in mine if not any(is_of(n, d) for n in names)] == []


@pytest.mark.parametrize("emitted", [contexts, actions])
def test_numbers_are_finite_and_small(emitted) -> None:  # type: ignore[no-untyped-def]
    assert all(isfinite(value) and 0 <= value <= 2 for one in emitted() for value in one.values())


def test_names_are_declared_once() -> None:
    for declared in (CONTEXT, ACTION):
        names = [d.name for d in declared]
        assert len(set(names)) == len(names)


def test_settings_know_the_groups() -> None:
    assert {d.group for d in (*CONTEXT, *ACTION)} == set(get_args(FeatureGroup))
    with pytest.raises(ValueError, match="features"):
        ChooseSettings.model_validate({"features": ["moon"]})


def test_without_a_person_nothing_of_a_person_is_told() -> None:
    nobody = replace(ASKER, user=None)
    told = context_features(analyzed("acme", VALUES, asker=nobody), KNOWN, AT, None)
    assert not [name for name in told if name.startswith("user_")]
