from typing import Any

import pytest

from ltrr_opensearch.index.proposals import Learned, made_for, marks_for
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.propose.proposer import Proposer
from tests.propose.made import GAZETTEER

TOLD: dict[str, Any] = {
    "text_fields": {"title": 2, "body": 1},
    "slot_fields": ["brand", "kind"],
    "vector": {"field": "vec"},
    "proposals": {},
}


def learned(gazetteer: str = "g1", name: str = "p1", **changed: Any) -> Learned:
    settings = made_for(IndexSettings.model_validate({**TOLD, **changed}))
    return Learned(Proposer(GAZETTEER, {}), name, (), settings, gazetteer)


def test_a_run_goes_on_where_the_last_one_of_the_same_kind_came() -> None:
    note = {"made": learned().made, "marks": {"shop/0": 7}}
    assert marks_for(note, learned()) == {"shop/0": 7}
    assert marks_for({}, learned()) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "p2"},
        {"gazetteer": "g2"},
        {"proposals": {"least": 0.9}},
        {"proposals": {"field": "ltrr_other"}},
        {"proposals": {"fields": ["brand"]}},
        {"slot_fields": ["brand", {"field": "kind", "kind": "number"}]},
        {"text_fields": {"title": 2, "body": 3}},
        {"vector": {"field": "vec_2"}},
    ],
)
def test_whatever_proposals_depend_on_has_every_document_looked_at_again(changed: dict[str, Any]) -> None:
    note = {"made": learned().made, "marks": {"shop/0": 7}}
    assert marks_for(note, learned(**changed)) == {}
