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

from ltrr_opensearch.index.backfill import Target, filled
from ltrr_opensearch.index.bulk import Action, Result, send
from ltrr_opensearch.index.destination import Destination
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.fillers import DENSE
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.own_vectors import VectorShape
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.rows import Row, fingerprint, read_rows, readable
from ltrr_opensearch.index.texts import text_of

_PAGE = 200


@dataclass
class Loaded:
    """Counts of lines. `resumed` ones an interrupted run had brought in before, `present` ones a data stream has.

    `own_vector`: indexed with the vector that they brought.
    """

    indexed: int = 0
    failed: int = 0
    without_text: int = 0
    own_vector: int = 0
    present: int = 0
    resumed: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    client: OpenSearch
    to: Destination
    file: Path
    id_field: str | None
    targets: Sequence[Target]
    shape: VectorShape | None
    """The vector field, whoever fills it."""
    jobs: JobStore
    failures: Failures
    pace: Pace
    advance: Callable[[int], None]
    now: Callable[[], datetime]

    def run(self) -> Loaded:
        counts = Loaded()
        job = f"{fingerprint(self.file)}-{self.to.name}-{self.to.identity}"
        done = self.jobs.loaded(job)
        with readable(self.file, lambda: f"{counts.indexed} documents are in, "):
            for page in _pages(read_rows(self.file, self.id_field)):
                fresh = [row for row in page if row.line > done]
                counts.resumed += len(page) - len(fresh)
                if fresh:
                    self._page(fresh, counts)
                    self.jobs.save_loaded(job, self.to.name, page[-1].line, self.now())
                self.advance(len(page))
        self.client.indices.refresh(index=self.to.name)
        self.jobs.save_loaded(job, self.to.name, 0, self.now())
        return counts

    def _page(self, rows: Sequence[Row], counts: Loaded) -> None:
        good = []
        for row in rows:
            if fault := row.error or (self.shape.fault(row.document) if self.shape else ""):
                self._fail(row, fault, counts)
            else:
                good.append(row)
        if not good:
            return
        self.pace.wait(len(good))
        added = self._vectors(good)
        actions = [
            Action(self.to.action, {"_index": self.to.name, "_id": row.id}, {**row.document, **extra})
            for row, extra in zip(good, added, strict=True)
        ]
        for row, extra, result in zip(good, added, send(self.client, actions), strict=True):
            self._settle(row, result, counts)
            if result.status < 300:
                self._told_of_vector(row, bool(extra), counts)

    def _vectors(self, rows: Sequence[Row]) -> list[dict[str, object]]:
        """What is added to each document: no vector to one that brings its own, nothing where there is no text."""
        added: list[dict[str, object]] = [{} for _ in rows]
        for target in self.targets:
            own = target.filler.kind == DENSE
            texts = ["" if own and self._brings_vector(row) else text_of(row.document, target.sources) for row in rows]
            known = iter(target.filler.values([t for t in texts if t]))
            for extra, text in zip(added, texts, strict=True):
                extra.update(filled(target, text, next(known)) if text else {})
        return added

    def _brings_vector(self, row: Row) -> bool:
        return self.shape is not None and self.shape.brought_by(row.document)

    def _told_of_vector(self, row: Row, made: bool, counts: Loaded) -> None:
        """Accounts for an indexed document's vector: brought, made, or lacking for want of text."""
        if self._brings_vector(row):
            counts.own_vector += 1
        elif self.targets and not made:
            counts.without_text += 1
            place = f"{self.file.name}:{row.line} _id {row.id}"
            sources = dict.fromkeys(field for target in self.targets for field in target.sources)
            self.failures.add(place, f"loaded without vector: no text in {', '.join(sources)}")

    def _settle(self, row: Row, result: Result, counts: Loaded) -> None:
        if result.status < 300:
            counts.indexed += 1
        elif self.to.already_there(result.status):
            counts.present += 1
        else:
            self._fail(row, result.reason, counts)

    def _fail(self, row: Row, reason: str, counts: Loaded) -> None:
        counts.failed += 1
        place = f"{self.file.name}:{row.line}" + (f" _id {row.id}" if row.id else "")
        self.failures.add(place, reason)


def _pages(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while page := list(islice(rows, _PAGE)):
        yield page
