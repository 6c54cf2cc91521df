"""What the log keeps of people and their words: hashed, cut or left out, in every document that is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.contradictions import contradictions
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.log import records
from ltrr_opensearch.log.privacy import Privacy, privacy_of
from ltrr_opensearch.log.sink import DecisionSink
from ltrr_opensearch.log.ubi import parse_event
from ltrr_opensearch.logged import LaterShown, is_whole
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.settings import LogSettings, Settings, StateSettings
from ltrr_opensearch.types import Asker, Json, SearchRequest, UbiRequest
from tests.log.test_records import typical as decision

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STATE = StateSettings(secret="known to nobody")
WHO = Asker("Alice-User", "Alice-Session", "Alice-Client", "web", "phone", "de", "b2b")
WORDS = "Zebra slippers for my secret wedding in June, size forty-three"
PERSONAL = ("Alice-User", "Alice-Session", "Alice-Client")
EVENT = {
    "action_name": "click",
    "query_id": "q1",
    "user_id": "Alice-User",
    "session_id": "Alice-Session",
    "client_id": "Alice-Client",
    "user_query": WORDS,
    "event_attributes": {"object": {"object_id": "1"}},
}


class Written:
    def __init__(self) -> None:
        self.documents: list[Json] = []

    def write(self, index: str, id: str, document: Json) -> bool:
        self.documents.append({"_index": index, "_id": id, **document})
        return True


def request() -> SearchRequest:
    body = {"query": {"match": {"title": WORDS}}}
    ubi = UbiRequest("q1", WORDS, "Alice-Client", "web")
    return SearchRequest("q1", "shop", WORDS, body, (), (), (), 10, 0, WHO, ubi, NOW)


def logged(log: LogSettings, query_id: str = "q1", words: str = WORDS) -> str:
    """All that is written of a search, a later page of it and an event, as text."""
    written = Written()
    sink = DecisionSink(written, STATE, log)
    made = replace(decision(), query_id=query_id, text=words, normalized=normalise(words), asker=WHO, at=NOW)
    sink(made, replace(request(), query_id=query_id))
    sink.later(LaterShown("q2", query_id, NOW, words, WHO, 10, ("1",), ("1",)), request())
    event = privacy_of(log, STATE).event(parse_event(EVENT | {"query_id": query_id, "user_query": words}, NOW))
    return orjson.dumps([*written.documents, {"_id": event.id, **event.document}]).decode()


def test_as_it_came() -> None:
    kept = logged(LogSettings())
    assert all(word in kept for word in (*PERSONAL, WORDS, normalise(WORDS)))


@pytest.mark.parametrize("users", ["hash", "omit"])
def test_people_are_not_named(users: Any) -> None:
    kept = logged(LogSettings(users=users))
    assert [word for word in PERSONAL if word in kept] == []
    assert WORDS in kept
    assert all(word in kept for word in ("phone", "b2b", "web"))


@pytest.mark.parametrize("queries", ["hash", "omit"])
def test_words_are_not_written(queries: Any) -> None:
    kept = logged(LogSettings(queries=queries)).lower()
    assert [word for word in WORDS.lower().replace(",", "").split() if len(word) > 4 and word in kept] == []
    assert "alice-user" in kept


def test_words_are_cut() -> None:
    kept = logged(LogSettings(queries="cut", query_chars=14))
    assert "Zebra slippers" in kept
    assert "wedding" not in kept.lower()
    assert "Zebra" in logged(LogSettings(queries="cut", query_chars=14), words="Zebra")


def test_hashes_of_the_same_are_equal_and_of_another_secret_not() -> None:
    hashed = privacy_of(LogSettings(users="hash", queries="hash"), STATE)
    other = privacy_of(LogSettings(users="hash", queries="hash"), StateSettings(secret="another"))
    one = hashed.decision(replace(decision(), asker=WHO, text=WORDS, normalized="a b"))
    same = hashed.decision(replace(decision(), query_id="else", asker=WHO, text=WORDS, normalized="a b"))
    assert (one.asker, one.text, one.normalized) == (same.asker, same.text, same.normalized)
    assert len({one.asker.user, one.asker.session, one.asker.client}) == 3
    assert other.decision(replace(decision(), asker=WHO)).asker != one.asker


def test_a_query_that_is_left_out_is_like_no_other() -> None:
    omitted = privacy_of(LogSettings(queries="omit"), STATE)
    found = {omitted.decision(replace(decision(), query_id=id)).normalized for id in ("a", "b")}
    assert len(found) == 2


def test_an_event_sent_twice_is_one_and_its_id_tells_nothing() -> None:
    hashed = privacy_of(LogSettings(users="hash"), STATE)
    plain = parse_event(EVENT, NOW)
    assert hashed.event(plain).id == hashed.event(parse_event(EVENT, NOW)).id != plain.id


@pytest.mark.parametrize("queries", ["hash", "omit", "cut"])
def test_what_is_not_whole_is_never_remembered(queries: Any) -> None:
    masked = Privacy("keep", queries, 5, b"key").decision(replace(decision(), text=WORDS, normalized=normalise(WORDS)))
    assert not is_whole(masked.normalized)
    assert records.from_document(records.to_document(masked)).normalized == masked.normalized


@given(st.text())
def test_every_query_that_is_kept_is_whole(words: str) -> None:
    assert is_whole(normalise(words)) == bool(normalise(words))


def test_a_hash_whose_key_everybody_knows_is_refused() -> None:
    index = {"shop": IndexSettings(text_fields={"title": 1})}
    settings = Settings(log=LogSettings(users="hash"), indexes=index)
    assert [(".".join(map(str, where)), "set state.secret" in said) for where, said in contradictions(settings)] == [
        ("log.users", True)
    ]
    assert list(contradictions(settings.model_copy(update={"state": STATE}))) == []
