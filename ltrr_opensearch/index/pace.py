"""Throttling: at most so many documents a second."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """`wait(n)` sleeps until n more documents fit the rate (documents a second; None: no limit)."""

    def __init__(
        self,
        rate: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def wait(self, documents: int) -> None:
        if self._rate is None:
            return
        now = self._clock()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + documents / self._rate
