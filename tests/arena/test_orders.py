"""The orders of a recorded shop: of strategies, of all fused, of what serves; and which rows ratings teach by."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pytest

from ltrr_opensearch.arena.orders import found_by, in_force, merged, not_part, own_of, ranked_by, served, slices
from ltrr_opensearch.arena.rated import listed, lists, searched
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.phase_settings import PhaseName, PhaseSettings
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.stage_settings import DiversifySettings
from tests.arena.shop import QUERIES, recording, template, world

RECORDING = recording()


def serving(depth: int = 20) -> Serving:
    return world().learner(()).serving(Fixed(depth))


def ranker(feature: str, weight: float) -> Part:
    payload = json.dumps({"features": [feature], "weights": [weight]}).encode()
    digest = sha256(payload).hexdigest()
    return Part("ranker", "shop", "v1", "linear", payload, digest, datetime(2026, 3, 1, tzinfo=UTC))


def test_strategies_keep_their_own_order_and_the_own_query_has_a_name() -> None:
    own = own_of(serving())
    assert own == "original"
    assert found_by(RECORDING, own)["red shoes"] == [f"d{n}" for n in range(20)]
    assert found_by(RECORDING, "knn")["red shoes"] == []
    nobody = replace(serving(), index=serving().index.model_copy(update={"strategies": ()}))
    with pytest.raises(DataError, match="nothing stands for the own query"):
        own_of(nobody)


def test_what_serves_has_the_candidates_of_its_depth_in_the_order_of_its_ranker() -> None:
    fused = served(RECORDING, serving(), template, Limits())["red shoes"]
    assert set(fused) == {f"d{n}" for n in (*range(20), *range(30, 50))}
    backwards = served(RECORDING, ranked_by(serving(), ranker("bm25_title", -1.0)), template, Limits())["red shoes"]
    assert backwards == sorted(fused, key=lambda id: -int(id[1:]))
    shallow = served(RECORDING, ranked_by(serving(), None, Fixed(5)), template, Limits())["red shoes"]
    assert set(shallow[:10]) == {f"d{n}" for n in (*range(5), *range(30, 35))}
    assert shallow[10:] == [f"d{n}" for n in range(5, 20)], "then the client's own further hits, as on a page"


def test_in_shadow_the_safe_plan_answers_and_elsewhere_the_policy() -> None:
    policy = ranked_by(serving(), None, Fixed(5))
    assert in_force(policy, "shadow", PhaseSettings()).policy == policy.safe
    own = in_force(policy, "shadow", PhaseSettings(control="own_query")).policy
    assert own == Fixed(0, {"original": 20})
    phases: tuple[PhaseName, ...] = ("apprentice", "share", "live")
    for phase in phases:
        assert in_force(policy, phase, PhaseSettings()).policy == policy.policy


def test_what_is_served_and_not_measured_is_said() -> None:
    index = serving().index
    assert not_part(index, "apprentice", ()) == []
    rule = RuleSettings.model_validate({"id": "r", "exclude": {"ids": ["d1"]}})
    more = index.model_copy(update={"diversify": DiversifySettings(field="brand")})
    said = not_part(more, "live", (rule,))
    assert [one.split(":")[0] for one in said] == ["diversify", "rules", "phase live"]


def test_a_column_that_only_the_ranker_knows_is_served_too() -> None:
    assert "price" in ranked_by(serving(), ranker("price", 1.0)).columns


def test_queries_fall_into_groups_by_what_is_understood_of_them() -> None:
    found = slices(RECORDING, serving(), template)
    assert found["2 words"] == [q for q in QUERIES if "cable" not in q]
    assert set(found["no value recognised"]) == set(found["new to the memory"]) == set(QUERIES)
    assert merged(found, [("red hat", "hats"), ("blue hat", "hats")])["hats"] == ["red hat", "blue hat"]


def test_a_rated_search_is_its_whole_union_with_a_row_each() -> None:
    replay = Replay(RECORDING, serving(), template, Limits(rank_depth=30))
    gathered = searched(replay, "red shoes")
    assert len(gathered.ids) == 30
    names = ("bm25_title", "original.reciprocal_rank", "lexical.reciprocal_rank")
    one = listed(replay, gathered, names)
    assert one.query == "red shoes"
    row = dict(zip(one.ids, one.rows.tolist(), strict=True))["d0"]
    assert row == [pytest.approx(1.0), 1.0, 0.0], "asked, and not found by the other"
    assert [each.query for each in lists(replay, QUERIES[:3], names)] == list(QUERIES[:3])
    assert not np.isnan(one.rows).any()
