"""Why a hit stands where it does: which plans found it, what moved its score, what moved it afterwards. Pure.

One value, told in two forms: as an OpenSearch `_explanation`, and as our own JSON in `ext.ltrr`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from ltrr_opensearch.logged import PIN, Ruled
from ltrr_opensearch.types import DocKey, Found, Json


@dataclass(frozen=True, slots=True)
class Moved:
    """A feature as the ranker saw it. `by`: how much it moved the score, None where the ranker cannot tell."""

    name: str
    value: float | None
    by: float | None


@dataclass(frozen=True, slots=True)
class Why:
    """`rank` is that of the list. `stages`: its rank after each stage that made an order, from the ranker's on."""

    key: DocKey
    rank: int
    found: tuple[Found, ...]
    ranker: str
    score: float | None
    """The ranker's; None where no plan found the hit, and so nothing scored it."""
    mean: float | None
    """Mean score of the candidates, from which features move; None where nothing tells."""
    features: tuple[Moved, ...]
    stages: tuple[tuple[str, int], ...] = ()
    ruled: Ruled | None = None
    team: str | None = None

    @property
    def by_most(self) -> list[Moved]:
        """The features, what moved the score most first."""
        return sorted(self.features, key=lambda f: (-abs(f.by or 0.0), f.name))


def to_json(why: Why) -> Json:
    told: Json = {"index": why.key.index, "id": why.key.id, "rank": why.rank}
    told["plans"] = [{"plan": f.plan, "rank": f.rank, "score": _number(f.score)} for f in why.found]
    if why.score is not None:
        told |= {"ranker": why.ranker, "score": _number(why.score)}
    if why.mean is not None:
        told["mean_score"] = why.mean
    told["features"] = [
        {"name": f.name, "value": f.value, **({} if f.by is None else {"by": f.by})} for f in why.by_most
    ]
    if why.stages:
        told["ranks"] = dict(why.stages)
    if why.ruled:
        told["rule"] = {"id": why.ruled.rule, "action": why.ruled.action, "was": why.ruled.was or None}
    return told | ({"team": why.team} if why.team else {})


def to_explanation(why: Why) -> Json:
    """In OpenSearch's own shape, whose parts are values with a description and details."""
    said = f"score of {why.ranker} at rank {why.rank}" if why.score is not None else f"at rank {why.rank}, not scored"
    return {
        "value": 0.0 if why.score is None else why.score,
        "description": f"{said}; the answer's _score is 1/rank",
        "details": list(_details(why)),
    }


def by_rule(ruled: Ruled) -> str:
    """What a rule did to a hit, in words."""
    was = f"without rules it stood at rank {ruled.was}" if ruled.was else "no plan had found it"
    does = "pins it to this rank" if ruled.action == PIN else f"{ruled.action}s it".replace("burys", "buries")
    return f"rule {ruled.rule} {does}; {was}"


def _details(why: Why) -> Iterator[Json]:
    if why.ruled:
        yield _detail(why.ruled.rank, by_rule(why.ruled))
    for stage, rank in why.stages:
        yield _detail(rank, f"rank after {stage}")
    for found in why.found:
        yield _detail(found.score, f"plan {found.plan} had it at rank {found.rank} with this score")
    if why.mean is not None:
        yield _detail(why.mean, "mean score of the candidates, from which features move it")
    for feature in why.by_most:
        if feature.value is not None or feature.by:
            moved = [] if feature.by is None else [_detail(feature.by, "moved the score by this")]
            value = 0.0 if feature.value is None else feature.value
            known = "" if feature.value is not None else ", which is unknown here"
            yield {"value": value, "description": f"feature {feature.name}{known}", "details": moved}


def _detail(value: float, description: str) -> Json:
    return {"value": value, "description": description, "details": []}


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
