"""Clauses for what a query names: the entity itself by structured search, what belongs to it by its relations."""

from typing import Any

import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.related import Related
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.types import Encoded, Json, QueryPlan
from tests.plan.conftest import Analyze

MUSIC: dict[str, Any] = {
    "text_fields": {"title": 1},
    "entities": {
        "type_field": "kind",
        "types": [
            {"type": "song", "name_fields": ["title.keyword"]},
            {"type": "artist", "name_fields": ["title.keyword", "alias"]},
            {"type": "playlist", "name_fields": ["title.keyword"]},
        ],
        "relations": [
            {"name": "tracks", "of": "artist", "brings": "song", "key": "id", "field": "artists"},
            {"name": "features", "of": "artist", "brings": "playlist", "key": "id", "field": "artists"},
            {"name": "listed", "of": "playlist", "brings": "song", "field": "lists"},
        ],
    },
}
INDEX = IndexSettings.model_validate(MUSIC)
NAMES = [
    EntityName("artist", "Hart", 1, 9.0, keys={"id": ("a1",)}),
    EntityName("artist", "Unknown", 1, 1.0),
    EntityName("song", "Rain", 1, 6.0),
    EntityName("playlist", "Rain", 1, 2.0),
]
KNOWN = Knowledge(gazetteer=Gazetteer.from_values((), 1000, entities=INDEX.entities, names=NAMES))
STRICT: Json = {"fall_back": False}


def related(ask: Analyze, text: str, index: IndexSettings = INDEX, **options: Any) -> list[QueryPlan]:
    return list(Related("related", options, index, KNOWN).plan(ask(text, index, KNOWN)))


def clause_of(plan: QueryPlan) -> Json:
    clause = plan.clause(10, Encoded())
    assert clause is not None
    return clause


def structured(ask: Analyze, text: str, options: Json = STRICT) -> Json:
    (plan,) = Structured("structured", options, INDEX, KNOWN).plan(ask(text, INDEX, KNOWN))
    return clause_of(plan)


def brings(type: str, field: str, *keys: str) -> Json:
    return {"bool": {"filter": [{"term": {"kind": type}}, {"terms": {field: list(keys)}}]}}


def filtered(clause: Json) -> Json:
    filter: Json = clause["constant_score"]["filter"]
    return filter


def test_a_named_entity_is_of_its_type_and_has_the_name(ask: Analyze) -> None:
    reading = structured(ask, "Hart")["bool"]
    lacks = {"bool": {"filter": [{"bool": {"must_not": [{"exists": {"field": "kind"}}]}}]}}
    assert reading["filter"] == [{"bool": {"should": [{"term": {"kind": "artist"}}, lacks], "minimum_should_match": 1}}]
    (name,) = reading["must"]
    having, mentioning = name["bool"]["should"]
    assert filtered(having)["bool"] == {
        "filter": [{"term": {"kind": "artist"}}],
        "should": [{"terms": {"title.keyword": ["Hart"]}}, {"terms": {"alias": ["Hart"]}}],
        "minimum_should_match": 1,
    }
    assert (mentioning["multi_match"]["query"], mentioning["multi_match"]["boost"]) == ("hart", 0.1)


def test_what_is_named_beside_belongs_to_it(ask: Analyze) -> None:
    reading = structured(ask, "hart rain")["dis_max"]["queries"][0]["bool"]
    assert reading["filter"][0]["bool"]["should"][0] == {"term": {"kind": "song"}}
    artist, song = (must["bool"]["should"] for must in reading["must"])
    assert filtered(artist[0]) == {"terms": {"artists": ["a1"]}}
    assert artist[1]["multi_match"].keys() == {"query", "type", "fields", "operator"}, "text tells as much as a tag"
    assert filtered(song[0])["bool"]["filter"] == [{"term": {"kind": "song"}}]


def test_it_may_belong_by_any_of_several_relations(ask: Analyze) -> None:
    guest = {"name": "guests", "of": "artist", "brings": "song", "field": "featuring"}
    entities = MUSIC["entities"] | {"relations": [*MUSIC["entities"]["relations"], guest]}
    index = IndexSettings.model_validate(MUSIC | {"entities": entities})
    (plan,) = Structured("structured", STRICT, index, KNOWN).plan(ask("songs by hart", index, KNOWN))
    (artist,) = clause_of(plan)["bool"]["must"]
    by_any = {"should": [{"terms": {"artists": ["a1"]}}, {"terms": {"featuring": []}}], "minimum_should_match": 1}
    assert filtered(artist["bool"]["should"][0]) == {"bool": by_any}


def test_what_is_not_wanted_is_the_entity_itself_where_nothing_is_wanted(ask: Analyze) -> None:
    (unwanted,) = structured(ask, "acoustic without hart")["bool"]["must_not"]
    assert unwanted["bool"]["filter"] == [{"term": {"kind": "artist"}}]


def test_a_field_called_like_a_type_asks_for_itself(ask: Analyze) -> None:
    index = IndexSettings.model_validate(MUSIC | {"slot_fields": ["song"]})
    values = [("song", "Sad", 200), ("song", "Glad", 200)]
    known = Knowledge(gazetteer=Gazetteer.from_values(values, 1000, entities=index.entities, names=NAMES))
    (plan,) = Structured("structured", STRICT, index, known).plan(ask("sad rain", index, known))
    best = clause_of(plan)["dis_max"]["queries"][0]["bool"]
    assert len(best["must"]) == 2, "both are asked for, not any of them"


