from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ltrr_opensearch.predict.neighbours import Neighbours
from ltrr_opensearch.predict.patterns import Patterns
from ltrr_opensearch.predict.predictor import Described, Prediction
from ltrr_opensearch.predict.relevance import MOST, Relevance, kept, threshold
from ltrr_opensearch.types import Vector

BRANDS, KINDS = ("Dell", "Acer", "Sony", "Asus"), ("Laptop", "Monitor", "Tablet")


def product(brand: str, kind: str, at: float) -> Described:
    vector = np.array([np.cos(at), np.sin(at)], np.float32)
    name = f"{kind} - {brand}"
    return Described(f"{brand}-{kind}", name, {"name": (name,), "brand": (brand,)}, vector)


ASKED_FOR = [product(brand, kind, 0.1 * i) for i, brand in enumerate(BRANDS) for kind in KINDS]
ASKED = {p.id: {f"{p.values['brand'][0].lower()} {p.text.split()[0].lower()}": 2.0} for p in ASKED_FOR}
NEW = product("Lenovo", "Printer", 0.12)


def test_patterns_ask_for_new_documents_as_people_asked_for_others() -> None:
    patterns = Patterns.learned(ASKED_FOR, ASKED)
    ((prediction, *_),) = patterns.predict([NEW])
    assert prediction.query == "lenovo printer"
    assert prediction.score == pytest.approx(12 / 17), "12 of 12 documents, and five that were not"


def test_what_two_documents_were_asked_by_is_no_habit() -> None:
    two = {p.id: ASKED[p.id] for p in ASKED_FOR[:2]}
    assert Patterns.learned(ASKED_FOR, two).predict([NEW]) == [[]]


def test_neighbours_lend_their_queries_as_they_are_near() -> None:
    asked = {"Dell-Laptop": {"a": 3.0, "b": 1.0}, "Acer-Laptop": {"b": 1.0}}
    ((first, second),) = Neighbours.learned(ASKED_FOR, asked).predict([product("X", "Y", 0.05)])
    assert (first.query, second.query) == ("b", "a")
    assert [first.score, second.score] == pytest.approx([0.625, 0.375])
    assert Neighbours.learned(ASKED_FOR, asked).predict([product("X", "Y", 2.0)]) == [[]], "another shelf"
    assert Neighbours.learned([], {}).predict([NEW]) == [[]]


def test_a_document_lends_itself_nothing() -> None:
    asked = {"Dell-Laptop": {"a": 1.0}}
    assert Neighbours.learned(ASKED_FOR, asked).predict([ASKED_FOR[0]]) == [[]]


class Angles:
    """Embeds a query by the number it ends in."""

    dimension, digest = 2, "angles"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vector:
        self.encoded += texts
        angles = np.array([float(t.split()[-1]) for t in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


class Says:
    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]:
        return [[Prediction("far 1.5", 0.9), Prediction("near 0", 0.8), Prediction("rare 0", 0.1)] for _ in documents]


def test_the_likeliest_are_judged_and_the_most_relevant_kept() -> None:
    encoder = Angles()
    relevance = Relevance(Says(), encoder, most=2)
    judged = relevance.judged([product("A", "B", 0.0)])
    assert [(j.query, round(j.relevance, 2)) for j in judged[0]] == [("near 0", 1.0), ("far 1.5", 0.07)]
    least = threshold(judged, 0.5)
    (best,) = kept(judged, least)
    assert best.query == "near 0"
    assert best.score == pytest.approx(MOST)
    relevance.judged([product("A", "B", 0.3)])
    assert len(encoder.encoded) == 2, "each query is embedded once"


def test_nothing_predicted_nothing_kept() -> None:
    assert threshold([[], []], 0.5) == -1
    assert kept([[], []], -1) == []
