"""Decisions and events become rounds: which object was acted upon, in time, by somebody who counts.

An event counts when the search that it names showed its object, on its first page or on a later one of the same
order, within the attribution window. Events may name objects by a field; a round's gains go by `_id` throughout.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from opensearchpy import OpenSearch

from ltrr_opensearch.candidate_columns import ids_of, objects_of
from ltrr_opensearch.learn import reward
from ltrr_opensearch.learn.later_pages import followed, with_later
from ltrr_opensearch.learn.read import Page, Window, document_pages, times_elsewhere, understood
from ltrr_opensearch.learn.unknown import count_unknown
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.log.candidates import Only
from ltrr_opensearch.logged import Decision, Event, Round
from ltrr_opensearch.settings import StateSettings

CLOCK_SKEW_S = 60.0
"""A client's clock may be this much behind ours."""


Joined = tuple[Decision, Sequence[Event]]
"""A search with the events that count for it."""


def read_rounds(
    client: OpenSearch,
    state: StateSettings,
    learn: LearnSettings,
    index: str,
    window: Window,
    counts: Counter[str],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Round]:
    """The newest `learn.max_rounds` rounds of a window in the order of time.

    `counts` says what was read and what was left out, by reason.
    """
    joined = read_joined(client, state, learn, index, window, counts, most=learn.max_rounds, progress=progress)
    count_unknown(client, state, window, counts)
    return rounds(joined, learn, counts)


def read_joined(
    client: OpenSearch,
    state: StateSettings,
    learn: LearnSettings,
    index: str,
    window: Window,
    counts: Counter[str],
    *,
    most: int | None = None,
    first: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Joined]:
    """Searches of a window, the newest `most` or all of them.

    Where only the `first` candidates of each plan are asked for, beside those that were shown or acted upon, none has
    the row that a ranker learns from.
    """
    found: list[Joined] = []
    for page in document_pages(client, state.prefix, index, window, most or sys.maxsize, counts):
        found += followed_up(client, state, page, counts, first)
        progress(len(page.ids))
    elsewhere = times_elsewhere(client, state.prefix, index, [d.query_id for d, own in found if own], window)
    return [(d, attributed(d, own, learn.window_s, counts)) for d, own in told_apart(found, counts, elsewhere)]


def followed_up(
    client: OpenSearch, state: StateSettings, page: Page, counts: Counter[str], first: int | None = None
) -> Iterator[Joined]:
    """Documents of searches as decisions, with what their later pages showed and the events of all their pages."""
    after = followed(client, state, page.ids, counts)
    only = [None if first is None else Only(first, after.named(id)) for id in page.ids]
    for decision in understood(zip(page.documents, only, strict=True), counts):
        id = decision.query_id
        yield with_later(decision, after.shown.get(id, ())), after.events.get(id, ())


def told_apart(
    found: Sequence[Joined], counts: Counter[str], elsewhere: Mapping[str, Sequence[datetime]]
) -> Iterator[Joined]:
    """Where a client searched several times under one query_id, an event belongs to the last search before it.

    `elsewhere`: times of such searches that are not among these.
    """
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for decision, _ in found:
        times[decision.query_id].append(decision.at)
    for decision, events in found:
        same = [*times[decision.query_id], *elsewhere.get(decision.query_id, ())]
        if len(same) == 1:
            yield decision, events
        else:
            counts["searches under a repeated query_id"] += 1
            yield decision, [e for e in events if decision.at == max((t for t in same if t <= e.at), default=min(same))]


def attributed(decision: Decision, events: Iterable[Event], window_s: float, counts: Counter[str]) -> tuple[Event, ...]:
    """The events that count for a decision, their objects named by `_id`."""
    events = list(events)
    shown = _named(decision) if events else {}
    first, last = decision.at - timedelta(seconds=CLOCK_SKEW_S), decision.at + timedelta(seconds=window_s)
    kept = []
    for event in events:
        if not first <= event.at <= last:
            counts["events out of time"] += 1
        elif event.object_id is not None and event.object_id not in shown:
            counts["events on what was not shown"] += 1
        else:
            named = shown.get(event.object_id or "")
            kept.append(event if named == event.object_id else replace(event, object_id=named))
    return tuple(kept)


