"""Why searches fell back and plans failed, in the log: each kind once a minute, however many searches meet it.

A cluster that is slow or away is no fault of ours, and the counts tell it. What a query said is not repeated.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Sequence

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.types import Outcome, PlanResult

AGAIN_S = 60.0
EXPECTED = (Unreachable, TimeoutError)
_KIND = re.compile(r"\d{3}(?: \w+_exception)?|\w+(?=\()")
"""Of a plan's error: the cluster's status with the type of its error, or the name of an exception of ours."""

_log = logging.getLogger(__name__)


class Faults:
    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}

    def fell_back(self, reason: str) -> None:
        """Called where the exception is handled, if it was one."""
        error = sys.exception()
        if error is not None and not isinstance(error, EXPECTED) and self._is_news(reason, type(error).__name__):
            _log.error("fell back: %s", reason, exc_info=error)

    def failed(self, results: Sequence[PlanResult]) -> None:
        """Of plans that were asked, those that failed."""
        for result in results:
            kind = _KIND.match(result.error) if result.outcome is Outcome.FAILED else None
            if kind and self._is_news(result.plan.strategy, kind[0]):
                _log.warning("a plan of strategy %s failed: %s", result.plan.strategy, kind[0])

    def _is_news(self, where: str, what: str) -> bool:
        kind = (where, what)
        now = self._clock()
        if kind in self._said and now - self._said[kind] < AGAIN_S:
            return False
        self._said[kind] = now
        return True
