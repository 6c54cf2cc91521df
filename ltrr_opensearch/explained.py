"""Explains a page: for each of its hits what found it, what moved its score, and what moved it afterwards. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.answer.why import Moved, Why
from ltrr_opensearch.protocols import Attributing
from ltrr_opensearch.record import Searched
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Candidate, DocKey, Json, Ranked

PLACED = "exploration"
"""The stage that gives one candidate a place to learn about it."""
ATTRIBUTED = 10
"""Hits of a page, its first, whose features are told how much they moved the score; with trees each costs 50 ms."""


class Attribution(NamedTuple):
    """`mean`: score of what was ranked, from which features move. `by`: how much each moved a candidate's score."""

    mean: float | None
    by: dict[DocKey, dict[str, float]]


UNKNOWN = Attribution(None, {})


def why(searched: Searched, serving: Serving, hits: Sequence[Json], attribution: Attribution) -> list[Why]:
    """One a hit of the first page.

    A hit of the client's own that no drawn plan had brought has nothing but its rank, unless a rule moved it.
    """
    ranked = {r.candidate.key: r for r in searched.ranked}
    keys = [key_of(hit) for hit in hits]
    shown = _found(searched, keys)
    rows = dict(zip([c.key for c in shown], searched.rows(serving, shown).values(), strict=True)) if shown else {}
    mean, by = attribution
    ruled = {one.key: one for one in searched.ruled}
    explained = []
    for rank, key in enumerate(keys, start=1):
        one: Ranked | None = ranked.get(key) if key in rows else None
        names = dict.fromkeys([*rows.get(key, ()), *(name for name, moved in by.get(key, {}).items() if moved)])
        explained.append(
            Why(
                key=key,
                rank=rank,
                found=one.candidate.found if one else (),
                ranker=serving.ranker_name,
                score=one.score if one else None,
                mean=mean if key in by else None,
                features=tuple(Moved(n, rows[key].get(n), by[key].get(n) if key in by else None) for n in names),
                stages=_stages(searched, key),
                ruled=ruled.get(key),
                team=searched.teams.get(key),
            )
        )
    return explained


def attributed(searched: Searched, serving: Serving, hits: Sequence[Json], depth: int) -> Attribution:
    """What moved the first hits, where the ranker can tell. `depth`: candidates, the best as fused, that it scored.

    Interleaved arms may have ranked by different models, of which `serving` knows one.
    """
    ranker = serving.ranker
    if searched.teams or ranker is None or not isinstance(ranker, Attributing):
        return UNKNOWN
    found = [r.candidate for r in searched.ranked if r.candidate.found]
    head = sorted(found, key=lambda c: -c.fused)[:depth]
    scored = {c.key: at for at, c in enumerate(head)}
    shown = [c for c in _found(searched, [key_of(hit) for hit in hits[:ATTRIBUTED]]) if c.key in scored]
    if not shown:
        return UNKNOWN
    # a row may tell of the best of the whole list, so those of the page are taken out of it
    beside = serving.rows(searched.query, head, searched.results, ranker.features)
    values = ranker.contributions(beside[[scored[c.key] for c in shown]], beside)
    by = {c.key: dict(zip(ranker.features, of.tolist(), strict=True)) for c, of in zip(shown, values, strict=True)}
    return Attribution(float(np.mean(ranker.score(beside), dtype=np.float64)), by)


def _found(searched: Searched, keys: Sequence[DocKey]) -> list[Candidate]:
    """Of these the candidates that plans found."""
    found = {r.candidate.key: r.candidate for r in searched.ranked if r.candidate.found}
    return [found[key] for key in keys if key in found]


def _stages(searched: Searched, key: DocKey) -> tuple[tuple[str, int], ...]:
    """The hit's rank after each stage beyond the ranker; nothing where there was none, or the hit was not in it."""
    ranks = [(stage.name, stage.keys.index(key) + 1) for stage in searched.stages if key in stage.keys]
    if (placed := searched.placed) and placed.key == key:
        ranks.append((PLACED, placed.rank))
    return tuple(ranks)
