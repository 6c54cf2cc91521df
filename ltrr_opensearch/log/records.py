"""A decision as a compact JSON document, and back without loss.

Candidates, slots and features are written as columns, since rows repeat every name: a search with a hundred candidates
takes a few kilobytes. Only the few fields on top (`@timestamp`, `query_id`, `index`, ...) are meant to be searched.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import compress
from sys import intern
from typing import Any, NamedTuple

import numpy as np
import orjson

from ltrr_opensearch.candidate_columns import Columns, PlanColumn
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.logged import POLICY, CandidateRecord, Decision, Placed, Ruled, SlotRecord, Trial
from ltrr_opensearch.types import Asker, DocKey, Features, Found, Json, Outcome

PLAIN = (
    *("query_id", "index", "text", "normalized", "language", "phase", "policy", "ranker", "release"),
    *("offset", "shown", "total", "took_ms", "sampled", "parent_query_id"),
)
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_slot: Callable[[tuple[Any, ...]], SlotRecord] = partial(tuple.__new__, SlotRecord)
"""A C call: learning makes some for every search, and what `NamedTuple` makes takes twice as long."""
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
    document["context"] = _table([decision.context])
    document["ladder"] = list(decision.ladder)
    document["group"] = decision.group
    if decision.shadow:
        document["shadow"] = list(decision.shadow)
    document["slots"] = _slots(decision.slots)
    document["candidates"] = _candidates(decision.candidates)
    if (placed := decision.placed) is not None:
        document["placed"] = {"key": list(placed.key), "rank": placed.rank, "probability": placed.probability}
    if decision.rules:
        document["rules"] = {"met": list(decision.rules), **_ruled(decision.ruled)}
    if decision.trial:
        document["trial"] = {k: v for k, v in asdict(decision.trial).items() if v is not None}
    return document


class Only(NamedTuple):
    """Candidates to be read: those of the page, the `first` of each plan, and what is `named`, by `_id` or else."""

    first: int
    named: Set[str]


def from_document(document: Json, only: Only | None = None) -> Decision:
    """The decision that `to_document` wrote, or only some of its candidates, without their features.

    A `DataError` names the document that is not one.
    """
    try:
        return _decision(document, only)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as cause:
        name = document.get("query_id", "?") if isinstance(document, dict) else "?"
        raise DataError(f"decision {name!r} cannot be read: {type(cause).__name__} {cause}; it is left out") from cause


def _decision(document: Json, only: Only | None) -> Decision:
    at = datetime.fromisoformat(document["@timestamp"])
    if at.tzinfo is None:
        raise ValueError(f"@timestamp {document['@timestamp']} has no zone")
    return Decision(
        at=at.astimezone(UTC),
        asker=Asker(**document["asker"]),
        context=_features(document["context"])[0],
        ladder=tuple(document["ladder"]),
        group=document.get("group", POLICY),
        shadow=tuple(document.get("shadow", ())),
        slots=_slots_back(document["slots"]),
        candidates=_some_candidates(document, only) if only else _candidates_back(document["candidates"]),
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
    columns |= {"id": [r.key.id for r in ruled], **_names("index", [r.key.index for r in ruled])}
    columns |= _sparse("routing", [r.key.routing for r in ruled])
    return columns | {"rank": [r.rank for r in ruled], "was": [r.was for r in ruled]}


def _ruled_back(columns: Json) -> tuple[Ruled, ...]:
    if "by" not in columns:
        return ()
    ids, routing = columns["id"], _sparse_back("routing", columns)
    indexes = _names_back("index", columns, len(ids))
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
    columns["action"] = _table([s.action for s in slots])
    return columns


def _slots_back(columns: Json) -> tuple[SlotRecord, ...]:
    actions, original = _features(columns["action"]), columns.get("original", ())
    rows = zip(
        *[_shared(columns[name]) for name in ("plan", "strategy", "source")],
        actions,
        [tuple(map(bool, feasible)) for feasible in columns["feasible"]],
        map(tuple, columns["pmf"]),
        *(columns["depth"], columns["probability"]),
        map(_OUTCOMES.__getitem__, columns["outcome"]),
        *[columns[name] for name in ("found", "total", "took_ms")],
        [place in original for place in range(len(actions))],
        strict=True,
    )
    return tuple(map(_slot, rows))


def _candidates(candidates: Sequence[CandidateRecord]) -> Json:
    columns: Json = {"id": [c.key.id for c in candidates]}
    columns |= _names("index", [c.key.index for c in candidates])
    columns |= _sparse("routing", [c.key.routing for c in candidates])
    columns |= _sparse("object_id", [c.object_id for c in candidates])
    columns |= _teams([c.team for c in candidates])
    columns["found"] = _found(candidates)
    logged = [(i, c.features) for i, c in enumerate(candidates) if c.features is not None]
    columns["features"] = {"at": [i for i, _ in logged], **_table([f for _, f in logged])}
    return columns


def _candidates_back(columns: Json) -> tuple[CandidateRecord, ...]:
    ids = columns["id"]
    indexes = _names_back("index", columns, len(ids))
    routing = _sparse_back("routing", columns)
    objects = _sparse_back("object_id", columns)
    teams = _teams_back(columns, len(ids))
    features = dict(zip(columns["features"]["at"], _features(columns["features"]), strict=True))
    found = _found_back(columns["found"], len(ids))
    return tuple(
        [
            CandidateRecord(
                DocKey(indexes[i], ids[i], routing.get(i)), tuple(by), features.get(i), objects.get(i), teams[i]
            )
            for i, by in enumerate(found)
        ]
    )


def _some_candidates(document: Json, only: Only) -> Columns:
    """Those that are wanted, without features."""
    columns = document["candidates"]
    index, routing, objects = columns["index"], _sparse_back("routing", columns), _sparse_back("object_id", columns)
    kept = _places(document, only, objects)
    place_of = {place: number for number, place in enumerate(kept)}
    teams = _teams_back(columns, len(columns["id"])) if "teams" in columns else []
    rows = ((place_of.get(int(place)), row) for place, row in columns["found"].get("rows", {}).items())
    return Columns(
        [columns["id"][place] for place in kept],
        intern(index) if isinstance(index, str) else [intern(index[place]) for place in kept],
        {place_of[place]: name for place, name in routing.items() if place in place_of},
        {place_of[place]: name for place, name in objects.items() if place in place_of},
        [teams[place] for place in kept] if teams else (),
        {place: [found[0] for found in row] for place, row in rows if place is not None},
        [_plan_column(column, place_of) for column in columns["found"]["plans"]],
    )


def _plan_column(column: Json, place_of: Mapping[int, int]) -> PlanColumn:
    """Of those that have a new place."""
    at, scores = column["at"], column["score"]
    ranks = column.get("rank") or range(1, len(at) + 1)
    if not len(at) == len(ranks) == len(scores):
        raise ValueError(f"plan {column['plan']}: {len(at)} candidates, {len(ranks)} ranks, {len(scores)} scores")
    # few of many are kept: a call for a column, where rows would take one each
    kept = list(map(place_of.__contains__, at))
    places = list(map(place_of.__getitem__, compress(at, kept)))
    return PlanColumn(
        intern(column["plan"]), places, list(compress(ranks, kept)), list(map(float, compress(scores, kept)))
    )


def _places(document: Json, only: Only, objects: Mapping[int, str]) -> Sequence[int]:
    """Where the candidates stand that are wanted, in their order."""
    columns = document["candidates"]
    ids = columns["id"]
    page = min(document["offset"] + document["shown"], len(ids))
    if page == len(ids):
        return range(page)
    kept = set(range(page))
    for column in columns["found"]["plans"]:
        ranks = column.get("rank")
        # by rank, see `_found`
        count = bisect_right(ranks, only.first) if ranks else only.first
        kept.update(column["at"][:count])
    if only.named and len(kept) < len(ids):
        kept.update(compress(range(len(ids)), map(only.named.__contains__, ids)))
        named = only.named | {objects[i] for i in kept if ids[i] in only.named and i in objects}
        kept.update([i for i, name in objects.items() if name in named])
    return sorted(kept)


def _teams(teams: Sequence[str | None]) -> Json:
    """Names once, and for each candidate the number of its own; -1 for none."""
    names = list(dict.fromkeys(team for team in teams if team is not None))
    return {"teams": names, "team": [names.index(t) if t is not None else -1 for t in teams]} if names else {}


def _teams_back(columns: Json, count: int) -> list[str | None]:
    names = columns.get("teams", [])
    return [names[n] if n >= 0 else None for n in columns["team"]] if names else [None] * count


def _found(candidates: Sequence[CandidateRecord]) -> Json:
    """Per plan its candidates by rank, in one order of the plans for all candidates.

    Ranks are left out where they are 1, 2, 3 ... . A candidate whose plans come in another order is kept as rows.
    """
    plans: dict[str, list[tuple[int, int, float]]] = {}
    for position, candidate in enumerate(candidates):
        for plan, rank, score in candidate.found:
            plans.setdefault(plan, []).append((rank, position, score))
    columns = [_found_column(plan, sorted(entries, key=lambda e: e[:2])) for plan, entries in plans.items()]
    back = _columns_back(columns, len(candidates))
    odd = {
        str(i): [[f.plan, f.rank, _number(f.score)] for f in c.found]
        for i, c in enumerate(candidates)
        if list(c.found) != back[i]
    }
    return {"plans": columns, "rows": odd} if odd else {"plans": columns}


def _found_column(plan: str, entries: Sequence[tuple[int, int, float]]) -> Json:
    column: Json = {"plan": plan, "at": [e[1] for e in entries], "score": [_number(e[2]) for e in entries]}
    ranks = [e[0] for e in entries]
    if ranks != list(range(1, len(ranks) + 1)):
        column["rank"] = ranks
    return column


def _found_back(columns: Json, count: int) -> list[list[Found]]:
    """By place."""
    found = _columns_back(columns["plans"], count)
    for place, row in columns.get("rows", {}).items():
        found[int(place)] = [Found(plan, rank, float(score)) for plan, rank, score in row]
    return found


def _columns_back(columns: Sequence[Json], count: int) -> list[list[Found]]:
    found: list[list[Found]] = [[] for _ in range(count)]
    for column in columns:
        plan, at, scores = intern(column["plan"]), column["at"], column["score"]
        ranks = column.get("rank") or range(1, len(at) + 1)
        for place, rank, score in zip(at, ranks, scores, strict=True):
            found[place].append(Found(plan, rank, float(score)))
    return found


def _table(rows: Sequence[Features]) -> Json:
    """Sparse features as one list of names and rows of numbers; null where a row lacks the feature."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if single := _single(rows, names):
        return {"names": names, "single": True, "rows": single}
    return {"names": names, "rows": [[_number(row[n]) if n in row else None for n in names] for row in rows]}


