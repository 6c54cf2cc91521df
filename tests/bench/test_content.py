import numpy as np
import pytest

from ltrr_opensearch.bench.content_hidden import LEAST, Score
from ltrr_opensearch.bench.content_searched import (
    Asked,
    asked_of,
    condensed,
    first_ten,
    recall,
    recall_unsaid,
    without_one,
)
from ltrr_opensearch.propose.proposer import Proposed
from ltrr_opensearch.types import Json

FIELDS = ("colour.keyword", "type.keyword", "wifi")


def shop(size: int = 400) -> list[Json]:
    rng = np.random.default_rng(0)
    colours, types = [f"Colour{i}" for i in range(9)], [f"Type{i}" for i in range(9)]
    return [
        {"id": str(i), "colour": str(rng.choice(colours)), "type": str(rng.choice(types)), "wifi": i % 2 == 0}
        for i in range(size)
    ]


def test_one_value_is_hidden_on_three_of_ten_and_nothing_else_changes() -> None:
    whole = shop()
    products, hidden = without_one(whole, FIELDS)
    assert len(hidden) == pytest.approx(120, abs=25)
    for before, after in zip(whole, products, strict=True):
        lost = before.keys() - after.keys()
        assert lost == ({hidden[before["id"]].removesuffix(".keyword")} if before["id"] in hidden else set())
    assert without_one(whole, FIELDS) == (products, hidden), "the same each time"


def test_queries_ask_for_a_hidden_value_beside_one_that_is_stated() -> None:
    whole = shop()
    _, hidden = without_one(whole, FIELDS)
    asked = asked_of(whole, FIELDS, hidden, 20)
    assert len(asked) == 20
    for one in asked:
        both = {p["id"] for p in whole if {p["colour"].lower(), p["type"].lower()} == set(one.text.split())}
        assert one.having == both
        assert one.hidden
        assert one.hidden <= both & hidden.keys()
        assert len({hidden[id] for id in one.hidden}) == 1
        assert one.unsaid == one.hidden, "there is no text"
        assert one.known == {p["id"] for p in whole}


def test_documents_of_which_nothing_is_known_are_left_out_of_a_condensed_list() -> None:
    one = Asked("q", frozenset("a"), frozenset(), frozenset("ab"), frozenset("abx"))
    lists = {"q": ["u", *"vwyzUVWYZ", "x", "a", "b"]}
    assert first_ten([one], lists) == {"q": 0.0}
    assert condensed([one], lists) == {"q": 1.0}
    assert (recall([one], lists), recall_unsaid([one], lists)) == ({"q": 1.0}, {})


def test_a_score_counts_what_is_sure_and_usual() -> None:
    score = Score()
    found = [("black", 0.9), ("white", LEAST), ("red", LEAST - 0.1)]
    candidates = [Proposed(key, key.title(), sure) for key, sure in found]
    score.add(candidates, ("Black",), usual=True)
    score.add(candidates, ("Black",), usual=False)
    assert (score.documents, score.covered, score.proposals, score.right) == (2, 1, 2, 1)
    measured = score.measured("ink")
    assert (measured.precision, measured.coverage) == (0.5, 0.5)
    assert len(score.sure) == len(score.true) == 6
