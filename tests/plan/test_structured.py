import pytest

from ltrr_opensearch.index_settings import IndexSettings, ProposalSettings
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.evidence import proposed
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.types import NAME, TYPE, Encoded, Json, SlotValue
from tests.plan.conftest import Analyze

INDEX = IndexSettings(
    text_fields={"title": 1},
    slot_fields=(
        "brand",
        "colour",
        "ink",
        {"field": "price", "unit": "eur"},
        {"field": "screen", "unit": "inch"},
        {"field": "wifi", "names": ["wlan"]},
        "made",
    ),
)
VALUES = [
    ("brand", "Dell", 995),
    ("colour", "Black", 600),
    ("colour", "black", 5),
    ("ink", "Black", 300),
    ("wifi", "wlan", 900),
]
NUMBERS = {
    "price": Distribution.of(2000, [1, 5, 10, 20, 50, 100, 300, 500, 800, 2000, 5000], {}),
    "screen": Distribution.of(500, [10, 11, 12, 13, 14, 15, 17, 19, 24, 27, 32], {15.6: 200, 17.0: 90}),
    "made": Distribution.of(2000, [n * 1e11 for n in range(5, 16)], {}),
}
KINDS = {"price": "number", "screen": "number", "wifi": "boolean", "made": "date"}
KNOWN = Knowledge(gazetteer=Gazetteer.from_values(VALUES, 2000, None, KINDS, NUMBERS))
STRICT: Json = {"fall_back": False}


def _match(words: str, operator: str = "and") -> Json:
    body = {"query": words, "type": "cross_fields", "fields": ["title^1"], "operator": operator}
    return {"multi_match": body}


def _clause(ask: Analyze, text: str, options: Json | None = None) -> Json:
    (plan,) = Structured("structured", STRICT if options is None else options, INDEX, KNOWN).plan(
        ask(text, INDEX, KNOWN)
    )
    clause = plan.clause(10, Encoded())
    assert clause is not None
    return clause


def _any(*clauses: Json) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}


def _scored(query: Json, boost: float) -> Json:
    return {"constant_score": {"filter": query, "boost": boost}}


def _lacks(field: str) -> Json:
    return {"bool": {"filter": [{"bool": {"must_not": [{"exists": {"field": field}}]}}]}}


BRAND = _scored({"terms": {"brand": ["Dell"]}}, 0.6842)


def test_a_reading_matches_its_text_and_evidences_its_slots(ask: Analyze) -> None:
    (plan,) = Structured("structured", STRICT, INDEX, KNOWN).plan(ask("Dell laptops", INDEX, KNOWN))
    must = [_match("laptops"), _any(BRAND, _match("dell"))]
    assert plan.clause(10, Encoded()) == {"bool": {"must": must, "boost": 1.0}}
    assert plan.facts == {"slots": 1.0, "readings": 1.0, "residual": 1.0}
    assert 0.9 < plan.likelihood <= 1


def test_of_several_values_of_a_field_any_will_do(ask: Analyze) -> None:
    (must,) = _clause(ask, "dell or dell")["bool"]["must"]
    assert must == _any(_any(BRAND, _match("dell")), _any(BRAND, _match("dell")))


def test_what_has_a_part_of_the_reading_comes_behind(ask: Analyze) -> None:
    strict, relaxed = _clause(ask, "Dell laptops without wlan", {})["dis_max"]["queries"]
    assert strict["bool"]["boost"] == 1
    assert relaxed["bool"] == {
        "should": [_match("laptops", "or"), BRAND, _match("dell", "or")],
        "minimum_should_match": 1,
        "must_not": [{"term": {"wifi": True}}],
        "boost": 0.01,
    }


def test_readings_compete_by_likelihood_with_all_spellings(ask: Analyze) -> None:
    colour, ink = (q["bool"] for q in _clause(ask, "black")["dis_max"]["queries"])
    assert (colour["boost"], ink["boost"]) == (1.0, pytest.approx(300 / 605, abs=0.001))
    assert colour["must"][0]["bool"]["should"][0]["constant_score"]["filter"] == {
        "terms": {"colour": ["Black", "black"]}
    }


def test_a_slot_that_is_sure_enough_is_a_filter(ask: Analyze) -> None:
    (slot,) = _clause(ask, "dell", {**STRICT, "filter_from": 0.9})["bool"]["must"]
    assert slot == BRAND


