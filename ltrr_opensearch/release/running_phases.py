"""The phase of each index as a proxy knows it, read in the background.

While the cluster cannot be asked, what it said last holds. A phase that was never read is the most careful one: the
safe plan acts until somebody says how far the policy is trusted. A record that cannot be understood is a fault.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from ltrr_opensearch.background import refreshed
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.phase_settings import PhaseName

CAREFUL: PhaseName = "shadow"
log = logging.getLogger(__name__)


class RunningPhases:
    """`told` is called with an index and its phase after every reading."""

    def __init__(
        self,
        read: Callable[[str], PhaseName],
        indexes: Sequence[str],
        poll_s: float,
        told: Callable[[str, PhaseName], None],
    ) -> None:
        self._read, self._indexes, self._poll_s, self._told = read, tuple(indexes), poll_s, told
        self._known: dict[str, PhaseName] = {}
        self._unread: dict[str, Exception] = {}

    @property
    def faults(self) -> list[str]:
        bad = {index: error for index, error in self._unread.items() if isinstance(error, DataError)}
        return [f"{error}; until then it is served as in phase {self.current(index)}" for index, error in bad.items()]

    def current(self, index: str) -> PhaseName:
        return self._known.get(index, CAREFUL)

    def refresh(self) -> None:
        """One reading of every index. Blocking."""
        for index in self._indexes:
            try:
                self._learn(index, self._read(index))
            except Exception as error:  # whatever the document made of itself, it must be looked at again
                if index not in self._unread:
                    log.warning("the phase of index %r cannot be read: %s", index, error)
                self._unread[index] = error
            self._told(index, self.current(index))

    def run(self) -> AbstractAsyncContextManager[None]:
        """Keeps reading while its block runs."""
        return refreshed(self.refresh, self._poll_s)

    def _learn(self, index: str, phase: PhaseName) -> None:
        before = self._known.get(index)
        if before != phase:
            log.info("index %r is in phase %s%s", index, phase, f", before in {before}" if before else "")
        self._known[index] = phase
        self._unread.pop(index, None)