def visit(joined: Joined, learn: LearnSettings) -> reward.Visit:
    decision, events = joined
    return reward.visit(decision, _worth(events, learn))


def selected(visits: Sequence[reward.Visit], learn: LearnSettings, counts: Counter[str]) -> reward.Selection:
    """Which of all searches of a run count."""
    chosen = reward.select(
        visits,
        flood_per_minute=learn.flood_per_minute,
        user_cap=learn.user_cap,
        quick_requery_s=learn.quick_requery_s,
        rephrase_s=learn.rephrase_s,
    )
    counts["searches of bots"] += len(chosen.floods)
    counts["searches beyond the user cap"] += len(chosen.capped)
    counts["failed searches"] += len(chosen.failed)
    return chosen


def rounds(joined: Sequence[Joined], learn: LearnSettings, counts: Counter[str]) -> list[Round]:
    """Rounds of the searches that count among these, the oldest first."""
    return rounds_of(joined, selected([visit(one, learn) for one in joined], learn, counts), learn, counts)


def rounds_of(
    joined: Iterable[Joined], chosen: reward.Selection, learn: LearnSettings, counts: Counter[str]
) -> list[Round]:
    """Rounds of the searches that count, the oldest first."""
    left_out, failed = chosen.floods | chosen.capped, chosen.failed
    made = []
    for decision, events in joined:
        if (id := decision.query_id) not in left_out:
            acted = reward.gains(events, learn.gains)
            # what was acted upon where a rule had pinned it is nobody's merit, but the search had not failed
            loss = 0.0 if acted else chosen.loss(id, learn.losses)
            made.append(Round(decision, _merited(decision, acted), loss, failed=id in failed))
    counts["rounds"] += len(made)
    counts["rounds with a gain"] += sum(bool(one.gains) for one in made)
    return sorted(made, key=lambda one: (one.decision.at, one.decision.query_id))


def gains_of(decision: Decision, events: Iterable[Event], learn: LearnSettings) -> dict[str, float]:
    """The gain of each object that was acted upon, by `_id`; of what a rule had pinned there is none."""
    return _merited(decision, reward.gains(events, learn.gains))


def _merited(decision: Decision, acted: Mapping[str, float]) -> dict[str, float]:
    if not acted:
        return {}
    pinned = decision.pinned
    return {object: gain for object, gain in _shared(decision, acted).items() if object not in pinned}


def _worth(events: Iterable[Event], learn: LearnSettings) -> list[Event]:
    return [event for event in events if learn.gains.get(event.action, 0.0) > 0]


def _named(decision: Decision) -> dict[str, str]:
    """Names that events may use -> `_id`, the best placed where an object has several documents.

    Where objects have names of their own, no `_id` is one: "77" may be both, of two things.
    """
    ids, objects = ids_of(decision.candidates), objects_of(decision.candidates)
    if objects:
        places = range(len(ids) - 1, decision.offset - 1, -1)
        if named := {objects[place]: ids[place] for place in places if objects.get(place)}:
            return named
    shown = ids[decision.offset :]
    return dict(zip(shown, shown, strict=True))


def _shared(decision: Decision, gains: Mapping[str, float]) -> dict[str, float]:
    """Gains by `_id`, with those of the other documents of an object that was acted upon."""
    if not objects_of(decision.candidates):
        return {**gains}
    of_object = {c.object_id: gains[c.key.id] for c in decision.candidates if c.object_id and c.key.id in gains}
    shared = {c.key.id: of_object[c.object_id] for c in decision.candidates if c.object_id and c.object_id in of_object}
    return {**gains, **shared}
