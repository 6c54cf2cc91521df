import numpy as np
import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.q2e import BY_MEANING, Q2e
from ltrr_opensearch.types import Encoded, EntityScore, VectorUse
from tests.plan.conftest import Analyze

INDEX = IndexSettings(text_fields={"title": 1})
BY_SKU = IndexSettings(text_fields={"title": 1}, object_id_field="sku")
A, B, C = EntityScore("a", 0.8), EntityScore("b", 0.8), EntityScore("c", 0.5, predicted=True)


def _axis(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, dtype=np.float32)


ROWS = [MemoryRow("laptop bag", (A, B, C), _axis(1, 0)), MemoryRow("backpack", (A,), _axis(0.6, 0.8))]
KNOWN = Knowledge(memory=Memory.from_rows(ROWS))
BLIND = Knowledge(memory=Memory.from_rows([MemoryRow(r.query, r.entities) for r in ROWS]))


def _scores(clause: dict[str, dict[str, list[dict[str, dict[str, object]]]]] | None) -> list[object]:
    assert clause is not None
    return [(c["constant_score"]["filter"], c["constant_score"]["boost"]) for c in clause["bool"]["should"]]


def test_the_same_query_needs_no_vector(ask: Analyze) -> None:
    (plan,) = Q2e("q2e", {}, INDEX, KNOWN).plan(ask("Laptop bag", INDEX, KNOWN))
    assert plan.vector is VectorUse.IF_AT_HAND
    assert plan.facts == {"similarity": 1.0, "entities": 3.0}
    assert _scores(plan.clause(50, Encoded())) == [
        ({"ids": {"values": ["a", "b"]}}, 0.8),
        ({"ids": {"values": ["c"]}}, 0.5),
    ]
    assert _scores(plan.clause(1, Encoded())) == [({"ids": {"values": ["a"]}}, 0.8)]


def test_neighbours_are_found_with_the_vector_and_add_up(ask: Analyze) -> None:
    (plan,) = Q2e("q2e", {}, INDEX, KNOWN).plan(ask("notebook case", INDEX, KNOWN))
    assert plan.vector is VectorUse.NEEDED
    assert plan.clause(50, Encoded()) is None
    near = {r.query: r.weight for r in KNOWN.memory.near("notebook case", _axis(0.8, 0.6))}
    assert 0 < near["laptop bag"] < near["backpack"] < 1, "nearer neighbours are trusted more, none wholly"
    assert _scores(plan.clause(50, Encoded(_axis(0.8, 0.6)))) == [
        ({"ids": {"values": ["a"]}}, pytest.approx(0.8 * sum(near.values()), abs=1e-4)),
        ({"ids": {"values": ["b"]}}, pytest.approx(0.8 * near["laptop bag"], abs=1e-4)),
        ({"ids": {"values": ["c"]}}, pytest.approx(0.5 * near["laptop bag"], abs=1e-4)),
    ]


def test_the_plan_is_as_likely_as_its_nearest_memory_can_be_trusted(ask: Analyze) -> None:
    (same,) = Q2e("q2e", {}, INDEX, KNOWN).plan(ask("laptop bag", INDEX, KNOWN))
    (far,) = Q2e("q2e", {}, INDEX, KNOWN).plan(ask("notebook case", INDEX, KNOWN))
    assert (same.likelihood, far.likelihood) == (1.0, BY_MEANING)


def test_object_ids_may_be_a_field(ask: Analyze) -> None:
    (plan,) = Q2e("q2e", {"predicted": False}, BY_SKU, KNOWN).plan(ask("laptop bag", BY_SKU, KNOWN))
    assert _scores(plan.clause(50, Encoded())) == [({"terms": {"sku": ["a", "b"]}}, 0.8)]


def test_no_memory_no_plan(ask: Analyze) -> None:
    assert Q2e("q2e", {}, INDEX, Knowledge.empty()).plan(ask("laptop bag", INDEX)) == ()
    blind = Q2e("q2e", {}, INDEX, BLIND)
    assert blind.plan(ask("notebook case", INDEX, BLIND)) == ()
    (plan,) = blind.plan(ask("laptop bags", INDEX, BLIND))
    assert plan.vector is VectorUse.NONE
