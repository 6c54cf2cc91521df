import numpy as np
import pytest

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.index.proposing import features_of, same
from ltrr_opensearch.index.sparse_mapping import missing_proposed_properties
from ltrr_opensearch.index.written import Reading
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.propose.proposer import Proposed
from ltrr_opensearch.types import Json

INDEX = IndexSettings.model_validate(
    {
        "text_fields": {"body": 1, "title": 2},
        "slot_fields": ["brand.keyword", "specs.colour", "wifi"],
        "vector": {"field": "vec", "dimension": 2},
        "proposals": {},
    }
)
READING = Reading.of(INDEX, INDEX.slot_names)


def test_a_document_is_read_from_its_source() -> None:
    source = {
        "title": ["Red Shoes", None],
        "body": "of  LEATHER",
        "brand": "Acme",
        "specs": [{"colour": "red"}, {"colour": "blue"}],
        "wifi": False,
        "vec": [3.0, 4.0],
    }
    written = READING.written("1", source)
    assert written.texts == (("red shoe",), ("of leather",)), "the heaviest first"
    assert written.values == {"brand.keyword": ("Acme",), "specs.colour": ("red", "blue"), "wifi": ("false",)}
    assert written.vector == pytest.approx(np.array([0.6, 0.8]))
    assert set(READING.source) >= {"brand", "brand.keyword", "specs.colour", "vec", "title"}


@pytest.mark.parametrize("nothing", [{}, {"brand": None}, {"brand": ""}, {"brand": []}, {"brand": ["  "]}])
def test_what_is_empty_is_lacking(nothing: dict[str, object]) -> None:
    written = READING.written("1", nothing)
    assert (written.values, written.vector) == ({}, None)


def test_a_document_is_written_again_only_where_something_changed() -> None:
    proposed = {"a.b": [Proposed("x", "X", 0.91234)], "c": [Proposed("true", "true", 0.8), Proposed("y", "Y", 0.7)]}
    features = features_of(proposed)
    assert features == {"a%2Eb=x": 0.912, "c=true": 0.8, "c=y": 0.7}
    assert same({**features, "c=y": 0.74}, features)
    assert not same({**features, "c=y": 0.76}, features)
    assert not same({}, features)
    assert same({}, {})


def test_proposals_are_for_slot_fields() -> None:
    with pytest.raises(ValueError, match=r"proposals\.fields must be among slot_fields; not there: size"):
        IndexSettings.model_validate({"text_fields": {"t": 1}, "slot_fields": ["a"], "proposals": {"fields": ["size"]}})
    with pytest.raises(ValueError, match="there are none; set slot_fields"):
        IndexSettings.model_validate({"text_fields": {"t": 1}, "proposals": {}})


def test_the_field_of_proposals_holds_weights_or_is_a_conflict() -> None:
    made = missing_proposed_properties("shop", {}, "ours")
    assert made["ours"]["type"] == "rank_features"
    there: Json = {"mappings": {"properties": dict(made)}}
    assert missing_proposed_properties("shop", there, "ours") == {}
    there["mappings"]["properties"]["ours"] = {"type": "flat_object"}
    with pytest.raises(Conflict, match=r"ours has type flat_object, proposals need .* set proposals\.field to another"):
        missing_proposed_properties("shop", there, "ours")


def test_a_field_that_somebody_else_has_made_is_left_alone() -> None:
    there: Json = {"mappings": {"properties": {"ltrr_topics": {"type": "rank_features"}}}}
    with pytest.raises(
        Conflict, match=r"shop: field ltrr_topics was not made by set-up, .* set proposals\.field to an"
    ):
        missing_proposed_properties("shop", there, "ltrr_topics")


@pytest.mark.parametrize(
    "field", ["topics", "ltrr_", "LTRR_a", "ltrr_a.b", "ltrr_sparse", "ltrr_v", "ltrr_v_key", "ltrr_slot"]
)
def test_proposals_have_a_field_of_their_own(field: str) -> None:
    told: Json = {
        "text_fields": {"title": 1},
        "slot_fields": ["ltrr_slot"],
        "vector": {"field": "ltrr_v"},
        "sparse": {},
        "proposals": {"field": "ltrr_proposed_2"},
    }
    IndexSettings.model_validate(told)
    with pytest.raises(ValueError, match=r"proposals\.field"):
        IndexSettings.model_validate({**told, "proposals": {"field": field}})