def test_a_word_for_a_type_is_no_text(ask: Analyze) -> None:
    reading = structured(ask, "songs by hart")["bool"]
    assert len(reading["must"]) == 1, "neither songs nor by must be said"
    assert filtered(reading["must"][0]["bool"]["should"][0]) == {"terms": {"artists": ["a1"]}}
    assert structured(ask, "songs")["bool"]["must"] == []


def test_what_is_not_wanted(ask: Analyze) -> None:
    assert structured(ask, "songs without hart")["bool"]["must_not"] == [{"terms": {"artists": ["a1"]}}]
    assert structured(ask, "rain without hart")["dis_max"]["queries"][0]["bool"]["must_not"][0].keys() == {"terms"}


def test_another_type_comes_behind(ask: Analyze) -> None:
    *_, relaxed = structured(ask, "songs by hart", {})["dis_max"]["queries"]
    assert relaxed["bool"]["boost"] == 0.01
    assert "filter" not in relaxed["bool"]
    assert [clause.keys() for clause in relaxed["bool"]["should"]] == [
        {"constant_score"},
        {"constant_score"},
        {"multi_match"},
    ]


def test_popular_entities_come_first_by_the_likelihood_of_their_reading(ask: Analyze) -> None:
    index = IndexSettings.model_validate(MUSIC | {"popularity": {"field": "plays", "weight": 2}})
    (plan,) = Structured("structured", STRICT, index, KNOWN).plan(ask("rain", index, KNOWN))
    song, playlist = clause_of(plan)["dis_max"]["queries"]
    weights = [
        q["function_score"]["functions"][0]["script_score"]["script"]["params"]["weight"] for q in (song, playlist)
    ]
    boosts = [q["function_score"]["query"]["bool"]["boost"] for q in (song, playlist)]
    assert weights == [2 * boost for boost in boosts]
    assert boosts[0] == 1
    assert boosts[1] == pytest.approx(1 / 3, abs=0.01), "by the interest in each"


def test_what_belongs_to_a_named_entity_comes_along(ask: Analyze) -> None:
    (plan,) = related(ask, "Hart")
    tracks, features = clause_of(plan)["dis_max"]["queries"]
    assert (filtered(tracks), filtered(features)) == (
        brings("song", "artists", "a1"),
        brings("playlist", "artists", "a1"),
    )
    assert tracks["constant_score"]["boost"] == pytest.approx(plan.likelihood, abs=0.001)
    assert (plan.source, plan.facts) == ("related", {"relations": 2.0})


def test_what_says_the_words_left_over_comes_first(ask: Analyze) -> None:
    (plan,) = related(ask, "hart acoustic", relations=["tracks"])
    asked = clause_of(plan)["bool"]
    (belonging,), (said,) = asked["must"], asked["should"]
    assert filtered(belonging) == brings("song", "artists", "a1")
    assert (filtered(said)["multi_match"]["query"], filtered(said)["multi_match"]["operator"]) == ("acoustic", "or")
    assert belonging["constant_score"]["boost"] == said["constant_score"]["boost"]


def test_of_the_type_that_is_said_and_of_the_relations_that_are_named(ask: Analyze) -> None:
    (songs,) = related(ask, "songs by hart")
    assert filtered(clause_of(songs)) == brings("song", "artists", "a1")
    (features,) = related(ask, "hart", relations=["features"])
    assert filtered(clause_of(features)) == brings("playlist", "artists", "a1")


def test_readings_that_name_the_same_add_up(ask: Analyze) -> None:
    (plan,) = related(ask, "rain hart")
    boosts = {
        str(filtered(clause)): clause["constant_score"]["boost"] for clause in clause_of(plan)["dis_max"]["queries"]
    }
    hart, rain = (boosts[str(brings("song", field, key))] for field, key in (("artists", "a1"), ("lists", "Rain")))
    assert 1 >= hart > 3 * rain > 0, "Hart is an artist in every likely reading, Rain a playlist in one"


@pytest.mark.parametrize("text", ["", "unknown", "songs", "thunder", "without hart"])
def test_nothing_that_is_named_leads_on(ask: Analyze, text: str) -> None:
    assert related(ask, text) == []


def test_unlikely_readings_bring_nothing_along(ask: Analyze) -> None:
    assert related(ask, "rain", least_likelihood=0.9) == []
    assert len(related(ask, "rain", least_likelihood=0.1)) == 1
    assert related(ask, "rain", readings=1) == [], "the song is likelier than the playlist"


def test_popular_documents_come_first(ask: Analyze) -> None:
    index = IndexSettings.model_validate(MUSIC | {"popularity": {"field": "plays", "weight": 2}})
    (plan,) = related(ask, "Hart", index, relations=["tracks"])
    scored = clause_of(plan)["function_score"]
    weight = scored["functions"][0]["script_score"]["script"]["params"]["weight"]
    assert weight == 2 * scored["query"]["constant_score"]["boost"]


def test_options_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SettingsError, match="no relation is called albums; there are: tracks, features, listed"):
        Related("related", {"relations": ["albums", "tracks"]}, INDEX, KNOWN)
    with pytest.raises(SettingsError, match="needs relations: give the index an `entities` section"):
        Related("related", {}, IndexSettings(text_fields={"title": 1}), KNOWN)
