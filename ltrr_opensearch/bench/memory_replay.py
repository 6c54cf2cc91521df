"""Best Buy's clicks answered by the memory alone: its own list, then what the text strategies find, by RRF.

Day by day, each with what was known of the days before. So is seen what the memory is worth without a ranker, and what
it costs to wait for so many people before a query is shared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.record import request
from ltrr_opensearch.arena.remembered import remembered_hits
from ltrr_opensearch.bench import bestbuy
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.clicked_replay import GAIN, by_day, place_of, rrf
from ltrr_opensearch.bench.recorded import Recorded
from ltrr_opensearch.knowledge.personal import Act, PersonalMemory
from ltrr_opensearch.learn.memory import Acted
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.types import Asker, Encoded

DEPTH = 200
_NOON = datetime(2011, 9, 1, 12, tzinfo=UTC)
"""Of every search: the memory asks no clock."""
PEOPLE = 1_000_000
"""Remembered one by one: all."""
Ranks = list[int | None]


def by_memory(
    made: Recorded, index: str, clicks: Sequence[Clicked], users: int, done: Callable[[int], None]
) -> list[tuple[int | None, int | None]]:
    """Ranks of the products clicked where a query is shared after `users` people.

    Each as the memory that all share has it, and where what the person did before for such a query stands first.
    """
    learn = made.settings.learn.model_copy(update={"memory_users": users})
    settings = made.settings.model_copy(update={"learn": learn})
    vectors = {query: a.vector for query, a in made.recording.queries.items() if a.vector is not None}
    learner = Learner(settings, index, made.gazetteer, vectors, terms=made.terms)
    own, ranks = PersonalMemory(), list[tuple[int | None, int | None]]()
    for _, some in by_day(clicks):
        lists = {query: answered(made, learner, query) for query in {normalise(one.query) for one in some}}
        for one in some:
            shared, mine = lists[normalise(one.query)], [e.id for e in own.of(one.user, normalise(one.query))]
            first = [*mine, *(id for id in shared if id not in mine)] if mine else shared
            ranks.append((place_of(shared, one.product), place_of(first, one.product)))
        acted: defaultdict[str, list[Acted]] = defaultdict(list)
        for one in some:
            acted[normalise(one.query)].append(Acted(one.product, one.at, GAIN, one.user))
        learner.recall(acted)
        acts = [Act(one.user, normalise(one.query), one.product, GAIN, one.at) for one in some]
        own = own.with_acts(acts, learn.memory_half_life_days, PEOPLE)
        done(len(some))
    return ranks


def answered(made: Recorded, learner: Learner, query: str) -> list[str]:
    known = remembered(made, learner, query)
    return [*known, *(id for id in rrf(made.recording, query) if id not in set(known))]


def remembered(made: Recorded, learner: Learner, query: str) -> list[str]:
    """What the memory's plan finds for a query, with its embedding."""
    serving, recording = learner.serving(), made.recording
    asked = request(query, recording.index, bestbuy.application_query, "memory", _NOON, Asker())
    analyzed = serving.analyze(asked)
    strategy = next(one for one in serving.strategies if one.name == "q2e")
    for plan in strategy.plan(analyzed):
        hits = remembered_hits(plan.clause(DEPTH, Encoded(recording.queries[query].vector)), recording, DEPTH)
        return [hit.key.id for hit in hits or ()]
    return []
