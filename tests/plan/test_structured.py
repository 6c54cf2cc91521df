from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.types import Encoded, Json
from tests.plan.conftest import Analyze

INDEX = IndexSettings(text_fields={"title": 1}, slot_fields=("brand", "colour", "ink"))
VALUES = [
    ("brand", "Dell", 995),
    ("colour", "Black", 600),
    ("colour", "black", 5),
    ("ink", "Black", 300),
]
KNOWN = Knowledge(gazetteer=Gazetteer.from_values(VALUES, documents=2000))


def _match(words: str) -> Json:
    body = {"query": words, "type": "cross_fields", "fields": ["title^1"], "operator": "and"}
    return {"multi_match": body}


def test_a_reading_matches_its_text_and_evidences_its_slots(ask: Analyze) -> None:
    (plan,) = Structured("structured", {}, INDEX, KNOWN).plan(ask("Dell laptops", INDEX, KNOWN))
    brand = {"constant_score": {"filter": {"terms": {"brand": ["Dell"]}}, "boost": 0.6842}}
    assert plan.clause(10, Encoded()) == {
        "bool": {
            "must": [
                _match("laptops"),
                {"bool": {"should": [brand, _match("dell")], "minimum_should_match": 1}},
            ],
            "boost": 1.0,
        }
    }
    assert plan.facts == {"slots": 1.0, "readings": 1.0, "residual": 1.0}
    assert 0.9 < plan.likelihood <= 1


def test_readings_compete_by_likelihood_with_all_spellings(ask: Analyze) -> None:
    (plan,) = Structured("structured", {}, INDEX, KNOWN).plan(ask("black", INDEX, KNOWN))
    clause = plan.clause(10, Encoded())
    assert clause is not None
    colour, ink = (q["bool"] for q in clause["dis_max"]["queries"])
    assert (colour["boost"], ink["boost"]) == (1.0, 0.4959)
    assert colour["must"][0]["bool"]["should"][0]["constant_score"]["filter"] == {
        "terms": {"colour": ["Black", "black"]}
    }


def test_a_slot_that_is_sure_enough_is_a_filter(ask: Analyze) -> None:
    (plan,) = Structured("strict", {"filter_from": 0.9}, INDEX, KNOWN).plan(ask("dell", INDEX, KNOWN))
    clause = plan.clause(10, Encoded())
    assert clause is not None
    (slot,) = clause["bool"]["must"]
    assert slot["constant_score"]["filter"] == {"terms": {"brand": ["Dell"]}}


def test_no_slot_no_plan(ask: Analyze) -> None:
    strategy = Structured("structured", {}, INDEX, KNOWN)
    assert strategy.plan(ask("laptop bag", INDEX, KNOWN)) == ()
    assert strategy.plan(ask("", INDEX, KNOWN)) == ()
    unlikely = Structured("structured", {"least_likelihood": 0.99}, INDEX, KNOWN)
    assert unlikely.plan(ask("black bag", INDEX, KNOWN)) == ()
