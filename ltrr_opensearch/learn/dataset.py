"""What a ranker learns from: logged rows of candidates, grouped by search, with a grade each.

Grades come from all rounds of the query together, rows from each search as it ran, so that a strategy that was not
asked looks in training as it does in serving.

A candidate that was never shown has grade 0: most of the union is irrelevant, and a ranker that saw only what an
earlier ranker had put on top would not know it. It weighs as much as one that people certainly looked at: at a fifth of
that, rankers did worse on queries left out (docs/ranking.md).

A search of which no page is known (a shop's own history) is judged by its own actions: nobody can tell what was passed
over, and what is acted upon more often is in more searches.

Where few queries are known, every query weighs the same, however often it was asked, and a search with a memory is
given twice, each with half the weight: as it was, and as if nobody had asked it before (`memory_names` unknown).
Otherwise the ranker would learn to repeat what earlier users clicked, which says nothing about a query that is new.
Where many are known (`ENOUGH_QUERIES`), every search weighs the same, as traffic has it, and some are new anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.learn.clicks.impressions import MOST_POSITIONS
from ltrr_opensearch.learn.clicks.models import DEFAULT, ClickModel
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.reward import looked_at
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.rank.rows import dense
from ltrr_opensearch.types import Matrix

SEARCHES_A_QUERY = 10
"""Most searches of one query that are learned from, the latest, where few queries are known: more add only time."""
CLICKED_SEARCHES = 50
"""As `SEARCHES_A_QUERY`, where each search speaks for itself instead of the grades of all its query's searches."""
ENOUGH_QUERIES = 500
"""From here on queries are many."""
MOST_SEARCHES = 200
"""As `SEARCHES_A_QUERY`, where many queries are known."""
NO_PAGE = MOST_POSITIONS
"""Place of all candidates of a search of which no page is known: one behind the deepest that is told apart."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """`group[i]` numbers the search of row i; rows of a search lie together. `query[g]` is the text of search g.

    `shown[i]`: people could have acted on it, so its grade was observed; only such rows can judge a ranker, since the
    rest were put below by what served and would speak for it. Where no page is known, all of them do. `new[g]`: search
    g as if nobody had asked it before. `gains[i]` and `places[i]`: what was acted upon in this very search, and where
    it stood (from 0); what was not on the page counts as its last place, a search of which no page is known has one
    place of its own (`NO_PAGE`). Ratings have no places: all are 0.
    """

    names: tuple[str, ...]
    rows: Matrix
    grades: NDArray[np.float64]
    weights: NDArray[np.float64]
    group: NDArray[np.intp]
    query: tuple[str, ...]
    shown: NDArray[np.bool_]
    new: tuple[bool, ...]
    gains: NDArray[np.float64]
    places: NDArray[np.intp]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Rows of each search."""
        return np.bincount(self.group, minlength=len(self.query))

    def columns(self, names: Sequence[str]) -> Dataset:
        """The same rows with some of the columns, for a ranker that has to do without the others."""
        rows = self.rows[:, [self.names.index(n) for n in names]]
        return replace(self, names=tuple(names), rows=rows)

    def only(self, queries: Iterable[str]) -> Dataset:
        """The searches of some queries."""
        wanted = set(queries)
        return self._searches([g for g, q in enumerate(self.query) if q in wanted], np.ones(len(self.rows), dtype=bool))

    def judging(self, *, new: bool) -> Dataset:
        """What can judge a ranker: the shown rows of searches, as they were or as if nobody had asked them before."""
        return self._searches([g for g, is_new in enumerate(self.new) if is_new == new], self.shown)

    def judging_all(self) -> Dataset:
        """The shown rows of every search."""
        return self._searches(range(len(self.query)), self.shown)

    def _searches(self, kept: Sequence[int], rows: NDArray[np.bool_]) -> Dataset:
        number = np.full(len(self.query), -1, dtype=np.intp)
        number[kept] = np.arange(len(kept))
        mask = (number[self.group] >= 0) & rows
        return replace(
            self,
            rows=self.rows[mask],
            grades=self.grades[mask],
            weights=self.weights[mask],
            group=number[self.group[mask]],
            query=tuple(self.query[g] for g in kept),
            shown=self.shown[mask],
            new=tuple(self.new[g] for g in kept),
            gains=self.gains[mask],
            places=self.places[mask],
        )


