"""The loop of whatever keeps documents up to date with what was written: shard by shard, in the order of writes.

From the last mark on. Updates are partial and conditional on the sequence number that was read: a concurrent write of
the application wins, and its document, now with a higher number, comes along again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opensearchpy import OpenSearch

from ltrr_opensearch.index.bulk import Action, Result, send
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.shards import Document, Shard, changed, count, highest
from ltrr_opensearch.types import Json

_PAGE = 200
_ROUNDS = 10  # over one shard that an application keeps writing to; the rest waits for the next run


@dataclass
class Tally:
    """Counts of a run, in documents; `changed` ones were written by somebody else in between and came again."""

    written: int = 0
    unchanged: int = 0
    kept: int = 0
    changed: int = 0
    failed: int = 0


@dataclass(kw_only=True)
class Following(ABC):
    """One run over some shards. `marks` is updated as it goes; `on_mark` is called after every page, to keep it."""

    client: OpenSearch
    marks: dict[str, int]
    failures: Failures
    pace: Pace
    on_mark: Callable[[], None]
    on_progress: Callable[[int], None]
    tally: Tally = field(default_factory=Tally)

    @property
    @abstractmethod
    def fields(self) -> list[str]:
        """What is read of a document's source."""

    @property
    def asked(self) -> str | None:
        """The field that `Document.has_vector` tells of."""
        return None

    @abstractmethod
    def updates(self, documents: Sequence[Document]) -> list[tuple[Document, Json]]:
        """Those that are to be written, with the body of the update; the others are counted."""

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
        for page in changed(self.client, shard, mark, top, self.fields, self.asked, _PAGE):
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
        wanting = self.updates(documents)
        self.on_progress(len(documents) - len(wanting))
        if not wanting:
            return None
        results = send(self.client, [_update(d, body) for d, body in wanting])
        self.on_progress(len(wanting))
        left = [d.seq_no for (d, _), r in zip(wanting, results, strict=True) if self._settle(d, r, ours)]
        return min(left, default=None)

    def _settle(self, document: Document, result: Result, ours: set[int]) -> bool:
        """Accounts for one update; true if it should be tried again later."""
        if result.status < 300:
            self.tally.written += 1
            if result.seq_no is not None:
                ours.add(result.seq_no)
        elif result.status in (404, 409):  # deleted, or written again with a higher number: not lost
            self.tally.changed += 1
        else:
            self.tally.failed += 1
            self.failures.add(document.id, result.reason)
        return result.busy


def _update(document: Document, body: Json) -> Action:
    header: Json = {
        "_index": document.index,
        "_id": document.id,
        "if_seq_no": document.seq_no,
        "if_primary_term": document.primary_term,
    }
    if document.routing is not None:
        header["routing"] = document.routing
    return Action("update", header, body)
