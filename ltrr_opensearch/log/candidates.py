"""The candidates of a decision as columns of JSON, and back: all of them with their features, or those that are wanted.

A search with a hundred candidates takes a few kilobytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence, Set
from itertools import compress
from sys import intern
from typing import NamedTuple

from ltrr_opensearch.candidate_columns import Columns, PlanColumn
from ltrr_opensearch.log.columns import (
    number,
    repeated,
    repeated_back,
    sparse,
    sparse_back,
    table,
    table_back,
)
from ltrr_opensearch.logged import CandidateRecord
from ltrr_opensearch.types import DocKey, Found, Json


class Only(NamedTuple):
    """Candidates to be read: those of the page, the `first` of each plan, and what is `named`, by `_id` or else."""

    first: int
    named: Set[str]


def write_candidates(candidates: Sequence[CandidateRecord]) -> Json:
    columns: Json = {"id": [c.key.id for c in candidates]}
    columns |= repeated("index", [c.key.index for c in candidates])
    columns |= sparse("routing", [c.key.routing for c in candidates])
    columns |= sparse("object_id", [c.object_id for c in candidates])
    columns |= _teams([c.team for c in candidates])
    columns["found"] = _found(candidates)
    logged = [(i, c.features) for i, c in enumerate(candidates) if c.features is not None]
    columns["features"] = {"at": [i for i, _ in logged], **table([f for _, f in logged])}
    return columns


def read_candidates(columns: Json) -> tuple[CandidateRecord, ...]:
    ids = columns["id"]
    indexes = repeated_back("index", columns, len(ids))
    routing = sparse_back("routing", columns)
    objects = sparse_back("object_id", columns)
    teams = _teams_back(columns, len(ids))
    features = dict(zip(columns["features"]["at"], table_back(columns["features"]), strict=True))
    found = _found_back(columns["found"], len(ids))
    return tuple(
        [
            CandidateRecord(
                DocKey(indexes[i], ids[i], routing.get(i)), tuple(by), features.get(i), objects.get(i), teams[i]
            )
            for i, by in enumerate(found)
        ]
    )


def read_some(document: Json, only: Only) -> Columns:
    """Those that are wanted, without features."""
    columns = document["candidates"]
    index, routing, objects = columns["index"], sparse_back("routing", columns), sparse_back("object_id", columns)
    kept = _places(document, only, objects)
    place_of = kept if isinstance(kept, range) else {place: number for number, place in enumerate(kept)}
    teams = _teams_back(columns, len(columns["id"])) if "teams" in columns else []
    rows = ((int(place), row) for place, row in columns["found"].get("rows", {}).items())
    return Columns(
        columns["id"] if isinstance(kept, range) else [columns["id"][place] for place in kept],
        intern(index) if isinstance(index, str) else [intern(index[place]) for place in kept],
        {place_of[place]: name for place, name in routing.items() if place in place_of},
        {place_of[place]: name for place, name in objects.items() if place in place_of},
        [teams[place] for place in kept] if teams else (),
        {place_of[place]: [found[0] for found in row] for place, row in rows if place in place_of},
        [_plan_column(column, place_of) for column in columns["found"]["plans"]],
    )


def _plan_column(column: Json, place_of: Mapping[int, int] | range) -> PlanColumn:
    """Of those that have a new place, a range where all keep theirs.

    What is no number of a place or rank is refused here.
    """
    at, scores = column["at"], column["score"]
    ranks = column.get("rank") or range(1, len(at) + 1)
    if not len(at) == len(ranks) == len(scores):
        raise ValueError(f"plan {column['plan']}: {len(at)} candidates, {len(ranks)} ranks, {len(scores)} scores")
    if isinstance(place_of, range):
        told = ranks if isinstance(ranks, range) else array("i", ranks)
        return PlanColumn(intern(column["plan"]), array("i", at), told, _doubles(scores))
    # few of many are kept: a call for a column, where rows would take one each
    kept = list(map(place_of.__contains__, at))
    places = list(map(place_of.__getitem__, compress(at, kept)))
    return PlanColumn(
        intern(column["plan"]),
        array("i", places),
        array("i", compress(ranks, kept)),
        _doubles(list(compress(scores, kept))),
    )


def _doubles(scores: Sequence[float | str]) -> array[float]:
    try:
        return array("d", scores)  # type: ignore[arg-type]  # refused below where some are words (`number`)
    except TypeError:
        return array("d", map(float, scores))


def _places(document: Json, only: Only, objects: Mapping[int, str]) -> range | list[int]:
    """Where the candidates stand that are wanted, in their order; a range where those are all."""
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
    return range(len(ids)) if len(kept) == len(ids) else sorted(kept)


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
        str(i): [[f.plan, f.rank, number(f.score)] for f in c.found]
        for i, c in enumerate(candidates)
        if list(c.found) != back[i]
    }
    return {"plans": columns, "rows": odd} if odd else {"plans": columns}


def _found_column(plan: str, entries: Sequence[tuple[int, int, float]]) -> Json:
    column: Json = {"plan": plan, "at": [e[1] for e in entries], "score": [number(e[2]) for e in entries]}
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
