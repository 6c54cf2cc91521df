"""A live experiment through the engine on a real node: who is served what, and what the decision says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ltrr_opensearch.build_arms import arms_of
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.logged import CONTROL, TRIAL, Trial
from ltrr_opensearch.phase_settings import PhaseSettings
from ltrr_opensearch.phased import in_phase
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Asker, Json, SearchRequest
from tests.engine.worlds import INDEX, Backwards, Bench, bench, request_of, serving_of

USUAL, FUSED = {"name": "usual"}, {"name": "fused", "ranker": False}
OWN = {"name": "own", "original": True}


def in_experiment(kind: str, *arms: Json, **changes: Any) -> Serving:
    experiment = ExperimentSettings.model_validate({"name": "trial", "kind": kind, "arms": arms})
    index = INDEX.model_copy(update={"experiment": experiment})
    serving = serving_of(index=index, **({"ranker": Backwards()} | changes))
    return replace(serving, arms=arms_of(serving, None, lambda id: pytest.fail(f"release {id} is asked for")))


def asked_by(user: str | None, target: str, text: str = "red shoes", offset: int = 0) -> SearchRequest:
    request = request_of(target, text, offset=offset)
    return replace(request, asker=Asker(user=user), query_id=f"q-{user}-{text}-{offset}")


async def page_of(b: Bench, serving: Serving, request: SearchRequest) -> list[str]:
    """The page that this serves; nothing that was served before is remembered."""
    b.serving = serving
    b.share(None)
    return ids(await b.page(request))


def ids(page: Json) -> list[str]:
    return [hit["_id"] for hit in page["hits"]["hits"]]


async def test_each_person_is_served_by_one_arm_which_the_decision_names(node: Any, products: str) -> None:
    serving = in_experiment("split", USUAL, FUSED)
    async with bench(node.url, serving) as b:
        usual, fused = [await page_of(b, arm, asked_by(None, products)) for arm in serving.arms]
        assert usual != fused
        b.decisions.clear()
        for user in (f"u{n}" for n in range(12)):
            for _ in range(2):
                shown = await page_of(b, serving, asked_by(user, products))
                decision = b.decisions[-1]
                assert decision.trial is not None
                assert decision.trial.arm in ("usual", "fused")
                assert shown == (usual if decision.trial.arm == "usual" else fused)
                assert decision.ranker == {"usual": "backwards", "fused": "fused"}[decision.trial.arm]
                assert decision.asker.explore
        arms = [d.trial for d in b.decisions]
    assert arms[::2] == arms[1::2]
    assert {arm.arm for arm in arms if arm} == {"usual", "fused"}


async def test_who_is_not_named_is_served_as_usual(node: Any, products: str) -> None:
    async with bench(node.url, in_experiment("split", FUSED, OWN)) as b:
        shown = ids(await b.page(asked_by(None, products)))
        assert b.decisions[-1].trial is None
        assert b.decisions[-1].ranker == "backwards"
        assert shown == await page_of(b, in_experiment("split", USUAL, OWN).arms[0], asked_by(None, products))


async def test_the_clients_own_query_alone_is_its_untouched_page(node: Any, client: Any, products: str) -> None:
    serving = in_experiment("split", USUAL, OWN)
    straight = client.search(index=products, body=request_of(products).body)
    async with bench(node.url, serving) as b:
        page = await b.page(asked_by("u", products))  # whichever arm: the other one is asked for below
        b.serving = replace(serving.arms[1], arms=())
        b.share(None)
        page = await b.page(asked_by("u", products))
        assert ids(page) == [hit["_id"] for hit in straight["hits"]["hits"]]
        assert page["hits"]["total"] == straight["hits"]["total"]
        slots = {s.plan: s.depth for s in b.decisions[-1].slots}
    assert slots == {"original": 50, "lexical": 0}


async def test_interleaved_pages_are_of_both_and_say_who_picked_what(node: Any, products: str) -> None:
    serving = in_experiment("interleave", USUAL, FUSED)
    async with bench(node.url, serving) as b:
        alone = [await page_of(b, arm, asked_by(None, products)) for arm in serving.arms]
        shown = await page_of(b, serving, asked_by("u1", products))
        decision = b.decisions[-1]
    assert decision.trial == Trial("trial")
    assert not decision.asker.explore
    assert [c.key.id for c in decision.candidates[:10]] == shown
    teams = [c.team for c in decision.candidates[:10]]
    assert teams.count("usual") == teams.count("fused") == 5
    for name, own in zip(("usual", "fused"), alone, strict=True):
        assert next(c.key.id for c in decision.candidates if c.team == name) == next(
            id for id in own if id == shown[0] or shown.index(id) > 0
        )
    with_rows = [c for c in decision.candidates[:10] if c.features]
    assert len(with_rows) == 10
    assert all("bm25_body" in (c.features or ()) for c in with_rows)


async def test_interleaved_systems_that_draw_otherwise_ask_each_plan_once(node: Any, products: str) -> None:
    serving = in_experiment("interleave", USUAL, OWN, ranker=None)
    async with bench(node.url, serving) as b:
        page = await b.page(asked_by("u1", products))
        decision = b.decisions[-1]
    assert {s.plan: s.depth for s in decision.slots} == {"original": 50, "lexical": 50}
    own = [c.key.id for c in decision.candidates if c.team == "own"]
    found = {c.key.id: {f.plan: f.rank for f in c.found} for c in decision.candidates}
    ranks = [found[id]["original"] for id in own]
    assert ranks == sorted(ranks)  # the client's own order
    assert page["hits"]["total"]["value"] >= len(decision.candidates)


async def test_later_pages_go_on_with_the_interleaved_order(node: Any, products: str) -> None:
    serving = in_experiment("interleave", USUAL, FUSED)
    async with bench(node.url, serving) as b:
        pages = [ids(await b.page(asked_by("u1", products, offset=o))) for o in range(0, 60, 10)]
        settled = [c.key.id for c in b.decisions[0].candidates]
        again = await page_of(b, serving, asked_by("u1", products, offset=10))
    every = [id for page in pages for id in page]
    assert len(set(every)) == len(every) == 60
    assert every[: len(settled)] == settled
    assert again == pages[1]  # settled anew by another proxy: the same draft
    assert len(b.decisions) == 2


async def test_an_explanation_tells_the_experiment_and_the_teams_of_the_page(node: Any, products: str) -> None:
    async with bench(node.url, in_experiment("interleave", USUAL, FUSED)) as b:
        page = await b.page(replace(asked_by("u1", products), explain=True))
        teams = [c.team for c in b.decisions[-1].candidates[:10]]
    assert page["ext"]["ltrr"]["experiment"] == {"experiment": "trial", "teams": teams}


async def test_a_ranker_that_fails_in_one_arm_ends_in_the_clusters_own_page(node: Any, products: str) -> None:
    class Broken(Backwards):
        def score(self, rows: Any) -> Any:
            raise ValueError("broken")

    async with bench(node.url, in_experiment("interleave", USUAL, FUSED, ranker=Broken())) as b:
        page = await b.page(asked_by("u1", products))
    assert len(page["hits"]["hits"]) == 10
    assert "rank" in b.counts.reasons


def test_an_arm_follows_the_phase_unless_it_has_a_policy_of_its_own() -> None:
    serving = in_experiment("split", FUSED, {"name": "even", "policy": "uniform"}, phase="live")
    fused, even = in_phase(serving, "shadow", PhaseSettings()).arms
    assert (fused.of(0.5).group, fused.of(0.5).ranker) == (CONTROL, None)
    assert fused.of(0.5).shadow is serving.policy
    assert (even.of(0.5).group, even.of(0.5).policy.name) == (TRIAL, "uniform")
