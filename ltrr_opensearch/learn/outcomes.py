"""Brings outcomes up to date with rounds: what was acted upon, and where each strategy has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from ltrr_opensearch.knowledge.liking import Liking
from ltrr_opensearch.knowledge.outcomes import Outcome, Outcomes
from ltrr_opensearch.learn.folding import FADED, before_it, fading, with_it
from ltrr_opensearch.learn.hope import Told, hoped, tells
from ltrr_opensearch.learn.judgments import ClickJudgments, judgments_from_clicks
from ltrr_opensearch.learn.liking import liking
from ltrr_opensearch.learn.shares import KEPT, Counted, count_in
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round

QUERIES = 5_000
"""Kept, the most asked first: each draw looks through all of them for those that are alike."""
EXAMINATION = "swaps"
"""Click model that says what was looked at, whatever `learn.click_model` says of grades: it assumes nothing of how
attractive a document is, so that places far down, where little is good, are not taken for places that nobody sees."""
MEMORY = "memory"
"""Source of plans that name what was acted upon for the query."""


def updated(before: Outcomes, rounds: Iterable[Round], ladder: Sequence[int], learn: LearnSettings) -> Outcomes:
    """With `rounds` counted in, in their order; give each round once."""
    counted = sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id))
    every, new = Counted(len(ladder)).before(before.shares), Counted(len(ladder)).before(before.new)
    queries = dict(before.queries)
    telling: list[Told] = []
    gains = [best for one in counted if (best := max(one.gains.values(), default=0.0)) > 0]
    half_life = timedelta(days=learn.memory_half_life_days)
    # of what was looked at where no page is known, all was acted upon, which says nothing of chance
    judged = judgments_from_clicks([one for one in counted if one.decision.shown], EXAMINATION)
    told = _liking(before, judged, KEPT ** len(counted))
    for one in counted:
        decision = one.decision
        known = before_it(queries.get(decision.normalized), decision, half_life)
        if tells(known, one):
            telling.append(Told(known, one, every.shares()))
        folded = with_it(known, one, judged.examination, told.odds)
        if folded.entities or folded.lost:
            queries[decision.normalized] = folded
        else:
            queries.pop(decision.normalized, None)
        count_in(one, every, new, known.entities, ladder)
    kept = _most_asked(queries, half_life)
    gain = sum(gains) / len(gains) if gains else before.gain
    remembering = before.remembering.union(
        slot.strategy for one in counted for slot in one.decision.slots if slot.source == MEMORY
    )
    return Outcomes(
        {q: queries[q] for q in kept}, every.shares(), new.shares(), gain, told, remembering, hoped(before, telling)
    )


def _most_asked(queries: Mapping[str, Outcome], half_life: timedelta) -> list[str]:
    """Whether somebody acted or not: a choice of those that went well would tell nobody of the others.

    What was only searched for in vain, and not for long, is no longer known.
    """
    until = max((one.updated for one in queries.values()), default=datetime.min)
    asked = {q: one.asked * fading(one.updated, until, half_life) for q, one in queries.items()}
    left = [q for q in queries if queries[q].entities or asked[q] > FADED]
    return sorted(left, key=lambda q: (-asked[q], q))[:QUERIES]


def _liking(before: Outcomes, judged: ClickJudgments, kept: float) -> Liking:
    queries = before.queries
    fresh = [query not in queries or id not in queries[query].entities for query, id in judged.pairs]
    new = liking(judged.acted, judged.examined, np.array(fresh, dtype=np.bool_))
    return before.liking.and_also(new, kept) if new else before.liking