def dataset_from_rounds(
    rounds: Sequence[Round],
    names: Sequence[str],
    memory: Sequence[str],
    click_model: str | ClickModel = DEFAULT,
    searches_a_query: int = SEARCHES_A_QUERY,
) -> Dataset:
    """Rows of the searches in which something was acted upon for the query; the rest say nothing about order."""
    grades = {(j.query, j.id): (j.grade, j.weight) for j in judgments_from_clicks(rounds, click_model).judgments}
    liked = {r.decision.normalized for r in rounds if any(g > 0 for g in r.gains.values())}
    searches: dict[str, list[Round]] = defaultdict(list)
    for r in sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id)):
        if r.decision.normalized in liked:
            searches[r.decision.normalized].append(r)
    many = len(searches) >= ENOUGH_QUERIES
    forgotten = [i for i, name in enumerate(names) if name in memory and not many]
    parts: list[Group] = []
    for query in sorted(searches):
        latest = searches[query][-(MOST_SEARCHES if many else searches_a_query) :]
        for one in latest:
            graded = grades if one.decision.shown else {(query, id): (gain, 1.0) for id, gain in one.gains.items()}
            parts.extend(_groups(one, graded, names, forgotten, share=1.0 if many else 1 / len(latest)))
    return stack(parts, tuple(names))


@dataclass(frozen=True, slots=True)
class Group:
    """One search on its way into the table. `new`: as if nobody had asked it before."""

    query: str
    new: bool
    rows: Matrix
    grades: list[float]
    weights: list[float]
    shown: list[bool]
    gains: list[float]
    places: list[int]


def _groups(
    one: Round,
    grades: dict[tuple[str, str], tuple[float, float]],
    names: Sequence[str],
    forgotten: Sequence[int],
    share: float,
) -> list[Group]:
    decision = one.decision
    ruled = decision.pinned | decision.buried  # a rule decided whether people saw these, and where
    logged = [c for c in decision.candidates if c.features is not None and c.key.id not in ruled]
    table = dense([c.features or {} for c in logged], names)
    keys = [(decision.normalized, c.key.id) for c in logged]
    grade = [grades[k][0] if k in grades else 0.0 for k in keys]
    weight = [grades[k][1] if k in grades else 1.0 for k in keys]
    if len(logged) < 2 or max(grade) == min(grade):
        return []
    shown = [k in grades or not decision.shown for k in keys]
    new, gains = ASKED not in decision.context, [one.gains.get(c.key.id, 0.0) for c in logged]
    group = Group(
        decision.normalized, new, table, grade, [w * share for w in weight], shown, gains, _places(one, logged)
    )
    return both_ways(group, forgotten)


def _places(one: Round, logged: Sequence[CandidateRecord]) -> list[int]:
    if not one.decision.shown:
        return [NO_PAGE] * len(logged)
    looked = {id: min(place, NO_PAGE - 1) for place, id, _ in looked_at(one)}
    last = max(looked.values(), default=0)
    return [looked.get(c.key.id, last) for c in logged]


def both_ways(one: Group, forgotten: Sequence[int]) -> list[Group]:
    """A search as it was and as if nobody had asked it before, half the weight each: without `forgotten` columns."""
    if not forgotten:
        return [one]
    without = one.rows.copy()
    without[:, forgotten] = np.nan
    halves = [w / 2 for w in one.weights]
    return [replace(one, new=False, weights=halves), replace(one, new=True, rows=without, weights=halves)]


def stack(parts: Sequence[Group], names: tuple[str, ...]) -> Dataset:
    rows = [p.rows for p in parts] or [np.zeros((0, len(names)), dtype=np.float32)]
    return Dataset(
        names,
        np.concatenate(rows),
        np.array([g for p in parts for g in p.grades], dtype=np.float64),
        np.array([w for p in parts for w in p.weights], dtype=np.float64),
        np.repeat(np.arange(len(parts)), [len(p.rows) for p in parts]),
        tuple(p.query for p in parts),
        np.array([x for p in parts for x in p.shown], dtype=np.bool_),
        tuple(p.new for p in parts),
        np.array([g for p in parts for g in p.gains], dtype=np.float64),
        np.array([place for p in parts for place in p.places], dtype=np.intp),
    )
