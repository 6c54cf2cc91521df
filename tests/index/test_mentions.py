from ltrr_opensearch.index.mentions import count_mentions
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer

SHOP = IndexSettings(text_fields={"title": 1, "body": 1}, slot_fields=("brand", "mounting"))
KNOWN = Gazetteer.from_values([("brand", "Dell", 2), ("mounting", "Desk", 2)])


def test_a_document_counts_once_however_often_it_says_the_words() -> None:
    documents: list[dict[str, list[object]]] = [
        {"title": ["Dell laptop"], "body": ["by Dell, for a desk"], "brand": ["Dell"]},
        {"title": ["Bag for Dell laptops"], "brand": ["Acme"]},
        {"title": ["Arm"], "mounting": ["Desk"]},
        {"title": [7], "brand": ["DELL", "Dell"]},
        {},
    ]
    mentions = count_mentions(KNOWN, documents, SHOP)
    assert mentions.told == {("brand", "dell"): 2, ("brand", "desk"): 1}, "what lacks the field tells nothing of it"
    assert mentions.meant == {("brand", "dell"): 1}
    assert mentions.words == {"dell": 2, "laptop": 2, "by": 1, "for": 2, "a": 1, "desk": 1, "bag": 1, "arm": 1}


def test_lists_hold_each_of_their_values_and_booleans_their_names() -> None:
    shop = IndexSettings(
        text_fields={"title": 1},
        slot_fields=("material", {"field": "wifi", "kind": "boolean", "names": ["wlan", "wireless lan"]}),
    )
    known = Gazetteer.from_values(
        [("material", "Steel", 2), ("wifi", "wlan", 2), ("wifi", "wireless lan", 2)], kinds={"wifi": "boolean"}
    )
    documents: list[dict[str, list[object]]] = [
        {"title": ["of steel, WLAN"], "material": ["Plastic, Steel"], "wifi": [True]},
        {"title": ["no wlan"], "wifi": [False]},
    ]
    mentions = count_mentions(known, documents, shop)
    assert mentions.meant == {("material", "steel"): 1, ("wifi", "wlan"): 1}
    assert mentions.told["wifi", "wlan"] == 2
