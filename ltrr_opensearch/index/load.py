"""Bulk-loads a file into an index, with the vectors in the same write. Every line is accounted for.

Progress is kept after every page; an interrupted load goes on there. A whole load that is repeated writes the same
documents under the same ids again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from opensearchpy import OpenSearch

from ltrr_opensearch.index.backfill import Target, fields_with_vector
from ltrr_opensearch.index.bulk import Action, Result, send
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.rows import Row, fingerprint, read_rows, readable
from ltrr_opensearch.index.texts import text_of

_PAGE = 200


@dataclass
class Loaded:
    """Counts of lines. `resumed` ones an interrupted run had brought in before."""

    indexed: int = 0
    failed: int = 0
    without_text: int = 0
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    client: OpenSearch
    key: str
    """The index to write to."""
    file: Path
    id_field: str | None
    target: Target | None
    jobs: JobStore
    failures: Failures
    pace: Pace
    advance: Callable[[int], None]
    now: Callable[[], datetime]

    def run(self) -> Loaded:
        counts = Loaded()
        job = f"{fingerprint(self.file)}-{self.key}-{self._uuid()}"
        done = self.jobs.loaded(job)
        with readable(self.file, lambda: f"{counts.indexed} documents are in, "):
            for page in _pages(read_rows(self.file, self.id_field)):
                fresh = [row for row in page if row.line > done]
                counts.resumed += len(page) - len(fresh)
                if fresh:
                    self._page(fresh, counts)
                    self.jobs.save_loaded(job, self.key, page[-1].line, self.now())
                self.advance(len(page))
        self.client.indices.refresh(index=self.key)
        self.jobs.save_loaded(job, self.key, 0, self.now())
        return counts

    def _uuid(self) -> str:
        """So that progress into an index that was made anew since does not count."""
        found = self.client.indices.get_settings(index=self.key, flat_settings=True)
        return "-".join(sorted(body["settings"]["index.uuid"] for body in found.values()))

    def _page(self, rows: Sequence[Row], counts: Loaded) -> None:
        good = [row for row in rows if not row.error]
        for row in rows:
            if row.error:
                self._fail(row, row.error, counts)
        if not good:
            return
        self.pace.wait(len(good))
        added = self._vectors(good, counts)
        actions = [
            Action("index", {"_index": self.key, "_id": row.id}, {**row.document, **extra})
            for row, extra in zip(good, added, strict=True)
        ]
        for row, result in zip(good, send(self.client, actions), strict=True):
            self._settle(row, result, counts)

    def _vectors(self, rows: Sequence[Row], counts: Loaded) -> list[dict[str, object]]:
        if self.target is None:
            return [{} for _ in rows]
        texts = [text_of(row.document, self.target.sources) for row in rows]
        known = iter(self.target.encoder.encode([t for t in texts if t]))
        counts.without_text += sum(not t for t in texts)
        for row, text in zip(rows, texts, strict=True):
            if not text:
                place = f"{self.file.name}:{row.line} _id {row.id}"
                self.failures.add(place, f"loaded without vector: no text in {', '.join(self.target.sources)}")
        return [fields_with_vector(self.target, t, next(known)) if t else {} for t in texts]

    def _settle(self, row: Row, result: Result, counts: Loaded) -> None:
        if result.status < 300:
            counts.indexed += 1
        else:
            self._fail(row, result.reason, counts)

    def _fail(self, row: Row, reason: str, counts: Loaded) -> None:
        counts.failed += 1
        place = f"{self.file.name}:{row.line}" + (f" _id {row.id}" if row.id else "")
        self.failures.add(place, reason)


def _pages(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while page := list(islice(rows, _PAGE)):
        yield page