def _single(rows: Sequence[Features], names: Sequence[str]) -> Any:
    """Rows of single precision, as a ranker's are, in the few digits that these need; None where some are not."""
    values = np.array([[row.get(n, np.nan) for n in names] for row in rows], dtype=np.float64)
    known = np.isfinite(values)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if known.sum() != sum(map(len, rows)) or not np.array_equal(single[known], values[known]):
        return None
    return orjson.loads(orjson.dumps(single, option=orjson.OPT_SERIALIZE_NUMPY)) if known.any() else None


def _features(table: Json) -> list[Mapping[str, float]]:
    names = _shared(table["names"])
    read = _from_single if table.get("single") else float
    return [{n: read(v) for n, v in zip(names, row, strict=True) if v is not None} for row in table["rows"]]


def _from_single(value: float) -> float:
    return float(np.float32(value))


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinity, so these travel as words that `float` reads."""
    return value if math.isfinite(value) else str(value)


def _names(name: str, values: Sequence[str]) -> Json:
    """One name for all where it is the same, as concrete indexes nearly always are."""
    return {name: values[0]} if len(set(values)) == 1 else {name: list(values)}


def _names_back(name: str, columns: Json, count: int) -> list[str]:
    value: Any = columns[name]
    return [intern(value)] * count if isinstance(value, str) else _shared(value)


def _shared(names: Sequence[str]) -> list[str]:
    """The same few names search after search, each kept once: of the searches that judge they took a sixth."""
    return list(map(intern, names))


def _sparse(name: str, values: Sequence[str | None]) -> Json:
    given = {str(i): v for i, v in enumerate(values) if v is not None}
    return {name: given} if given else {}


def _sparse_back(name: str, columns: Json) -> dict[int, str]:
    return {int(i): v for i, v in columns.get(name, {}).items()}
