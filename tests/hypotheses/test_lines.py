from __future__ import annotations

import json
from typing import Any

import pytest

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.hypotheses.lines import read, to_line
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.values import Slot

PLAY: dict[str, Any] = {"domain": "music", "intent": "play", "slots": [{"name": "song", "value": "Love"}]}
WHOLE: dict[str, Any] = {
    "id": "1",
    "hypotheses": [PLAY | {"system": "a", "intent_confidence": 0.7, "domain_confidence": 0.9}],
    "text": "play love",
    "context": {"device": "tv", "locale": "de-DE", "hour": 7, "previous_domain": "books"},
    "truth": PLAY,
    "group": "g",
}


def test_what_a_line_says_is_read() -> None:
    (found,) = read([json.dumps(WHOLE).encode(), b"\n"], "x")
    assert found.hypotheses[0].intent_confidence == 0.7
    assert found.truth
    assert found.truth.slots == (Slot("song", "Love"),)
    assert (found.context.hour, found.context.previous_domain, found.together) == (7, "books", "g")


def test_little_is_needed_and_lines_are_read_one_by_one() -> None:
    def lines() -> Any:
        yield json.dumps({"id": "1", "hypotheses": [{"domain": "d", "intent": "i"}]}).encode()
        raise AssertionError("read ahead")

    assert next(read(lines(), "x")).together == "1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hypotheses": []}, "hypotheses: tuple should have at least 1 item"),
        ({"hypotheses": [{"domain": "d"}]}, "hypotheses.0.intent: field required"),
        ({"hypotheses": [PLAY | {"intent_confidence": 1.5}]}, "hypotheses.0.intent_confidence: .* not '1.5'"),
        ({"hypotheses": [PLAY | {"evidence": {"e": "much"}}]}, "hypotheses.0.evidence.e: .* not 'much'"),
        ({"context": {"hour": 24}}, "context.hour: .* not '24'"),
        ({"truht": {}}, "truht: extra inputs are not permitted"),
        ({"truth": None}, "utterance '1' has no `truth`"),
    ],
)
def test_a_bad_line_is_named_with_its_field_and_value(change: dict[str, Any], says: str) -> None:
    lines = [json.dumps(WHOLE).encode(), b" ", json.dumps(WHOLE | change).encode()]
    with pytest.raises(DataError, match=f"x.jsonl, line 3: {says}"):
        list(read(lines, "x.jsonl", truth=True))


@pytest.mark.parametrize("line", [b"{", b"\xff", b"NaN", b"[1]"])
def test_what_is_no_object_is_named(line: bytes) -> None:
    with pytest.raises(DataError, match="line 1: "):
        list(read([line], "x"))


def test_an_order_as_a_line() -> None:
    (one,) = read([json.dumps(WHOLE).encode()], "x")
    found = json.loads(to_line("1", Reranker().rerank(one)))
    assert found["id"] == "1"
    assert found["hypotheses"] == [
        {
            "rank": 1,
            "domain": "music",
            "intent": "play",
            "slots": [{"name": "song", "value": "Love"}],
            "systems": ["a"],
            "likelihood": 0.63,
            "intent_likelihood": 0.63,
            "weighted": False,
        }
    ]
