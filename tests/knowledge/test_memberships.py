"""Degrees between entities whose documents repeat ids, not names."""

import pytest

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.degrees import Degrees
from ltrr_opensearch.knowledge.entity_keys import EntityKeys
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.knowledge.memberships import LEAST_LIFT, MOST_LIFT, Memberships
from ltrr_opensearch.types import NAME, SlotValue

SHOP = EntitySettings.model_validate(
    {
        "type_field": "kind",
        "types": [{"type": type, "name_fields": ["name"]} for type in ("brand", "category", "product")],
        "relations": [
            {"name": "made", "of": "brand", "brings": "product", "key": "brand_id", "field": "brand"},
            {"name": "within", "of": "category", "brings": "product", "key": "id", "field": "category"},
        ],
        "degrees": [{"name": "leaning", "of": "brand", "to": "category"}],
    }
)
NAMES = [
    EntityName("brand", "Acme", 1, 1.0, keys={"brand_id": ("b1", "b2")}),
    EntityName("brand", "Apex", 1, 1.0, keys={"brand_id": ("b3",)}),
    EntityName("category", "Tools", 1, 1.0, keys={"id": ("c1",)}),
    EntityName("category", "Toys", 1, 1.0, keys={"id": ("c2",)}),
]
MEMBERS = [
    Member("leaning", "b1", 50, {"c1": 50}, 1.0),
    Member("leaning", "b2", 50, {"c2": 50}, 1.0),
    Member("leaning", "b3", 900, {"c2": 900}, 9.0),
]
KNOWN = Memberships.of(SHOP, EntityKeys.of(NAMES), Degrees.of(MEMBERS))


def named(type: str, name: str, *, negated: bool = False) -> SlotValue:
    return SlotValue("name", name, 0, 1, 0.5, (name,), kind=NAME, entity=type, negated=negated)


def test_members_and_groups_go_by_their_keys() -> None:
    (degree,) = SHOP.degrees
    assert KNOWN.group_keys(named("category", "Tools"), degree) == ("c1",)
    assert [one.key for one in KNOWN.members(degree, ["c2"])] == ["b3", "b2"]
    assert KNOWN.degree(degree, "b1", ["c1"]) > 0.9
    assert KNOWN.degree(degree, "nobody", ["c1"]) == 0.0


def test_of_several_brands_of_a_name_the_likeliest_counts() -> None:
    assert KNOWN.lift([named("brand", "Acme"), named("category", "Tools")]) == MOST_LIFT
    twice = [named("brand", "Acme"), named("brand", "Acme"), named("category", "Tools")]
    assert KNOWN.lift(twice) == MOST_LIFT
    toys = KNOWN.lift([named("brand", "Acme"), named("category", "Toys")])
    assert toys == pytest.approx((50 + 2 * 0.95) / 52 / 0.95)


def test_what_never_goes_together_is_less_likely_and_what_is_not_known_is_as_before() -> None:
    assert KNOWN.lift([named("category", "Tools"), named("brand", "Apex")]) == LEAST_LIFT
    assert KNOWN.lift([named("brand", "Apex"), named("category", "Tools", negated=True)]) == 1.0
    assert KNOWN.lift([named("brand", "Unknown"), named("category", "Tools")]) == 1.0
    assert KNOWN.lift([named("brand", "Apex"), named("product", "Tools")]) == 1.0
    assert KNOWN.lift([]) == 1.0
