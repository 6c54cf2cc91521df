"""What searches were worth, and whose count. Pure: over light records of all searches of a run.

An action is worth what the settings say; an object's gain is its largest. Left out: all of a user that acts faster
than people do, and searches of one user beyond a cap. Failed: a search without an action after which the same session
searched again at once, or put it in other words a little later.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import compress, pairwise

from ltrr_opensearch.candidate_columns import ids_of
from ltrr_opensearch.learn_settings import LossSettings
from ltrr_opensearch.logged import Decision, Event, Round, is_whole
from ltrr_opensearch.types import Asker

ALIKE = 0.75
"""Share of letters in common, in order, from which two queries are spellings of one."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A search with the actions that followed. `user` is who asked, as far as anything says."""

    query_id: str
    at: datetime
    user: str | None
    session: str | None
    normalized: str
    offset: int
    actions: tuple[tuple[str, datetime], ...]
    """(who, when)"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Query ids of searches that do not count, by reason, and of those that count as failed, by what followed."""

    floods: frozenset[str]
    capped: frozenset[str]
    requeried: frozenset[str]
    rephrased: frozenset[str]

    @property
    def failed(self) -> frozenset[str]:
        return self.requeried | self.rephrased

    def loss(self, query_id: str, losses: LossSettings) -> float:
        """What a search without an action is worth."""
        if query_id in self.requeried:
            return losses.requery
        return losses.rephrase if query_id in self.rephrased else losses.no_action


def gains(events: Iterable[Event], worth: Mapping[str, float]) -> dict[str, float]:
    """The largest gain of each object; actions worth nothing leave no trace."""
    best: dict[str, float] = {}
    for event in events:
        gain = worth.get(event.action, 0.0)
        if gain > 0 and event.object_id is not None:
            best[event.object_id] = max(gain, best.get(event.object_id, 0.0))
    return best


def looked_at(one: Round) -> list[tuple[int, str, float]]:
    """(place from 0, `_id`, gain) of what people surely had before them.

    That is the first page, and of later ones what was acted upon. What a rule had pinned is not among it: that it was
    seen, and acted upon, there says nothing of what put the others into their order.
    """
    decision, gains = one.decision, one.gains
    pinned = decision.pinned
    first_unseen = decision.offset + decision.shown
    ids = ids_of(decision.candidates)
    page = enumerate(ids[decision.offset : first_unseen], decision.offset)
    looked = [(place, id, gains.get(id, 0.0)) for place, id in page if id not in pinned]
    if gains and len(ids) > first_unseen:
        later = ids[first_unseen:]
        acted = compress(enumerate(later, first_unseen), map(gains.__contains__, later))
        looked += [(place, id, gains[id]) for place, id in acted if gains[id] > 0 and id not in pinned]
    return looked


def visit(decision: Decision, events: Iterable[Event]) -> Visit:
    asker = decision.asker
    actions = tuple((_actor(e.user, e.client, e.session) or _asking(asker) or "", e.at) for e in events)
    return Visit(
        query_id=decision.query_id,
        at=decision.at,
        user=_asking(asker),
        session=asker.session or asker.client or asker.user,
        normalized=decision.normalized,
        offset=decision.offset,
        actions=actions,
    )


def select(
    visits: Sequence[Visit], *, flood_per_minute: int, user_cap: int, quick_requery_s: float, rephrase_s: float
) -> Selection:
    flooding = _flooding(visits, flood_per_minute)
    floods = frozenset(v.query_id for v in visits if v.user in flooding or any(who in flooding for who, _ in v.actions))
    people = [v for v in visits if v.query_id not in floods]
    followed = list(_followed(people))
    requeried = frozenset(one.query_id for one, _, after_s in followed if after_s <= quick_requery_s)
    rephrased = frozenset(
        one.query_id for one, second, after_s in followed if after_s <= rephrase_s and _rephrases(one, second)
    )
    return Selection(floods, _beyond_cap(people, user_cap), requeried, rephrased - requeried)


def _flooding(visits: Iterable[Visit], per_minute: int) -> frozenset[str]:
    """Who searched and acted more often than `per_minute` in some minute of the clock."""
    minutes: Counter[tuple[str, int]] = Counter()
    for one in visits:
        if one.user:
            minutes[one.user, _minute(one.at)] += 1
        minutes.update((who, _minute(at)) for who, at in one.actions if who)
    return frozenset(who for (who, _), times in minutes.items() if times > per_minute)


def _beyond_cap(visits: Iterable[Visit], cap: int) -> frozenset[str]:
    """All but `cap` searches of each user, chosen by a hash: by chance, yet the same in every run."""
    by_user: defaultdict[str, list[str]] = defaultdict(list)
    for one in visits:
        if one.user:
            by_user[one.user].append(one.query_id)
    return frozenset(q for ids in by_user.values() for q in sorted(ids, key=_shuffled)[cap:])


def _followed(visits: Iterable[Visit]) -> Iterator[tuple[Visit, Visit, float]]:
    """(search without an action, the session's next one, seconds between them), but for its next page."""
    by_session: defaultdict[str, list[Visit]] = defaultdict(list)
    for one in visits:
        if one.session:
            by_session[one.session].append(one)
    for searches in by_session.values():
        for first, second in pairwise(sorted(searches, key=lambda v: (v.at, v.query_id))):
            paged = second.normalized == first.normalized and second.offset > first.offset
            if not first.actions and not paged:
                yield first, second, (second.at - first.at).total_seconds()


def _rephrases(first: Visit, second: Visit) -> bool:
    """Whether the second says much the same otherwise: words in common, or nearly the same letters."""
    one, other = first.normalized, second.normalized
    if one == other or not (is_whole(one) and is_whole(other)):
        return False
    if set(one.split()) & set(other.split()):
        return True
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _asking(asker: Asker) -> str | None:
    return asker.person


def _actor(user: str | None, client: str | None, session: str | None) -> str | None:
    return user or client or session


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _shuffled(query_id: str) -> str:
    return hashlib.sha256(query_id.encode()).hexdigest()
