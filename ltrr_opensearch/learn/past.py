"""Searches that somebody answered before us, as rounds: what was asked, what was shown as far as known, what was taken.

They count as our own do: the same window, gains, caps and floods. No strategy of ours was asked, so a round of the past
has no slots, and of a search whose page nobody knows only what was acted upon is a candidate. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ltrr_opensearch.learn.join import attributed, rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import CandidateRecord, Decision, Event, Round
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.types import Asker, DocKey

PAST = "past"
"""In place of phase, policy and ranker of such a search."""
ELSEWHERE = "events on documents that are not in the index"

Ids = Mapping[str, Sequence[str]]
"""Names of objects, as events use them -> `_id`s of their documents."""


@dataclass(frozen=True, slots=True)
class Past:
    """One search. `shown`: the objects of its page, by the names that events use; empty where nobody knows."""

    query_id: str
    at: datetime
    text: str
    asker: Asker
    shown: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def objects(self) -> Iterator[str]:
        """All that it names."""
        yield from self.shown
        yield from (event.object_id for event in self.events if event.object_id is not None)


def worded(past: Iterable[Past], counts: Counter[str]) -> list[Past]:
    """Those of which words are left that can be remembered and asked."""
    every = list(past)
    kept = [one for one in every if normalise(one.text)]
    counts["searches without words"] += len(every) - len(kept)
    return kept


def past_rounds(past: Iterable[Past], index: str, ids: Ids, learn: LearnSettings, counts: Counter[str]) -> list[Round]:
    """Rounds of the searches that count, the oldest first."""
    joined = []
    for one in past:
        here = [event for event in one.events if event.object_id is None or event.object_id in ids]
        counts[ELSEWHERE] += len(one.events) - len(here)
        decision = _decision(one, index, ids)
        joined.append((decision, attributed(decision, here, learn.window_s, counts)))
    return rounds(joined, learn, counts)


def examined(rounds: Iterable[Round], click_model: str) -> Sequence[float]:
    """How likely positions were looked at, by the pages that are known."""
    return judgments_from_clicks([one for one in rounds if one.decision.shown], click_model).examination


def drawn_from(rounds: Sequence[Round], searches: int, seed: int) -> list[Round]:
    """So many of the searches, each as likely as any other: a query counts as often as it was asked."""
    if len(rounds) <= searches:
        return list(rounds)
    places = np.random.default_rng(seed).choice(len(rounds), searches, replace=False)
    return [rounds[place] for place in sorted(places.tolist())]


def _decision(one: Past, index: str, ids: Ids) -> Decision:
    acted = dict.fromkeys(event.object_id for event in one.events if event.object_id is not None)
    page = [_record(index, name, ids[name][0]) for name in one.shown if name in ids]
    unplaced = [_record(index, name, id) for name in acted for id in ids.get(name, ())]
    nothing: dict[str, Any] = {"language": "", "release": "", "context": {}, "ladder": (), "slots": ()}
    return Decision(
        query_id=one.query_id,
        at=one.at,
        index=index,
        text=one.text,
        normalized=normalise(one.text),
        asker=one.asker,
        phase=PAST,
        policy=PAST,
        ranker=PAST,
        candidates=tuple(page or unplaced),
        offset=0,
        shown=len(page),
        total=len(page),
        took_ms=0.0,
        **nothing,
    )


def _record(index: str, name: str, id: str) -> CandidateRecord:
    return CandidateRecord(DocKey(index, id), (), None, None if name == id else name)
