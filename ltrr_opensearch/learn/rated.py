"""What a ranker learns from people's ratings: the union of every rated query as it would be ranked, with a grade each.

Ratings are partial: people rated what some search had brought up, and most of a union was before nobody. Such a
document is no zero that somebody gave; but in the pool of most lists the good is denser than outside of it, and a
ranker that saw only rated documents does not know what the rest is like. It is learned from with grade 0, and with as
much weight as a sure rating (`UNRATED`; docs/ranking.md has what other ways gave).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.learn.dataset import ENOUGH_QUERIES, Dataset, Group, both_ways, stack
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.types import Matrix

UNRATED = 1.0
"""Weight of a document that nobody rated, beside one that somebody did."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The candidates of one search of a query (normalised), best first as they were fused, with their rows."""

    query: str
    ids: tuple[str, ...]
    rows: Matrix


def by_query(judgments: Iterable[Judgment]) -> dict[str, dict[str, float]]:
    """Grades by normalised query; of two spellings of one query the better grade of a document counts."""
    return {query: {id: one.grade for id, one in of.items()} for query, of in _best(judgments).items()}


def weights_by_query(judgments: Iterable[Judgment]) -> dict[str, dict[str, float]]:
    """How sure those grades are."""
    return {query: {id: one.weight for id, one in of.items()} for query, of in _best(judgments).items()}


def _best(judgments: Iterable[Judgment]) -> Mapping[str, Mapping[str, Judgment]]:
    best: defaultdict[str, dict[str, Judgment]] = defaultdict(dict)
    for one in judgments:
        of = best[normalise(one.query)]
        if one.id not in of or one.grade > of[one.id].grade:
            of[one.id] = one
    return best


def dataset_from_ratings(
    lists: Sequence[Listed],
    grades: Mapping[str, Mapping[str, float]],
    names: Sequence[str],
    memory: Collection[str],
    unrated: float = UNRATED,
    sure: Mapping[str, Mapping[str, float]] | None = None,
) -> Dataset:
    """Rows of the lists that hold documents of different grades; every search of a query has its share of the weight.

    All rows judge, the unrated as not wanted, as nDCG does in most hands. `sure`: weights of the grades, where they
    are not 1.
    """
    of_query: defaultdict[str, list[Listed]] = defaultdict(list)
    for one in lists:
        found = [grades[one.query].get(id, 0.0) for id in one.ids]
        if len(found) > 1 and max(found) > min(found):
            of_query[one.query].append(one)
    many = len(of_query) >= ENOUGH_QUERIES
    forgotten = [i for i, name in enumerate(names) if name in memory and not many]
    parts: list[Group] = []
    for query, some in sorted(of_query.items()):
        rated, weight = grades[query], (sure or {}).get(query, {})
        for one in some:
            weights = [(weight.get(id, 1.0) if id in rated else unrated) / len(some) for id in one.ids]
            grade = [rated.get(id, 0.0) for id in one.ids]
            nowhere = [0] * len(grade)
            group = Group(query, True, one.rows, grade, weights, [True] * len(grade), grade, nowhere)
            parts += both_ways(group, forgotten)
    return stack(parts, tuple(names))
