"""Reads the searches of a live experiment with what people did, page by page, keeping only what a report needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.evaluate.live import Observed
from ltrr_opensearch.learn import reward
from ltrr_opensearch.learn.join import attributed, selected
from ltrr_opensearch.learn.later_pages import with_later_pages
from ltrr_opensearch.learn.read import Window, decision_pages
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Decision, Event
from ltrr_opensearch.settings import StateSettings

ALL = 1 << 62
"""Searches: none is left out for their number."""


def read_experiment(
    client: OpenSearch,
    state: StateSettings,
    learn: LearnSettings,
    index: str,
    name: str,
    window: Window,
    counts: Counter[str],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Observed]:
    """The searches that count, bots and floods left out as in learning. `counts` says what was read and left out."""
    found: list[tuple[reward.Visit, Observed]] = []
    earliest: dict[str, datetime] = {}
    for page in decision_pages(client, state.prefix, index, window, ALL, counts):
        taking_part = [d for d in page if d.trial and d.trial.experiment == name]
        whole, events = with_later_pages(client, state, taking_part, counts)
        for decision, own in _told_apart(whole, events, earliest):
            kept = attributed(decision, own, learn.window_s, counts)
            acted = [event for event in kept if learn.gains.get(event.action, 0.0) > 0]
            found.append((reward.visit(decision, acted), observed(decision, reward.gains(acted, learn.gains))))
        progress(len(page))
    return _counted(found, learn, counts)


def observed(decision: Decision, gains: dict[str, float]) -> Observed:
    """`gains`: by `_id` of the objects that were acted upon; one of several documents counts once, where it is best."""
    assert decision.trial is not None
    places = {c.key.id: rank for rank, c in reversed(list(enumerate(decision.candidates, start=1)))}
    teams = {c.key.id: c.team for c in decision.candidates}
    ranks = [places[id] for id in gains if id in places]
    return Observed(
        person=decision.asker.person or decision.query_id,
        query=decision.normalized,
        arm=decision.trial.arm,
        success=float(bool(gains)),
        gain=max(gains.values(), default=0.0),
        reciprocal=1.0 / min(ranks) if ranks else 0.0,
        took_ms=decision.took_ms,
        first=decision.candidates[0].team if decision.candidates else None,
        credits=tuple((team, gain) for id, gain in gains.items() if (team := teams.get(id))),
    )


def _told_apart(
    page: Iterable[Decision], events: dict[str, list[Event]], earliest: dict[str, datetime]
) -> Iterator[tuple[Decision, Sequence[Event]]]:
    """The newest search first. Under a repeated query_id an event belongs to the last search before it."""
    for decision in page:
        id, before = decision.query_id, earliest.get(decision.query_id)
        yield decision, [e for e in events.get(id, ()) if before is None or e.at < before]
        earliest[id] = decision.at


def _counted(
    found: Sequence[tuple[reward.Visit, Observed]], learn: LearnSettings, counts: Counter[str]
) -> list[Observed]:
    chosen = selected([visit for visit, _ in found], learn, counts)
    left_out = chosen.floods | chosen.capped
    return [one for visit, one in found if visit.query_id not in left_out]
