"""The order of one search, as far as it is settled, and its small form that other proxies read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import DocKey, Json, Ranked


@dataclass(frozen=True, slots=True)
class Listing:
    """The re-ranked union, then the client's own further hits in their order, as far as anybody asked for them."""

    query_id: str
    """Of the search that settled the order: later pages belong to its decision."""
    keys: tuple[DocKey, ...]
    ranked: int
    """How many of `keys`, from the first, are the re-ranked union."""

    @property
    def union(self) -> tuple[DocKey, ...]:
        return self.keys[: self.ranked]

    def followed_by(self, keys: Iterable[DocKey]) -> Listing:
        members = set(self.keys)
        return Listing(self.query_id, self.keys + tuple(k for k in keys if k not in members), self.ranked)

    def without(self, gone: Collection[DocKey]) -> Listing:
        """Closed up over documents that are gone."""
        kept = tuple(k for k in self.keys if k not in gone)
        return Listing(self.query_id, kept, sum(k not in gone for k in self.union))

    def first(self, most: int) -> Listing:
        """Cut to `most` hits, but never within the union."""
        return Listing(self.query_id, self.keys[: max(most, self.ranked)], self.ranked)


def listing(ranked: Sequence[Ranked], own: Iterable[DocKey], query_id: str) -> Listing:
    union = tuple(r.candidate.key for r in ranked)
    return Listing(query_id, union, len(union)).followed_by(own)


def to_document(order: Listing) -> Json:
    """Ids only: nothing of what was asked, who asked, or what the documents hold."""
    names = sorted({k.index for k in order.keys})
    document: Json = {"query_id": order.query_id, "ranked": order.ranked, "indexes": names}
    document["ids"] = [k.id for k in order.keys]
    if len(names) > 1:
        at = {name: i for i, name in enumerate(names)}
        document["of"] = [at[k.index] for k in order.keys]
    if routed := {str(i): k.routing for i, k in enumerate(order.keys) if k.routing is not None}:
        document["routing"] = routed
    return document


def from_document(document: Json) -> Listing:
    """What `to_document` wrote; a `DataError` for anything else."""
    try:
        ids, names, routing = document["ids"], document["indexes"], document.get("routing", {})
        of = document.get("of") or [0] * len(ids)
        pairs = enumerate(zip(ids, of, strict=True))
        keys = tuple(DocKey(names[index], id, routing.get(str(i))) for i, (id, index) in pairs)
        return Listing(document["query_id"], keys, int(document["ranked"]))
    except (KeyError, IndexError, TypeError, ValueError) as cause:
        raise DataError(f"a stored order cannot be read: {type(cause).__name__} {cause}; it is left out") from cause
