"""Gives every document its vector (or learned terms), and keeps it so: what set-up and sync write.

Beside the vector a document gets the key of what was embedded (encoder and text), so that a changed text is noticed and
an unchanged one costs nothing. A vector without a key was made by somebody else and is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ltrr_opensearch.index.fillers import DENSE, Filler
from ltrr_opensearch.index.following import Following
from ltrr_opensearch.index.shards import Document
from ltrr_opensearch.index.texts import includes, text_of
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.embedding_cache import embedding_key


class Need(StrEnum):
    """What a document needs."""

    NOTHING = "up to date"
    KEEP = "kept: vector from elsewhere"
    EMBED = "embedded"
    NO_TEXT = "without text"


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


@dataclass(kw_only=True)
class Backfill(Following):
    target: Target

    @property
    def fields(self) -> list[str]:
        known = [] if self.asked else [self.target.field]
        return [*includes(self.target.sources), self.target.key_field, *known]

    @property
    def asked(self) -> str | None:
        return self.target.field if self.target.filler.kind == DENSE else None

    def updates(self, documents: Sequence[Document]) -> list[tuple[Document, Json]]:
        wanting: list[tuple[Document, str]] = []
        for document in documents:
            need, text = need_of(document, self.target)
            if need is Need.EMBED:
                wanting.append((document, text))
            self._count(document, need)
        if not wanting:
            return []
        self.pace.wait(len(wanting))
        values = self.target.filler.values([text for _, text in wanting])
        return [(d, update_of(self.target, text, v)) for (d, text), v in zip(wanting, values, strict=True)]

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
