import numpy as np
import pytest

from ltrr_opensearch.predict.phrases import filled, pattern_of, pieces
from ltrr_opensearch.predict.predictor import Described


def described(id: str, **values: str) -> Described:
    return Described(id, " ".join(values.values()), {k: (v,) for k, v in values.items()}, np.ones(1, np.float32))


GEARS = described("1", name="Gears of War 3: Limited Edition - Xbox 360", maker="Microsoft", about="a b c d e f g h")


def test_a_title_has_parts_and_their_first_words_and_short_fields_are_whole() -> None:
    named = pieces(GEARS)
    assert named["name.1"] == ("gears", "of", "war", "3")
    assert named["name.2"] == ("limited", "edition")
    assert named["name.last"] == ("xbox", "360")
    assert named["name.1<1"] == ("gears",)
    assert named["maker"] == ("microsoft",)
    assert "about" not in named, "nobody types a text"


@pytest.mark.parametrize(
    ("query", "pattern"),
    [
        ("gears of war 3", ("name.1",)),
        ("gear of war 3", ("name.1",)),
        ("gears", ("name.1<1",)),
        ("xbox 360 gears of war 3", ("name.3", "name.1")),
        ("gears of wars 3", ("name.1",)),
        ("microsoft games", ("maker", "=games")),
        ("gears of the moon", None),
        ("", None),
    ],
)
def test_a_query_is_read_by_the_pieces_that_it_names(query: str, pattern: tuple[str, ...] | None) -> None:
    assert pattern_of(tuple(query.split()), pieces(GEARS)) == pattern


def test_a_pattern_is_filled_by_another_document() -> None:
    halo = pieces(described("2", name="Halo: Reach - Xbox 360", maker="Microsoft"))
    assert filled(("name.1", "=game"), halo) == "halo game"
    assert filled(("name.3", "name.1"), halo) == "xbox 360 halo"
    assert filled(("colour",), halo) is None
    assert filled(("name.1", "name.1"), halo) is None, "nobody says a word twice"
