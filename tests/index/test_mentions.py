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
    assert mentions.said == {("dell",): 2, ("desk",): 1}
    assert mentions.meant == {("brand", ("dell",)): 1}
