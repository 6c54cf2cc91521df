"""Gives every document its vector (or learned terms), and keeps it so: the loop of set-up and of sync.

Shard by shard, in the order of sequence numbers, from the last mark. Beside the vector a document gets the key of what
was embedded (encoder and text), so that a changed text is noticed and an unchanged one costs nothing. Updates are
partial and conditional on the sequence number that was read: a concurrent write of the application wins, and its
document, now with a higher number, comes along again. A vector without a key was made by somebody else and is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opensearchpy import OpenSearch

from ltrr_opensearch.index.bulk import Action, Result, send
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DENSE, Filler
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.shards import Document, Shard, changed, count, highest
from ltrr_opensearch.index.texts import includes, text_of
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.embedding_cache import embedding_key

_PAGE = 200
_ROUNDS = 10  # over one shard that an application keeps writing to; the rest waits for the next sync


class Need(StrEnum):
    """What a document needs."""

    NOTHING = "up to date"
    KEEP = "kept: vector from elsewhere"
    EMBED = "embedded"
    NO_TEXT = "without text"


@dataclass
class Tally:
    """Counts of a run, in documents; `changed` ones were written by somebody else in between and came again."""

    embedded: int = 0
    unchanged: int = 0
    kept: int = 0
    changed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """The field to fill, the fields whose text is encoded, and by what."""

    field: str
    sources: tuple[str, ...]
    filler: Filler

    @property
    def key_field(self) -> str:
        return key_field(self.field)

    def holds(self, document: Document) -> bool:
        """Whether the document has a value. A `rank_features` field answers no such query, so its source is read."""
        return document.has_vector if self.filler.kind == DENSE else self.field in document.source


def key_field(vector_field: str) -> str:
    """Where a document keeps the key of its embedding."""
    return f"{vector_field}_key"


def need_of(document: Document, target: Target) -> tuple[Need, str]:
    """What a document needs, and its text. Pure."""
    text = text_of(document.source, target.sources)
    stored = document.source.get(target.key_field)
    if target.holds(document) and stored is None:
        return Need.KEEP, text
    if not text:
        return Need.NO_TEXT, text
    if target.holds(document) and stored == embedding_key(target.filler.digest, text):
        return Need.NOTHING, text
    return Need.EMBED, text


def filled(target: Target, text: str, value: Any) -> Json:
    """What is added to a document: the value, and its key."""
    return {target.field: value, target.key_field: embedding_key(target.filler.digest, text)}


def update_of(target: Target, text: str, value: Any) -> Json:
    """The update that adds it. Terms take the place of those before: a partial document would be merged with them."""
    added = filled(target, text, value)
    if target.filler.kind == DENSE:
        return {"doc": added}
    return {"script": {"source": "ctx._source.putAll(params.added)", "params": {"added": added}}}


@dataclass
class Backfill:
    """One run over some shards. `marks` is updated as it goes; `on_mark` is called after every page, to keep it."""

    client: OpenSearch
    target: Target
    marks: dict[str, int]
    failures: Failures
    pace: Pace
    on_mark: Callable[[], None]
    on_progress: Callable[[int], None]
    tally: Tally = field(default_factory=Tally)

    def waiting(self, shards: Sequence[Shard]) -> int:
        """Documents written since the marks."""
        return sum(count(self.client, s, self._mark(s), highest(self.client, s)) for s in shards)

    def run(self, shards: Sequence[Shard]) -> bool:
        """Returns whether all is done up to now; what failed for lack of capacity comes again with the next run."""
        done = [self._shard(shard) for shard in shards]  # every shard has its turn, whatever another one says
        return all(done)

    def _mark(self, shard: Shard) -> int:
        return self.marks.get(shard.key, -1)

    def _shard(self, shard: Shard) -> bool:
        ours: set[int] = set()
        for _ in range(_ROUNDS):
            self.client.indices.refresh(index=shard.index)
            mark, top = self._mark(shard), highest(self.client, shard)
            if top <= mark:
                return True
            if count(self.client, shard, mark, top) == sum(mark < n <= top for n in ours):
                self._advance(shard, top)
                return True
            if not self._pass(shard, mark, top, ours):
                return False
        return False

    def _pass(self, shard: Shard, mark: int, top: int, ours: set[int]) -> bool:
        fields = [*includes(self.target.sources), self.target.key_field]
        asked = self.target.field if self.target.filler.kind == DENSE else None
        fields += [] if asked else [self.target.field]
        for page in changed(self.client, shard, mark, top, fields, asked, _PAGE):
            busy = self._page([d for d in page if d.seq_no not in ours], ours)
            if busy is not None:
                self._advance(shard, busy - 1)
                return False
            self._advance(shard, page[-1].seq_no)
        self._advance(shard, top)
        return True

    def _advance(self, shard: Shard, mark: int) -> None:
        if mark != self._mark(shard):
            self.marks[shard.key] = mark
            self.on_mark()

    def _page(self, documents: Sequence[Document], ours: set[int]) -> int | None:
        """Returns the lowest sequence number of what the cluster was too busy to take."""
        wanting: list[tuple[Document, str]] = []
        for document in documents:
            need, text = need_of(document, self.target)
            if need is Need.EMBED:
                wanting.append((document, text))
            self._count(document, need)
        self.on_progress(len(documents) - len(wanting))
        if not wanting:
            return None
        self.pace.wait(len(wanting))
        values = self.target.filler.values([text for _, text in wanting])
        actions = [self._update(d, t, v) for (d, t), v in zip(wanting, values, strict=True)]
        results = send(self.client, actions)
        self.on_progress(len(wanting))
        left = [d.seq_no for (d, _), r in zip(wanting, results, strict=True) if self._settle(d, r, ours)]
        return min(left, default=None)

    def _count(self, document: Document, need: Need) -> None:
        match need:
            case Need.NOTHING:
                self.tally.unchanged += 1
            case Need.KEEP:
                self.tally.kept += 1
            case Need.NO_TEXT:
                self.tally.failed += 1
                self.failures.add(document.id, f"no text in {', '.join(self.target.sources)}")
            case Need.EMBED:
                pass

    def _update(self, document: Document, text: str, value: Any) -> Action:
        header: Json = {
            "_index": document.index,
            "_id": document.id,
            "if_seq_no": document.seq_no,
            "if_primary_term": document.primary_term,
        }
        if document.routing is not None:
            header["routing"] = document.routing
        return Action("update", header, update_of(self.target, text, value))

    def _settle(self, document: Document, result: Result, ours: set[int]) -> bool:
        """Accounts for one update; true if it should be tried again later."""
        if result.status < 300:
            self.tally.embedded += 1
            if result.seq_no is not None:
                ours.add(result.seq_no)
        elif result.status in (404, 409):  # deleted, or written again with a higher number: not lost
            self.tally.changed += 1
        else:
            self.tally.failed += 1
            self.failures.add(document.id, result.reason)
        return result.busy