def test_of_a_mistyped_value_the_text_is_searched_for_what_was_meant_besides(ask: Analyze) -> None:
    index, values = IndexSettings(text_fields={"title": 1}, slot_fields=("brand",)), [("brand", "Philips", 900)]
    known = Knowledge(gazetteer=Gazetteer.from_values(values))
    (plan,) = Structured("structured", STRICT, index, known).plan(ask("Phillips", index, known))
    assert (plan.clause(10, Encoded()) or {})["bool"]["must"][0]["bool"]["should"][1:] == [
        _match("phillips"),
        _match("Philips"),
    ]


def test_a_range_may_be_unknown_of_a_document_but_not_contradicted(ask: Analyze) -> None:
    laptop, price = _clause(ask, "laptop under 500")["bool"]["must"]
    inside, lacks = price["bool"]["should"]
    assert laptop == _match("laptop")
    assert inside["constant_score"]["filter"] == {"range": {"price": {"lte": 500.0}}}
    assert lacks == _lacks("price")


def test_a_number_is_met_to_a_degree(ask: Analyze) -> None:
    (screen,) = _clause(ask, '17"')["bool"]["must"]
    near, exact, lacks, text = screen["bool"]["should"]
    assert near["constant_score"]["filter"] == {"range": {"screen": {"gte": 16.15, "lte": 17.85}}}
    assert exact["constant_score"]["filter"] == {"range": {"screen": {"gte": 17.0, "lte": 17.0}}}
    assert near["constant_score"]["boost"] == exact["constant_score"]["boost"] > 0
    assert (lacks, text) == (_lacks("screen"), _match("17"))


def test_what_is_negated_must_not_be_there(ask: Analyze) -> None:
    clause = _clause(ask, "laptop without wlan, not Dell")["bool"]
    assert clause["must"] == [_match("laptop")]
    assert clause["must_not"] == [{"term": {"wifi": True}}, {"terms": {"brand": ["Dell"]}}]


def test_dates(ask: Analyze) -> None:
    _, made = _clause(ask, "laptop newer than 2010")["bool"]["must"]
    assert made["bool"]["should"][0]["constant_score"]["filter"] == {
        "range": {"made": {"gte": "2011-01-01", "format": "yyyy-MM-dd"}}
    }


@pytest.mark.parametrize("text", ["laptop bag", "", "without wlan"])
def test_no_slot_that_is_wanted_no_plan(ask: Analyze, text: str) -> None:
    assert Structured("structured", {}, INDEX, KNOWN).plan(ask(text, INDEX, KNOWN)) == ()


def test_unlikely_readings_are_left_out(ask: Analyze) -> None:
    unlikely = Structured("structured", {"least_likelihood": 0.99}, INDEX, KNOWN)
    assert unlikely.plan(ask("black bag", INDEX, KNOWN)) == ()


def test_a_proposed_value_counts_as_much_as_it_is_sure_and_excludes_nothing(ask: Analyze) -> None:
    index = INDEX.model_copy(update={"proposals": ProposalSettings(field="ltrr_p")})
    (plan,) = Structured("structured", STRICT, index, KNOWN).plan(ask("dell laptop without wlan", index, KNOWN))
    asked = (plan.clause(10, Encoded()) or {})["bool"]
    own, ours, text = asked["must"][1]["bool"]["should"]
    assert (own, text) == (BRAND, _match("dell"))
    assert ours["rank_feature"] == {"field": "ltrr_p.brand=dell", "linear": {}, "boost": own["constant_score"]["boost"]}
    assert asked["must_not"] == [{"term": {"wifi": True}}]


def test_a_proposed_value_is_looked_for_in_all_its_spellings() -> None:
    several = SlotValue("ink.keyword", "Black", 0, 1, 0.5, ("Black", "black", "Black, Red"))
    (both,) = proposed(several, "ours", 2.0)
    named = [c["rank_feature"]["field"] for c in both["dis_max"]["queries"]]
    assert named == ["ours.ink%2Ekeyword=black", "ours.ink%2Ekeyword=black red"]
    for kind in ("number", "date", NAME, TYPE):
        assert proposed(SlotValue("price", "x", 0, 1, 1.0, kind=kind), "ours", 1.0) == [], "nothing of that kind is"
