"""What is counted of searches and of the strategies asked in them: decayed sums, and what they say."""

from __future__ import annotations

from typing import NamedTuple

from ltrr_opensearch.kinds import KINDS

Key = tuple[str, str]
"""What is counted for: (dimension, value)."""
OVERALL: Key = ("", "")
KIND, QUERY, USER = "kind", "query", "user"


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


class Cell(NamedTuple):
    """One strategy. `rewarded`: searches with a gain in which it was asked; `found`: it had that object."""

    asked: float = 0.0
    rewarded: float = 0.0
    found: float = 0.0
    reciprocal_ranks: float = 0.0
    results: float = 0.0
    took_ms: float = 0.0
    candidates: float = 0.0
    answered: float = 0.0
    """Searches to which it brought a candidate; the sums of shares are over the first ten of each."""
    top_scores: float = 0.0
    rare: float = 0.0
    popular: float = 0.0
    profiled: float = 0.0
    """Answered searches of somebody who had acted before."""
    personal: float = 0.0
    compared: float = 0.0
    """Answered searches in which the memory had something too."""
    agreed: float = 0.0
    last_score: float = 0.0
    """Of the youngest answered search, as the next; both do not fade."""
    last_results: float = 0.0

    @property
    def found_share(self) -> float:
        return _share(self.found, self.rewarded)

    @property
    def mean_reciprocal_rank(self) -> float:
        return _share(self.reciprocal_ranks, self.rewarded)

    @property
    def mean_results(self) -> float:
        return _share(self.results, self.asked)

    @property
    def mean_took_ms(self) -> float:
        return _share(self.took_ms, self.asked)

    @property
    def mean_candidates(self) -> float:
        return _share(self.candidates, self.asked)

    @property
    def mean_top_score(self) -> float:
        return _share(self.top_scores, self.answered)

    @property
    def rare_share(self) -> float:
        """Of the candidates it brings first: rarely shown so far, as new ones are."""
        return _share(self.rare, self.answered)

    @property
    def popular_share(self) -> float:
        return _share(self.popular, self.answered)

    @property
    def personal_share(self) -> float:
        """Of the candidates it brings first: the same person acted on them before."""
        return _share(self.personal, self.profiled)

    @property
    def agreement(self) -> float:
        """Share of the memory's first candidates that it had among its first, too."""
        return _share(self.agreed, self.compared)


class Whole(NamedTuple):
    """All searches of a key, whatever was asked in them. `found`: some strategy had the object."""

    asked: float = 0.0
    rewarded: float = 0.0
    found: float = 0.0
    failed: float = 0.0
    compared: float = 0.0
    """Rewarded searches of a query that had been rewarded before."""
    repeated: float = 0.0
    """Of these, the ones with the same object as the time before."""
    values: float = 0.0
    mixed: float = 0.0
    identifier: float = 0.0
    word: float = 0.0
    words: float = 0.0
    sentence: float = 0.0

    @property
    def found_share(self) -> float:
        return _share(self.found, self.rewarded)

    @property
    def rewarded_share(self) -> float:
        return _share(self.rewarded, self.asked)

    @property
    def failed_share(self) -> float:
        return _share(self.failed, self.asked)

    @property
    def focus(self) -> float:
        """How concentrated actions are on one object: the probability that two of them are on the same.

        That is e to the minus Renyi entropy of order 2 of the clicks; 1 for a known item, near 0 for a broad topic.
        """
        return _share(self.repeated, self.compared)

    @property
    def kinds(self) -> dict[str, float]:
        """Share of each kind of query."""
        return {kind: _share(getattr(self, kind), self.asked) for kind in KINDS}


COLUMNS = len(Cell._fields)
FADING = COLUMNS - 2
"""Columns before this one are sums, which fade."""
