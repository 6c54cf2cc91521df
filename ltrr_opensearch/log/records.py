"""A decision as a compact JSON document, and back without loss.

Candidates, slots and features are written as columns, since rows repeat every name: a search with a hundred candidates
takes a few kilobytes. Only the few fields on top (`@timestamp`, `query_id`, `index`, ...) are meant to be searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256

import orjson

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.log.candidates import Only, read_candidates, read_some, write_candidates
from ltrr_opensearch.log.columns import interned, repeated, repeated_back, sparse, sparse_back, table, table_back
from ltrr_opensearch.logged import POLICY, Decision, Placed, Ruled, SlotRecord, Trial, slot_record
from ltrr_opensearch.types import Asker, DocKey, Json, Outcome

PLAIN = (
    *("query_id", "index", "text", "normalized", "language", "phase", "policy", "ranker", "release"),
    *("offset", "shown", "total", "took_ms", "sampled", "parent_query_id"),
)
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
SLOT_COLUMNS = ("plan", "strategy", "source", "depth", "probability", "found", "total", "took_ms")


def index_name(prefix: str, at: datetime) -> str:
    """The month's index, by the time of the search: a record that is replayed later meets its twin there."""
    return f"{prefix}_decisions-{at.astimezone(UTC):%Y.%m}"


def zoned(at: datetime) -> str:
    """A time as OpenSearch's `strict_date_time` wants it: with a fraction and a zone."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def document_id(document: Json, named: bool) -> str:
    """The `_id` of a decision. Under a query_id that the client `named`, which it may do twice, each has its own."""
    query_id: str = document["query_id"]
    return f"{query_id}~{sha256(orjson.dumps(document)).hexdigest()[:12]}" if named else query_id


def to_document(decision: Decision) -> Json:
    document: Json = {"@timestamp": zoned(decision.at)}
    document |= {name: getattr(decision, name) for name in PLAIN}
    document["asker"] = {k: v for k, v in asdict(decision.asker).items() if v is not None}
    document["context"] = table([decision.context])
    document["ladder"] = list(decision.ladder)
    document["group"] = decision.group
    if decision.shadow:
        document["shadow"] = list(decision.shadow)
    document["slots"] = _slots(decision.slots)
    document["candidates"] = write_candidates(decision.candidates)
    if (placed := decision.placed) is not None:
        document["placed"] = {"key": list(placed.key), "rank": placed.rank, "probability": placed.probability}
    if decision.rules:
        document["rules"] = {"met": list(decision.rules), **_ruled(decision.ruled)}
    if decision.trial:
        document["trial"] = {k: v for k, v in asdict(decision.trial).items() if v is not None}
    return document


def from_document(document: Json, only: Only | None = None) -> Decision:
    """The decision that `to_document` wrote, or only some of its candidates, without their features.

    A `DataError` names the document that is not one.
    """
    try:
        return _decision(document, only)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as cause:
        name = document.get("query_id", "?") if isinstance(document, dict) else "?"
        raise DataError(f"decision {name!r} cannot be read: {type(cause).__name__} {cause}; it is left out") from cause


def _decision(document: Json, only: Only | None) -> Decision:
    at = datetime.fromisoformat(document["@timestamp"])
    if at.tzinfo is None:
        raise ValueError(f"@timestamp {document['@timestamp']} has no zone")
    return Decision(
        at=at.astimezone(UTC),
        asker=Asker(**document["asker"]),
        context=table_back(document["context"])[0],
        ladder=tuple(document["ladder"]),
        group=document.get("group", POLICY),
        shadow=tuple(document.get("shadow", ())),
        slots=_slots_back(document["slots"]),
        candidates=read_some(document, only) if only else read_candidates(document["candidates"]),
        placed=_placed_back(document.get("placed")),
        trial=Trial(**document["trial"]) if "trial" in document else None,
        rules=tuple(document.get("rules", {}).get("met", ())),
        ruled=_ruled_back(document.get("rules", {})),
        **{name: document[name] for name in PLAIN},
    )


def _placed_back(document: Json | None) -> Placed | None:
    if document is None:
        return None
    return Placed(DocKey(*document["key"]), document["rank"], document["probability"])


def _ruled(ruled: Sequence[Ruled]) -> Json:
    """Columns; rules and actions are few and repeat."""
    if not ruled:
        return {}
    pairs = list(dict.fromkeys((one.rule, one.action) for one in ruled))
    columns: Json = {"did": [list(pair) for pair in pairs], "by": [pairs.index((r.rule, r.action)) for r in ruled]}
    columns |= {"id": [r.key.id for r in ruled], **repeated("index", [r.key.index for r in ruled])}
    columns |= sparse("routing", [r.key.routing for r in ruled])
    return columns | {"rank": [r.rank for r in ruled], "was": [r.was for r in ruled]}


def _ruled_back(columns: Json) -> tuple[Ruled, ...]:
    if "by" not in columns:
        return ()
    ids, routing = columns["id"], sparse_back("routing", columns)
    indexes = repeated_back("index", columns, len(ids))
    by = (columns["did"][n] for n in columns["by"])
    rows = zip(by, indexes, ids, columns["rank"], columns["was"], strict=True)
    return tuple(
        Ruled(did[0], did[1], DocKey(index, id, routing.get(place)), rank, was)
        for place, (did, index, id, rank, was) in enumerate(rows)
    )


def _slots(slots: Sequence[SlotRecord]) -> Json:
    columns: Json = {name: [getattr(s, name) for s in slots] for name in SLOT_COLUMNS}
    columns["outcome"] = [s.outcome.value for s in slots]
    columns["pmf"] = [list(s.pmf) for s in slots]
    columns["feasible"] = [[int(f) for f in s.feasible] for s in slots]
    columns["original"] = [i for i, s in enumerate(slots) if s.original]
    columns["action"] = table([s.action for s in slots])
    return columns


def _slots_back(columns: Json) -> tuple[SlotRecord, ...]:
    actions, original = table_back(columns["action"]), columns.get("original", ())
    rows = zip(
        *[interned(columns[name]) for name in ("plan", "strategy", "source")],
        actions,
        [tuple(map(bool, feasible)) for feasible in columns["feasible"]],
        map(tuple, columns["pmf"]),
        *(columns["depth"], columns["probability"]),
        map(_OUTCOMES.__getitem__, columns["outcome"]),
        *[columns[name] for name in ("found", "total", "took_ms")],
        [place in original for place in range(len(actions))],
        strict=True,
    )
    return tuple(map(slot_record, rows))
