"""What a ranker learns from people's ratings: the union of every rated query as it would be ranked, with a grade each.

Ratings are partial: people rated what some search had brought up, and most of a union was before nobody. Such a
document is no zero that somebody gave; but in the pool of most lists the good is denser than outside of it, and a
ranker that saw only rated documents does not know what the rest is like. It is learned from with grade 0 at a share of
the weight (docs/ranking.md has what other ways gave).
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
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for one in judgments:
        of = grades[normalise(one.query)]
        of[one.id] = max(one.grade, of.get(one.id, 0.0))
    return dict(grades)


def dataset_from_ratings(
    lists: Sequence[Listed],
    grades: Mapping[str, Mapping[str, float]],
    names: Sequence[str],
    memory: Collection[str],
    unrated: float = UNRATED,
) -> Dataset:
    """Rows of the lists that hold documents of different grades; every query weighs the same.

    All rows judge, the unrated as not wanted, as nDCG does in most hands.
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
        rated = grades[query]
        for one in some:
            weights = [(1.0 if id in rated else unrated) / len(some) for id in one.ids]
            grade = [rated.get(id, 0.0) for id in one.ids]
            parts += both_ways(Group(query, True, one.rows, grade, weights, [True] * len(grade)), forgotten)
    return stack(parts, tuple(names))
