"""What the log tells of a batch and of a query: who was asked, how deep, and why. Pure, over decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from ltrr_opensearch.demo.measure import NDCG
from ltrr_opensearch.demo.results import Drawn, Step
from ltrr_opensearch.demo.users import Visited
from ltrr_opensearch.evaluate.measures import mean, per_query
from ltrr_opensearch.kinds import kind_in
from ltrr_opensearch.logged import Decision, Judgment

KIND_NAMES = {
    "values": "known values only (a brand, a colour)",
    "mixed": "known values and other words",
    "identifier": "part numbers and codes",
    "word": "one word",
    "words": "two to four words",
    "sentence": "longer texts",
}
NOT_TELLING = ("hour=", "weekday=", "month=", "day_part=", "weekend")
"""Context features that are the same for the whole demo."""


def step(number: int, seen: Sequence[Visited], decisions: Mapping[str, Decision], judged: list[Judgment]) -> Step:
    """One batch: what users saw and did, and what was drawn for it."""
    pages = {search.query_id: search for search in seen}
    by_search = [Judgment(i, j.id, j.grade) for i, s in pages.items() for j in _of(judged, s.query)]
    ndcg = per_query(by_search, {i: search.shown for i, search in pages.items()}, (NDCG,))[NDCG]
    known = [decisions[i] for i in pages if i in decisions]
    return Step(
        number=number,
        searches=len(seen),
        ndcg=mean(ndcg),
        clicked=fmean(bool(search.clicks) for search in seen),
        candidates=fmean([drawn_candidates(d) for d in known]) if known else 0.0,
        shares=shares(known),
    )


def _of(judged: list[Judgment], query: str) -> list[Judgment]:
    return [j for j in judged if j.query == query]


def drawn_candidates(decision: Decision) -> int:
    return sum(slot.depth for slot in decision.slots)


def shares(decisions: Sequence[Decision]) -> dict[str, dict[str, float]]:
    """kind of query -> strategy -> share of all candidates drawn for that kind."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for decision in decisions:
        kind = KIND_NAMES.get(kind_in(decision.context), "other")
        for slot in decision.slots:
            sums[kind][slot.strategy] += slot.depth
    return {
        kind: {strategy: depth / max(sum(depths.values()), 1.0) for strategy, depth in depths.items()}
        for kind, depths in sums.items()
    }


def explanation(served: Decision, exploring: Decision) -> tuple[Drawn, ...]:
    """Every plan's draw. Probabilities are those of a user's search, which explores; the depth is the one served."""
    pmfs = {slot.plan: slot.pmf for slot in exploring.slots}
    return tuple(
        Drawn(
            plan=slot.plan,
            pmf=tuple(zip(served.ladder, pmfs.get(slot.plan, slot.pmf), strict=True)),
            depth=slot.depth,
            found=slot.found,
            outcome=slot.outcome.value,
            facts=tuple(
                sorted((n, v) for n, v in slot.action.items() if v and n not in ("likelihood", "needs_vector"))
            ),
        )
        for slot in served.slots
    )


def telling_context(decision: Decision) -> tuple[tuple[str, float], ...]:
    """The context features that tell this query from others."""
    return tuple((n, v) for n, v in sorted(decision.context.items()) if v and not n.startswith(NOT_TELLING))
