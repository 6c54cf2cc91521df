"""original, lexical and knn: bodies, options, and what they refuse."""

from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings, PopularitySettings, VectorSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.knn import Knn
from ltrr_opensearch.plan.lexical import Lexical
from ltrr_opensearch.plan.original import Original
from ltrr_opensearch.types import Encoded, VectorUse
from tests.plan.conftest import Analyze

INDEX = IndexSettings(text_fields={"title": 3, "body": 1}, vector=VectorSettings(field="v"))
POPULAR = IndexSettings(text_fields={"title": 3}, popularity=PopularitySettings(field="sales", pivot=50, weight=2))
NOTHING = Knowledge.empty()


def test_original_is_marked_and_needs_nothing(ask: Analyze) -> None:
    (plan,) = Original("original", {}, INDEX, NOTHING).plan(ask("laptop", INDEX))
    assert (plan.name, plan.original, plan.vector) == ("original", True, VectorUse.NONE)


def test_lexical_by_default_is_all_words_across_the_fields(ask: Analyze) -> None:
    (plan,) = Lexical("lexical", {}, INDEX, NOTHING).plan(ask('6" "laptop\\', INDEX))
    assert plan.clause(10, Encoded()) == {
        "multi_match": {
            "query": '6" "laptop\\',
            "type": "cross_fields",
            "fields": ["title^3", "body^1"],
            "operator": "and",
        }
    }


def test_lexical_options(ask: Analyze) -> None:
    options = {
        "type": "best_fields",
        "operator": "or",
        "fuzziness": "AUTO",
        "minimum_should_match": "2<75%",
        "fields": {"title": 1.5},
    }
    (plan,) = Lexical("fuzzy", options, INDEX, NOTHING).plan(ask("laptpo", INDEX))
    assert plan.clause(10, Encoded()) == {
        "multi_match": {
            "query": "laptpo",
            "type": "best_fields",
            "fields": ["title^1.5"],
            "operator": "or",
            "minimum_should_match": "2<75%",
            "fuzziness": "AUTO",
        }
    }


@pytest.mark.parametrize(("options", "biased"), [({}, True), ({"popularity": False}, False)])
def test_popularity_biases_where_configured(ask: Analyze, options: dict[str, Any], biased: bool) -> None:
    (plan,) = Lexical("lexical", options, POPULAR, NOTHING).plan(ask("laptop", POPULAR))
    clause = plan.clause(10, Encoded())
    assert clause is not None
    assert ("function_score" in clause) is biased
    if biased:
        script = clause["function_score"]["functions"][0]["script_score"]["script"]
        assert script["params"] == {"field": "sales", "pivot": 50, "weight": 2}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"operater": "or"}, "operater: .*Options it takes: analyzer, fields, fuzziness"),
        ({"type": "bool"}, "type: Input should be 'cross_fields'"),
        ({"fuzziness": "AUTO"}, "fuzziness does not go with type cross_fields"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=f"strategy 'mine': .*{said}"):
        Lexical("mine", options, INDEX, NOTHING)


def test_knn_carries_the_clients_filters_inside(ask: Analyze) -> None:
    strategy = Knn("knn", {}, INDEX, NOTHING)
    price = {"range": {"price": {"lt": 100}}}
    (plan,) = strategy.plan(ask("laptop", INDEX, filters=(price,)))
    assert plan.vector is VectorUse.NEEDED
    vector = np.array([0.5, 0.25], dtype=np.float32)
    assert plan.clause(50, Encoded(vector)) == {
        "knn": {"v": {"vector": [0.5, 0.25], "k": 200, "filter": {"bool": {"filter": [price]}}}}
    }
    (bare,) = strategy.plan(ask("laptop", INDEX))
    assert bare.clause(50, Encoded()) is None


@pytest.mark.parametrize(("options", "depth", "k"), [({}, 10, 200), ({}, 500, 500), ({"least_k": 0}, 10, 10)])
def test_knn_looks_for_as_many_neighbours_at_every_depth(
    ask: Analyze, options: dict[str, int], depth: int, k: int
) -> None:
    """A graph finds others by another k, and what is asked less deep shall be the first of what is asked deeper."""
    (plan,) = Knn("knn", options, INDEX, NOTHING).plan(ask("laptop", INDEX))
    vector = np.array([0.5, 0.25], dtype=np.float32)
    assert plan.clause(depth, Encoded(vector)) == {"knn": {"v": {"vector": [0.5, 0.25], "k": k}}}


def test_knn_without_a_vector_field_is_refused() -> None:
    with pytest.raises(SettingsError, match="'knn' needs a vector field"):
        Knn("knn", {}, POPULAR, NOTHING)


def test_an_empty_text_has_no_text_plans(ask: Analyze) -> None:
    assert Lexical("lexical", {}, INDEX, NOTHING).plan(ask("  ", INDEX)) == ()
    assert Knn("knn", {}, INDEX, NOTHING).plan(ask("  ", INDEX)) == ()
