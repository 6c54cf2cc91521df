from dataclasses import replace

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.personal import Personal
from ltrr_opensearch.types import Encoded, EntityScore, VectorUse
from tests.plan.conftest import Analyze

INDEX = IndexSettings(text_fields={"title": 1})


def test_it_asks_for_what_the_person_did_and_for_nothing_where_they_did_nothing(ask: Analyze) -> None:
    strategy = Personal("own", {}, INDEX, Knowledge.empty())
    query = ask("red shoes", INDEX)
    assert strategy.plan(query) == ()
    (plan,) = strategy.plan(replace(query, own=(EntityScore("a", 0.7), EntityScore("b", 0.5))))
    assert (plan.source, plan.likelihood, plan.vector) == ("memory", 0.7, VectorUse.NONE)
    assert plan.clause(1, Encoded()) == {
        "bool": {
            "should": [{"constant_score": {"filter": {"ids": {"values": ["a"]}}, "boost": 0.7}}],
            "minimum_should_match": 1,
        }
    }
