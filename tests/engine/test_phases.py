"""What a client sees in each phase, on the real node: golden answers beside those without a learned policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ltrr_opensearch.logged import CONTROL, FAILED
from ltrr_opensearch.phase_settings import PHASES, PhaseName, PhaseSettings
from ltrr_opensearch.phased import in_phase
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Asker, Json, SearchRequest, Slot
from tests.engine.worlds import Backwards, Bench, bench, request_of, serving_of

TEXTS = ("red shoes", "canvas number")


class Erratic:
    """Draws what nobody would, to be seen at once where it acts."""

    name = "erratic"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        if slot.plan == "lexical":
            return (0.0, 0.0, 0.0, 1.0)
        return (1.0, 0.0, 0.0, 0.0)


class Raising(Erratic):
    def pmf(self, slot: Slot) -> tuple[float, ...]:
        raise RuntimeError("no model")


def serving(phase: PhaseName, policy: Any, **settings: Any) -> Serving:
    learned = serving_of(policy=policy, phase="apprentice", ranker=Backwards())
    return in_phase(learned, phase, PhaseSettings.model_validate(settings))


SAFE = serving_of(ranker=Backwards())


def asked(target: str) -> Iterator[SearchRequest]:
    for text in TEXTS:
        for user in ("ann", "bob"):
            for offset, size in ((0, 10), (10, 10)):
                yield replace(request_of(target, text, size, offset), asker=Asker(user=user))


@contextmanager
def serves(b: Bench, by: Serving) -> Iterator[None]:
    b.serving = by
    b.share(None)
    yield


async def answers(b: Bench, by: Serving, target: str) -> list[Json]:
    with serves(b, by):
        await b.page(next(asked(target)))  # the first search of a node may take so long that a plan is given up
        pages = [await b.page(request) for request in asked(target)]
    return [{k: v for k, v in page.items() if k != "took"} for page in pages]


async def test_in_the_shadow_nothing_that_a_client_sees_changes(node: Any, products: str) -> None:
    async with bench(node.url, SAFE) as b:
        before = await answers(b, SAFE, products)
        for policy in (Erratic(), Raising()):
            assert await answers(b, serving("shadow", policy), products) == before
        assert await answers(b, serving("apprentice", Erratic()), products) != before, "it is seen where it acts"
        shadowed = [d for d in b.decisions if d.shadow]
    assert {d.shadow for d in shadowed} == {(0, 200)}
    assert {(d.phase, d.group, d.policy) for d in shadowed} == {("shadow", CONTROL, "fixed")}


async def test_in_the_shadow_of_the_own_query_it_is_the_clusters_page(node: Any, client: Any, products: str) -> None:
    async with bench(node.url, SAFE) as b:
        with serves(b, serving("shadow", Erratic(), control="own_query")):
            for request in asked(products):
                page = (await b.page(request))["hits"]
                direct = client.search(index=products, body=request.body)["hits"]
                assert page["total"] == direct["total"]
                assert [(h["_id"], h["_source"]) for h in page["hits"]] == [
                    (h["_id"], h["_source"]) for h in direct["hits"]
                ]


@pytest.mark.parametrize("phase", ["share", "live"])
async def test_the_control_group_is_served_as_without_a_policy(node: Any, products: str, phase: PhaseName) -> None:
    async with bench(node.url, SAFE) as b:
        before = await answers(b, SAFE, products)
        b.decisions.clear()
        after = await answers(b, serving(phase, Erratic(), share=0.5, control_share=0.5), products)
    users = {group: {d.asker.user for d in b.decisions if d.group == group} for group in (CONTROL, "policy")}
    assert users == {CONTROL: {"ann"}, "policy": {"bob"}}, "with this secret; somebody is in one group for good"
    of_ann = [n for n, request in enumerate(asked(products)) if request.asker.user == "ann"]
    assert [after[n] for n in of_ann] == [before[n] for n in of_ann]


@pytest.mark.parametrize("phase", PHASES)
async def test_a_policy_that_raises_costs_nobody_the_answer(node: Any, products: str, phase: PhaseName) -> None:
    async with bench(node.url, SAFE) as b:
        before = await answers(b, SAFE, products)
        b.counts.reasons.clear()
        b.decisions.clear()
        assert await answers(b, serving(phase, Raising(), share=0.999, control_share=0), products) == before
    assert {d.group for d in b.decisions} == {FAILED}
    assert set(b.counts.reasons) == {"policy"}
