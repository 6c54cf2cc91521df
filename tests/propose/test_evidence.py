import numpy as np
import pytest

from ltrr_opensearch.propose.dictionary import Said
from ltrr_opensearch.propose.evidence import CANDIDATES, COLUMNS, FAR, OF_TEXT, evidence

SHARES = {"black": 0.5, "white": 0.1}
CLASSES = ("black", "white", "red", "blue", "green")
CHANCES = np.log(np.array([0.6, 0.2, 0.1, 0.06, 0.04]))


def row_of(key: str, said: dict[str, Said], posterior: np.ndarray | None = None) -> dict[str, float]:
    keys, rows = evidence(said, CLASSES, posterior, SHARES)
    return dict(zip(COLUMNS, rows[keys.index(key)].tolist(), strict=True))


def test_what_is_said_and_what_is_likeliest_are_candidates() -> None:
    said = {"green": Said("green", 0.9, True)}
    assert evidence(said, CLASSES, CHANCES, SHARES)[0] == ["green", *CLASSES[:CANDIDATES]]
    assert evidence(said, CLASSES, None, SHARES)[0] == ["green"]
    assert evidence({}, (), None, SHARES)[0] == []


def test_the_rows_say_what_speaks_for_a_value() -> None:
    said = {"jet black": Said("jet black", 0.9, True), "white": Said("white", 0.5, False)}
    row = row_of("jet black", said, CHANCES)
    assert (row["bias"], row["said"], row["titled"], row["words"]) == (1, 1, 1, 1)
    assert row["belief"] == pytest.approx(np.log(9))
    assert row["ahead"] == pytest.approx(np.log(9))
    assert row["rivals"] == pytest.approx(np.log(2))
    assert (row["alike"], row["alike first"], row["alike ahead"]) == (-FAR, 0, -FAR), "the classifier knows it not"
    black, white = row_of("black", said, CHANCES), row_of("white", said, CHANCES)
    assert (black["said"], black["alike first"]) == (0, 1)
    assert black["alike ahead"] == pytest.approx(np.log(3)) == -white["alike ahead"]
    assert black["alike"] == pytest.approx(np.log(0.6 / 0.4))


def test_without_an_embedding_nothing_is_said_of_likeness() -> None:
    row = row_of("white", {"white": Said("white", 0.5, False)})
    assert [row[name] for name in COLUMNS[len(OF_TEXT) :]] == [0, 0, 0]
    assert row["share"] == pytest.approx(np.log(0.1))
