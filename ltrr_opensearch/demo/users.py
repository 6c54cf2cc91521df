"""Simulated people: which visits they make (pure), and the visits made through a proxy as an application would.

A visit is one intent in one session: a search, perhaps clicks, perhaps, when nothing was clicked, asking again at once
in other words. Everything drawn comes from the visit's own seed, so a run repeats however its requests interleave.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

import aiohttp

from ltrr_opensearch.arena.clicks import ClickModel, of_grade
from ltrr_opensearch.demo.data import Grades
from ltrr_opensearch.errors import ClusterError, Unreachable
from ltrr_opensearch.types import Json

APPLICATION = "ltrr-demo"
PAGE = 10
DEVICES = ("desktop", "phone", "tablet")
REPHRASE = 0.3
"""Probability that somebody who clicked nothing asks again at once."""


@dataclass(frozen=True, slots=True)
class Visit:
    user: str
    session: str
    device: str
    query: str
    rephrase: str | None
    seed: str


@dataclass(frozen=True, slots=True)
class Visited:
    """What one search of a visit showed, and which ranks were clicked."""

    query: str
    query_id: str
    shown: tuple[str, ...]
    clicks: tuple[int, ...]
    took_ms: float


def application_query(text: str) -> Json:
    """The search body of an ordinary shop, written without any thought of us."""
    return {"query": {"multi_match": {"query": text, "fields": ["title^3", "short_description"]}}, "size": PAGE}


def visits(queries: Sequence[str], count: int, users: int, seed: int) -> list[Visit]:
    """`count` visits of `users` people. Few queries are asked often, many seldom: weight 1 / sqrt(popularity rank)."""
    rng = Random(seed)  # noqa: S311
    popular = list(queries)
    Random("popularity").shuffle(popular)  # noqa: S311
    weights = [rank**-0.5 for rank in range(1, len(popular) + 1)]
    made = []
    for number, query in enumerate(rng.choices(popular, weights, k=count)):
        user = rng.randrange(users)
        made.append(
            Visit(
                user=f"person-{user}",
                session=f"visit-{seed}-{number}",
                device=DEVICES[user % len(DEVICES)],
                query=query,
                rephrase=rephrased(query, queries) if rng.random() < REPHRASE else None,
                seed=f"{seed}-{number}",
            )
        )
    return made


def rephrased(query: str, queries: Sequence[str]) -> str | None:
    """The other query that shares the largest part of its words, as somebody would who tries again; None when alone."""
    words = set(query.split())

    def overlap(other: str) -> float:
        theirs = set(other.split())
        return len(words & theirs) / len(words | theirs)

    others = [q for q in queries if q != query and overlap(q) > 0]
    return max(others, key=lambda q: (overlap(q), q)) if others else None


class Shop:
    """The application: sends its users' searches to `search_url` and what they do to `events_url`."""

    def __init__(
        self, search_url: str, events_url: str, model: ClickModel, grades: Grades, concurrency: int = 4
    ) -> None:
        self.search_url = search_url
        self.events_url = events_url
        self.model = model
        self.attraction = {query: {d: of_grade(g) for d, g in rated.items()} for query, rated in grades.items()}
        self.concurrency = concurrency

    async def serve(self, made: Sequence[Visit], done: Callable[[int], None]) -> list[Visited]:
        """All visits, a few at a time; `done` is told after each."""
        gate = asyncio.Semaphore(self.concurrency)
        async with aiohttp.ClientSession() as http:

            async def one(visit: Visit) -> list[Visited]:
                async with gate:
                    outcome = await self._visit(http, visit)
                done(1)
                return outcome

            return [seen for outcome in await asyncio.gather(*map(one, made)) for seen in outcome]

    async def _visit(self, http: aiohttp.ClientSession, visit: Visit) -> list[Visited]:
        rng = Random(visit.seed)  # noqa: S311
        first = await self._search(http, visit, visit.query, rng)
        if first.clicks or visit.rephrase is None:
            return [first]
        return [first, await self._search(http, visit, visit.rephrase, rng)]

    async def _search(self, http: aiohttp.ClientSession, visit: Visit, text: str, rng: Random) -> Visited:
        query_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        body = {
            **application_query(text),
            "ext": {
                "ubi": {"query_id": query_id, "user_query": text, "client_id": visit.user, "application": APPLICATION},
                "ltrr": {"context": {"user": visit.user, "session": visit.session, "device": visit.device}},
            },
        }
        started = time.perf_counter()
        reply = await _post(http, self.search_url, body)
        took_ms = (time.perf_counter() - started) * 1000
        shown = tuple(hit["_id"] for hit in reply["hits"]["hits"])
        clicks = self.model.clicks(shown, self.attraction.get(text, {}), rng)
        if clicks:
            await _post(http, self.events_url, [click(visit, text, query_id, shown[rank - 1], rank) for rank in clicks])
        return Visited(text, query_id, shown, clicks, took_ms)


def click(visit: Visit, text: str, query_id: str, document: str, rank: int) -> Json:
    """A UBI 1.3 event."""
    return {
        "action_name": "click",
        "timestamp": datetime.now(UTC).isoformat(),
        "application": APPLICATION,
        "query_id": query_id,
        "client_id": visit.user,
        "user_id": visit.user,
        "session_id": visit.session,
        "user_query": text,
        "event_attributes": {
            "position": {"ordinal": rank},
            "object": {"object_id": document, "object_id_field": "_id", "object_id_type": "product"},
        },
    }


async def _post(http: aiohttp.ClientSession, url: str, body: object) -> Json:
    try:
        async with http.post(url, json=body, timeout=aiohttp.ClientTimeout(total=60)) as reply:
            if reply.status >= 300:
                raise ClusterError(f"POST {url} was answered with {reply.status}: {(await reply.text())[:500]}")
            answer: Json = await reply.json()
            return answer
    except (aiohttp.ClientConnectionError, TimeoutError) as error:
        raise Unreachable(f"POST {url} had no answer: {error!r}; see the proxy's log") from error
