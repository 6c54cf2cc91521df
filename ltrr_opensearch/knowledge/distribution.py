"""How a number or date field's values lie, so that "17 inch" is read as a diagonal and not as a cable's length."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.types import Json

PERCENTS = (0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of a field's values; dates in milliseconds since 1970."""

    documents: int
    """That have a value."""
    quantiles: tuple[float, ...]
    """At PERCENTS."""
    common: tuple[float, ...] = ()
    """The commonest values, ascending."""
    cumulated: tuple[int, ...] = ()
    """Documents of each of these and of those before it."""

    @classmethod
    def of(cls, documents: int, quantiles: Sequence[float], common: Mapping[float, int]) -> Distribution:
        """From the values at PERCENTS and the documents of the commonest values."""
        values = sorted(common)
        return cls(documents, tuple(map(float, quantiles)), tuple(values), tuple(accumulate(common[v] for v in values)))

    @classmethod
    def read(cls, row: Json) -> Distribution:
        try:
            common = {float(v): int(n) for v, n in row["common"]}
            return cls.of(int(row["documents"]), row["quantiles"], common)
        except (KeyError, TypeError, ValueError) as e:
            raise ModelError(f"gazetteer: a distribution is damaged ({e!r}); publish it again with `ltrr setup`") from e

    def to_json(self) -> Json:
        counts = (after - before for before, after in zip((0, *self.cumulated), self.cumulated, strict=False))
        common = [list(pair) for pair in zip(self.common, counts, strict=True)]
        return {"documents": self.documents, "quantiles": self.quantiles, "common": common}

    def share(self, low: float | None, high: float | None) -> float:
        """Of the documents that have a value, how many have one from `low` to `high`; None is open."""
        between = (1.0 if high is None else self._below(high)) - (0.0 if low is None else self._below(low))
        counted = self._counted(low, high) / max(self.documents, 1)
        uncounted = 1 - self._counted(None, None) / max(self.documents, 1)
        return min(max(counted + uncounted * between, 0.0), 1.0)

    def _counted(self, low: float | None, high: float | None) -> int:
        """Documents of the commonest values in the range."""
        first = 0 if low is None else bisect_left(self.common, low)
        last = len(self.common) if high is None else bisect_right(self.common, high)
        return self._up_to(last) - self._up_to(first) if first < last else 0

    def _up_to(self, place: int) -> int:
        return self.cumulated[place - 1] if place else 0

    def _below(self, value: float) -> float:
        """Share of values up to this one, linear between quantiles."""
        if not self.quantiles:
            return 0.0
        i = bisect_right(self.quantiles, value)
        if i in (0, len(self.quantiles)):
            return 0.0 if i == 0 else 1.0
        low, high = self.quantiles[i - 1], self.quantiles[i]
        within = (value - low) / (high - low)
        return (PERCENTS[i - 1] + within * (PERCENTS[i] - PERCENTS[i - 1])) / 100
