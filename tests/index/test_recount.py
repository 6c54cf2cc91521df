from typing import Any

import pytest

from ltrr_opensearch.bench.music import BY_DEGREE
from ltrr_opensearch.index.mentions import Fields
from ltrr_opensearch.index.recount import Recount
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.knowledge.distribution import Distribution

live: dict[str, Any] = {"field": "live", "names": ["live", "in concert"]}
MUSIC = IndexSettings.model_validate(BY_DEGREE | {"slot_fields": ["genre", "plays", live]})
KINDS = {"genre": "keyword", "plays": "number", "live": "boolean"}
NOTHING = Counted(0, kinds=KINDS, numbers={"plays": Distribution.of(2, (1.0,) * 11, {})})


def song(artist: str, *genres: object, **fields: list[object]) -> Fields:
    said: Fields = {"kind": ["song"], "title": ["Rain of Polka"], "title.keyword": ["Rain"], "plays": [4]}
    return said | {"artist.keyword": [artist], "genre": list(genres)} | fields


def after(before: Counted, *documents: Fields, created: bool = True, most_values: int = 9, texts: int = 9) -> Counted:
    recount = Recount(before, MUSIC, most_values=most_values, most_texts=texts)
    for document in documents:
        recount.add(document, created=created)
    return recount.after()


def test_a_document_adds_all_that_it_says() -> None:
    counted = after(NOTHING, song("Hart", "Polka", "Polka", 7, live=[True]), song("Hart", "Folk", live=[False]))
    assert counted.documents == 2
    assert counted.values == {
        ("genre", "Polka"): 1,
        ("genre", "Folk"): 1,
        ("live", "live"): 1,
        ("live", "in concert"): 1,
    }
    (rain,) = counted.names.values()
    assert (rain.type, rain.name, rain.documents, rain.interest) == ("song", "Rain", 2, 8.0)
    (hart,) = counted.members.values()
    assert (hart.documents, dict(hart.groups), hart.interest) == (2.0, {"Polka": 1.0, "Folk": 1.0}, 8.0)
    assert counted.mentions.told["genre", "polka"] == 2, "both say the word, and have a genre"
    assert counted.mentions.meant["genre", "polka"] == 1
    assert counted.numbers is NOTHING.numbers


def test_what_is_written_again_adds_what_was_not_known_alone() -> None:
    before = after(NOTHING, song("Hart", "Polka"), song("Merrow", "Jazz"))
    again = after(before, song("Hart", "Polka"), created=False)
    assert again == before
    both = after(before, song("Hart", "Polka", "Ska"), song("Merrow", "Ska"), created=False)
    assert both.values == {**before.values, ("genre", "Ska"): 2}
    assert both.documents == before.documents
    assert both.members["leaning", "Hart"].groups == {"Polka": 1.0, "Ska": 1.0}
    assert after(both, song("Merrow", "Ska"), created=False) == both


def test_a_group_that_is_not_kept_is_not_new_each_time() -> None:
    before = after(NOTHING, *(song("Hart", f"g{n}") for n in range(8) for _ in range(2)))
    once = after(before, song("Hart", "ninth"), created=False)
    assert after(once, song("Hart", "ninth"), created=False).members == once.members == before.members


def test_keys_of_an_entity_are_kept_together() -> None:
    lists: list[Fields] = [{"kind": ["playlist"], "title.keyword": ["Sad"], "id": [id]} for id in ("p1", "p2")]
    before = after(NOTHING, lists[0])
    (sad,) = after(before, lists[1], created=False).names.values()
    assert (sad.documents, sad.keys) == (1, {"id": ("p1", "p2")})


def test_what_is_kept_has_a_bound() -> None:
    before = after(NOTHING, song("Hart", "a", "b"))
    counted = after(before, song("Hart", "b", "c"), most_values=2)
    assert counted.values == {("genre", "a"): 1, ("genre", "b"): 2}
    many = after(NOTHING, *(song("Hart", f"g{n}") for n in range(12)), texts=3)
    assert len(many.members["leaning", "Hart"].groups) == 8
    assert many.mentions.documents == 3


@pytest.mark.parametrize("counted", [NOTHING, after(NOTHING, song("Hart", "Polka", live=[True]))])
def test_as_bytes_it_is_the_same(counted: Counted) -> None:
    assert Counted.from_bytes(counted.to_bytes()) == counted
