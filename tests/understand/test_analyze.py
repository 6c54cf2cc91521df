from datetime import UTC, datetime

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import Asker, EntityScore, SearchRequest
from ltrr_opensearch.understand.analyze import analyze

INDEX = IndexSettings(text_fields={"title": 1.0}, slot_fields=("brand",))


def _request(text: str) -> SearchRequest:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return SearchRequest("q1", "shop", text, {}, (), (), (), 10, 0, Asker(), None, at)


def _knowledge() -> Knowledge:
    gazetteer = Gazetteer.from_values([("brand", "Dell", 900), ("brand", "Acme", 100), ("series", "Laptop", 500)])
    return Knowledge(Memory.from_rows([MemoryRow("dell laptop", (EntityScore("1", 0.5),))]), gazetteer)


def test_analyze_finds_slots_and_memory() -> None:
    query = analyze(_request("  DELL Laptops! "), _knowledge(), INDEX)
    assert (query.normalized, query.tokens, query.language) == ("dell laptops", ("dell", "laptops"), "und")
    best = query.readings[0]
    assert [(s.field, s.value) for s in best.slots] == [("brand", "Dell")]
    assert best.residual == "laptops"
    assert query.remembered[0].query == "dell laptop"


def test_fields_that_are_no_longer_configured_are_ignored() -> None:
    index = IndexSettings(text_fields={"title": 1.0})
    query = analyze(_request("dell laptop"), _knowledge(), index)
    assert [r.slots for r in query.readings] == [()]


def test_empty_knowledge_and_text() -> None:
    query = analyze(_request(" ?! "), Knowledge.empty(), INDEX)
    assert (query.normalized, query.readings, query.remembered) == ("", (), ())


def test_of_a_whole_document_as_query_only_the_beginning_is_read() -> None:
    text = "dell laptop bag black " * 5_000
    query = analyze(_request(text), _knowledge(), INDEX)
    assert query.tokens == tuple(text.split()[:64])
    assert query.normalized == " ".join(query.tokens)
