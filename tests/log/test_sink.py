"""What a search leaves behind, under which ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ltrr_opensearch.log.sink import DecisionSink
from ltrr_opensearch.settings import LogSettings, StateSettings
from ltrr_opensearch.types import Asker, Json, SearchRequest, UbiRequest
from tests.log.test_records import typical


class Written:
    """What would go to the cluster, by index and id."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Json] = {}

    def write(self, index: str, id: str, document: Json) -> bool:
        self.documents.setdefault((index, id), document)
        return True


def request(query_id: str | None) -> SearchRequest:
    return SearchRequest(
        query_id="q1",
        at=typical().at,
        target="shop",
        text="usb cable",
        body={},
        filters=(),
        size=10,
        offset=0,
        params=(),
        headers=(),
        asker=Asker(),
        ubi=UbiRequest(query_id=query_id),
    )


def count(named: str | None) -> dict[str, int]:
    written = Written()
    sink = DecisionSink(written, StateSettings(), LogSettings())
    again = typical().at + timedelta(seconds=5)
    for decision in (typical(), typical(), replace(typical(), at=again)):
        sink(decision, replace(request(named), at=decision.at))
    indexes = [index.partition("-")[0] for index, _ in written.documents]
    return {index: indexes.count(index) for index in indexes}


def test_a_search_is_written_once_however_often_it_is_recorded() -> None:
    assert count(named=None) == {"ltrr_decisions": 1, "ubi_queries": 1, "ubi_events": 10}


def test_a_second_search_under_a_clients_query_id_keeps_its_decision() -> None:
    assert count(named="q1") == {"ltrr_decisions": 2, "ubi_queries": 2, "ubi_events": 20}


def test_records_and_their_features_are_kept_by_chances_of_their_own() -> None:
    sink = DecisionSink(Written(), StateSettings(), LogSettings(sample_rate=0.5, feature_rate=0.2))
    drawn = [(sink.keeps(f"q{n}"), sink.keeps_features(f"q{n}")) for n in range(4000)]
    kept = [features for keeps, features in drawn if keeps]
    assert 1900 < len(kept) < 2100
    assert 340 < sum(kept) < 460
    every = DecisionSink(Written(), StateSettings(), LogSettings())
    assert all(every.keeps(f"q{n}") and every.keeps_features(f"q{n}") for n in range(100))
