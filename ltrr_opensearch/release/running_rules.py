"""The rules of each index as a proxy knows them: those of the configuration at once, those of the cluster as polled.

While the cluster cannot be asked, what it said last holds. Of a stored document whatever is no rule is a fault, and the
others hold.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ltrr_opensearch.background import refreshed
from ltrr_opensearch.release.rules import Stored, merged
from ltrr_opensearch.rules.book import RuleBook, Rules

log = logging.getLogger(__name__)


class Store(Protocol):
    def version(self, index: str) -> str | None: ...
    def read(self, index: str) -> Stored: ...


class RunningRules:
    """`configured`: rules of the settings by the key of their index; every index that is served has an entry."""

    def __init__(self, store: Store, configured: Mapping[str, Rules], poll_s: float) -> None:
        self._store, self._configured, self._poll_s = store, dict(configured), poll_s
        self._books = {index: _book(rules, ()) for index, rules in configured.items()}
        self._known: dict[str, Stored] = {}
        self._unread: set[str] = set()

    @property
    def faults(self) -> list[str]:
        """What is stored and is no rule, in words."""
        return [f"{fault}; it does not hold" for stored in self._known.values() for fault in stored.faults]

    def current(self, index: str) -> RuleBook | None:
        """The rules in force; None where there are none."""
        return self._books.get(index)

    def refresh(self) -> None:
        """One reading of every index. Blocking."""
        for index in self._configured:
            try:
                self._refresh(index)
                self._unread.discard(index)
            except Exception as error:  # whatever the document made of itself, it must be looked at again
                if index not in self._unread:
                    log.warning("the rules of index %r cannot be read, those before hold: %s", index, error)
                self._unread.add(index)

    def run(self) -> AbstractAsyncContextManager[None]:
        """Keeps reading while its block runs."""
        return refreshed(self.refresh, self._poll_s)

    def _refresh(self, index: str) -> None:
        known = self._known.get(index, Stored())
        if self._store.version(index) == known.version:
            return
        stored = self._store.read(index)
        for fault in stored.faults:
            log.warning("%s; it does not hold", fault)
        self._known[index] = stored
        self._books[index] = book = _book(self._configured[index], stored.rules)
        log.info("index %r has %d rules", index, len(book.rules) if book else 0)


def _book(configured: Rules, stored: Rules) -> RuleBook | None:
    """None where no rule may ever be met, so that a search asks nothing."""
    return RuleBook(merged(configured, stored)) or None
