"""What the log keeps of who asked and what they asked: as it came, as keyed hashes, cut, or nothing. Pure.

Hashes of the same value are equal, so searches of one person still belong together; without `state.secret` nobody can
find a value by trying. What learning can still do with each is said in docs/security.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from ltrr_opensearch.log.ubi import UbiEvent
from ltrr_opensearch.logged import CUT, HIDDEN, Decision, LaterShown
from ltrr_opensearch.settings import LogSettings, StateSettings
from ltrr_opensearch.types import Asker, Json, SearchRequest

_WHO = ("user_id", "session_id", "client_id")


@dataclass(frozen=True, slots=True)
class Privacy:
    """`users` and `queries` as in the settings; `longest` is what is left of a query that is cut, in characters."""

    users: str
    queries: str
    longest: int
    key: bytes = field(repr=False)

    @property
    def keeps_all(self) -> bool:
        return self.users == self.queries == "keep"

    def decision(self, decision: Decision) -> Decision:
        if self.keeps_all:
            return decision
        shorten = self._query_of(decision.query_id)
        text, normalized = shorten(decision.text), shorten(decision.normalized)
        return replace(decision, asker=self.asker(decision.asker), text=text, normalized=normalized)

    def later(self, shown: LaterShown) -> LaterShown:
        text = self._query_of(shown.continues)(shown.text)
        return shown if self.keeps_all else replace(shown, asker=self.asker(shown.asker), text=text)

    def request(self, request: SearchRequest) -> SearchRequest:
        """For UBI's record of it. A body repeats the query, so it is left out where the query is not kept."""
        if self.keeps_all:
            return request
        shorten = self._query_of(request.query_id)
        ubi = request.ubi
        if ubi is not None:
            said = shorten(ubi.user_query) if ubi.user_query else None
            ubi = replace(ubi, user_query=said, client_id=self._who(ubi.client_id))
        body = request.body if self.queries == "keep" else {}
        return replace(request, text=shorten(request.text), asker=self.asker(request.asker), ubi=ubi, body=body)

    def event(self, event: UbiEvent) -> UbiEvent:
        """A posted event. Its id is made from what was posted, and must not tell it: so it is keyed, too."""
        if self.keeps_all:
            return event
        document: Json = dict(event.document)
        for name in _WHO:
            if name in document and (who := self._who(str(document.pop(name)))) is not None:
                document[name] = who
        if (asked := document.get("user_query")) is not None:
            document["user_query"] = self._query_of(str(document.get("query_id", event.id)))(str(asked))
        return UbiEvent(self._hash(event.id), document)

    def asker(self, asker: Asker) -> Asker:
        user, session, client = map(self._who, (asker.user, asker.session, asker.client))
        return replace(asker, user=user, session=session, client=client)

    def _who(self, value: str | None) -> str | None:
        if value is None or self.users == "keep":
            return value
        return self._hash(value) if self.users == "hash" else None

    def _query_of(self, query_id: str) -> Callable[[str], str]:
        """How the words of a search are written. A query that is left out is like no other, hence its id."""
        if self.queries == "hash":
            return lambda words: f"{HIDDEN}{self._hash(words)}"
        if self.queries == "omit":
            return lambda _: f"{HIDDEN}{self._hash(query_id)}"
        if self.queries == "cut":
            return lambda words: words if len(words) <= self.longest else f"{CUT}{words[: self.longest]}"
        return str

    def _hash(self, value: str) -> str:
        return blake2b(value.encode(), key=self.key, digest_size=16).hexdigest()


def privacy_of(log: LogSettings, state: StateSettings) -> Privacy:
    key = blake2b(state.secret.get_secret_value().encode(), person=b"ltrr log").digest()
    return Privacy(log.users, log.queries, log.query_chars, key)
