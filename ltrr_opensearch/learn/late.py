"""Events that came after their search had been learned, and what they change of what was counted of it.

An event is late when it was written after the run that learned its search had read the log, or when it happened after
`learn.window_s`. Every write has a higher sequence number in its shard, so "events up to here are counted" is one
number a shard, kept with what was counted: each event is met once, whatever the clocks of clients say. What an event
changes is a difference: the search with all that is known of it now, less the search as it was counted. What policies
and rankers have learned from it stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from opensearchpy import OpenSearch

from ltrr_opensearch.learn.backlog import FIRST
from ltrr_opensearch.learn.join import (
    CLOCK_SKEW_S,
    Joined,
    attributed,
    followed_up,
    gains_of,
    selected,
    told_apart,
    visit,
)
from ltrr_opensearch.learn.later_pages import continued
from ltrr_opensearch.learn.read import Page, Window, decisions_under, refresh, times_of
from ltrr_opensearch.learn.written_events import Marks, events_written, shards_read
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Event, Round
from ltrr_opensearch.settings import Settings

EVENTS = "events"
"""Key of a part's meta: up to which event it has counted."""
AT_ONCE = 500


class Late(NamedTuple):
    """One search as it was counted, and as it is known now."""

    before: Round
    after: Round


@dataclass(frozen=True, slots=True)
class Found:
    """What late events change, in the order of the searches, and how far events were read."""

    late: tuple[Late, ...]
    marks: Marks


@dataclass(frozen=True, slots=True)
class LateEvents:
    """Of searches of one index that are in the aggregates, or come into them in this run.

    `window`: those that come into them; `marks`: how far the last run had read, None where none has noted it;
    `left_out`: query_ids of searches of the window that do not count.
    """

    client: OpenSearch
    settings: Settings
    index: str
    window: Window
    marks: Marks | None
    left_out: frozenset[str] = frozenset()

    @property
    def _learn(self) -> LearnSettings:
        return self.settings.learn

    @property
    def _oldest(self) -> datetime:
        """Searches of an earlier time are corrected no more."""
        return self.window.until - timedelta(days=self._learn.late_days)

    def found(self, counts: Counter[str], upto: Marks | None = None) -> Found:
        """Ask when the window has been read: what is written meanwhile may be lost, and never counts twice.

        `upto`: where an earlier run had stopped reading that is now finished.
        """
        state, oldest = self.settings.state, self._oldest - timedelta(seconds=CLOCK_SKEW_S)
        refresh(self.client, state.prefix, state.ubi_events)  # every copy shows the same
        late: defaultdict[str, list[Event]] = defaultdict(list)
        shards = shards_read(self.client, state.ubi_events, self.marks or {}, upto)
        for one in shards:
            for events in events_written(self.client, one, oldest, counts):
                for event, search in self._late(events, noted=one.noted):
                    late[search].append(event)
        counts["late events"] += sum(map(len, late.values()))
        marks = {one.shard.key: one.upto for one in shards}
        return Found(tuple(sorted(self._changes(late, counts), key=_order)), marks)

    def _late(self, events: Sequence[Event], *, noted: bool) -> Iterator[tuple[Event, str]]:
        """Those that may be late, each with the query_id of its search. `noted`: the last run had read their shard."""
        times = self._times({event.query_id for event in events})
        pages = continued(self.client, self.settings.state.ubi_queries, {e.query_id for e in events} - times.keys())
        times |= self._times(set(pages.values()))
        for event in events:
            search = pages.get(event.query_id, event.query_id)
            if any(self._may_be(event, at, noted=noted) for at in times.get(search, ())):
                yield event, search

    def _times(self, query_ids: Collection[str]) -> dict[str, list[datetime]]:
        return times_of(self.client, self.settings.state.prefix, self.index, query_ids)

    def _may_be(self, event: Event, at: datetime, *, noted: bool) -> bool:
        """`at`: of a search, to the millisecond.

        A shard of which nothing was noted may be an old one under a new name, after a restore or reindexing: what it
        has of searches that were counted before is taken for counted.
        """
        known = self.window.after
        if known and at <= known and not noted:
            return False
        learned = known is not None and at <= known + timedelta(milliseconds=1)
        out_of_time = event.at > at + timedelta(seconds=self._learn.window_s)
        return at <= self.window.until and (learned or out_of_time)

    def _changes(self, found: Mapping[str, Sequence[Event]], counts: Counter[str]) -> Iterator[Late]:
        """Whoever acts faster than people do, or oftener than one may count, changes nothing."""
        ids = sorted(found)
        parts = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
        joined = [one for part in parts for one in self._joined(part)]
        fresh = [(decision, found.get(decision.query_id, ())) for decision, _ in joined]
        chosen = selected([visit(one, self._learn) for one in fresh], self._learn, Counter())
        left_out = chosen.floods | chosen.capped | self.left_out
        for (decision, events), (_, new) in zip(joined, fresh, strict=True):
            if decision.query_id not in left_out and (late := self._change((decision, events), new, counts)):
                yield late

    def _joined(self, ids: Sequence[str]) -> list[Joined]:
        """The searches under some query_ids with all events of theirs."""
        state = self.settings.state
        pages = decisions_under(self.client, state.prefix, self.index, ids)
        found = [one for page in pages for one in followed_up(self.client, state, Page.of(page), Counter(), FIRST)]
        return list(told_apart(found, Counter(), {}))

    def _change(self, joined: Joined, new: Sequence[Event], counts: Counter[str]) -> Late | None:
        decision = joined[0]
        if not any(self._may_be(event, decision.at, noted=self.marks is not None) for event in new):
            return None  # it belongs to another search under the same query_id
        if decision.at > self.window.until or decision.at < self._oldest:
            counts["late events of searches older than learn.late_days"] += len(new)
            return None
        before, after = self._attributed(joined, new)
        was, now = (gains_of(decision, some, self._learn) for some in (before, after))
        if was == now:
            return None
        counts["searches corrected by late events"] += 1
        return Late(Round(decision, was), Round(decision, now))

    def _attributed(self, joined: Joined, new: Sequence[Event]) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
        """What counted for a search until now, and what does from now on."""
        decision, events = joined
        window_s, late_s = self._learn.window_s, timedelta(days=self._learn.late_days).total_seconds()
        if self.window.after and decision.at <= self.window.after:
            counted = attributed(decision, _without(events, new), late_s, Counter())
        else:
            counted = attributed(decision, events, window_s, Counter())
            closes = decision.at + timedelta(seconds=window_s)
            events = [event for event in events if event.at <= closes or event in new]  # others are new to the next run
        return counted, attributed(decision, events, late_s, Counter())


def _without(events: Iterable[Event], new: Iterable[Event]) -> list[Event]:
    left = Counter(new)
    kept = []
    for event in events:
        if left[event] > 0:
            left[event] -= 1
        else:
            kept.append(event)
    return kept


def _order(late: Late) -> tuple[datetime, str]:
    return late.before.decision.at.astimezone(UTC), late.before.decision.query_id
