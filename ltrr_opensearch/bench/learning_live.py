"""Is the arena what a proxy does? The same searches live, as a client sends them, and replayed from a recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
from rich.console import Console

from ltrr_opensearch.arena.people import Visit, visits
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.bench import learning_icecat
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.recorded import as_suite
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.types import Asker, Json

SEARCHES, QUICK_SEARCHES = 2000, 400
AT_ONCE = 4
AGREE = 0.99
"""Share of pages that must be the same, document by document."""
CHOOSE: Json = {"policy": "uniform", "ladder": [0, 10, 50, 200], "safe_depth": 50}
Pages = dict[str, tuple[str, ...]]


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    world, queries = learning_icecat.world(console, stack, application_query, CHOOSE)
    made = visits(queries, QUICK_SEARCHES if quick else SEARCHES, users=100, seed=1)
    stack.serve()
    try:
        with bar(console, "Searches through the proxy", len(made)) as done:
            live = asyncio.run(_live(f"{stack.proxy_url}/{world.key}/_search", made, done))
    finally:
        stack.stop_proxy()
    replayed = _replayed(world, made)
    same = sum(live[one.session] == replayed[one.session] for one in made)
    overlap = [_overlap(live[one.session], replayed[one.session]) for one in made]
    return [
        Figure(
            "live_pages_as_replayed",
            same / len(made),
            "share",
            None,
            AGREE,
            runs=len(made),
            made_with=f"depths drawn uniformly; documents shared by both pages: {sum(overlap) / len(made):.4f}",
        )
    ]


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    """Documents of both pages among all that are on either; 1 where both are empty."""
    every = {*one, *other}
    return len({*one} & {*other}) / len(every) if every else 1.0


async def _live(url: str, made: Sequence[Visit], done: Callable[[int], None]) -> Pages:
    gate, pages = asyncio.Semaphore(AT_ONCE), Pages()
    async with aiohttp.ClientSession() as http:

        async def one(visit: Visit) -> None:
            ubi = {"query_id": visit.session, "user_query": visit.query, "client_id": visit.user}
            async with gate, http.post(url, json={**application_query(visit.query), "ext": {"ubi": ubi}}) as reply:
                if reply.status != 200 or "x-ltrr" not in reply.headers:
                    raise ClusterError(f"{visit.query!r} was not answered by the proxy: {reply.status}")
                answer = await reply.json()
            pages[visit.session] = tuple(hit["_id"] for hit in answer["hits"]["hits"])
            done(1)

        await asyncio.gather(*map(one, made))
    return pages


def _replayed(world: World, made: Sequence[Visit]) -> Pages:
    settings = world.settings
    limits = Limits(settings.serve.rank_depth, settings.log.feature_sample, settings.state.secret.get_secret_value())
    serving = world.learner(()).serving(Uniform())
    replay = Replay(world.recording, serving, world.template, limits)
    return {v.session: replay.search(v.query, v.session, v.at, Asker(v.user)).page for v in made}


measure = as_suite(played)
