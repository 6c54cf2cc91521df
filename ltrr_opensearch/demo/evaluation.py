"""Every system asked every judged query, one request at a time and interleaved, so that all meet the same machine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import aiohttp
from opensearchpy import OpenSearch

from ltrr_opensearch.demo.cluster import decisions
from ltrr_opensearch.demo.measure import ask_as_user, ask_peer, ask_proxy
from ltrr_opensearch.demo.peers import peers
from ltrr_opensearch.demo.results import HYBRID, HYBRID_MEMORY, Asked
from ltrr_opensearch.demo.steps import drawn_candidates
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.types import Vector

Systems = dict[str, dict[str, Asked]]
"""system -> query -> answer"""


@dataclass(frozen=True, slots=True)
class Judge:
    """Asks as nobody learns from: straight to the cluster, or through the proxy without exploring."""

    cluster_url: str
    proxy_url: str
    index: str
    settings: IndexSettings
    vectors: Mapping[str, Vector]

    async def through_proxy(self, system: str, queries: Sequence[str], done: Callable[[int], None]) -> Systems:
        answers: dict[str, Asked] = {}
        async with aiohttp.ClientSession() as http:
            for text in queries:
                answers[text] = await ask_proxy(http, self.proxy_url, self.index, text)
                done(1)
        return {system: answers}

    async def everything(
        self, system: str, queries: Sequence[str], cold: Knowledge, learned: Knowledge, done: Callable[[int], None]
    ) -> Systems:
        """The peers with what was known at the start, those that use the memory as it is now, and the proxy."""
        systems: Systems = {}
        async with aiohttp.ClientSession() as http:
            for text in queries:
                now = peers(text, self.index, self.settings, learned, self.vectors[text], HYBRID_MEMORY)
                untaught = peers(text, self.index, self.settings, cold, self.vectors[text], HYBRID)[-1]
                for peer in (*now[:-1], untaught, now[-1]):
                    systems.setdefault(peer.system, {})[text] = await ask_peer(http, self.cluster_url, peer)
                systems.setdefault(system, {})[text] = await ask_proxy(http, self.proxy_url, self.index, text)
                done(1)
        return systems

    async def exploring(self, queries: Sequence[str]) -> dict[str, str]:
        """The ids of one search each as a user would make it, for the probabilities in its decision."""
        ids = {text: str(uuid.uuid4()) for text in queries}
        async with aiohttp.ClientSession() as http:
            for text, query_id in ids.items():
                await ask_as_user(http, self.proxy_url, self.index, text, query_id)
        return ids


def with_candidates(client: OpenSearch, answers: Mapping[str, Asked]) -> dict[str, Asked]:
    """Fill in how many candidates were drawn, from the log."""
    logged = decisions(client, [answer.query_id for answer in answers.values()])
    return {
        text: replace(answer, candidates=drawn_candidates(logged[answer.query_id]))
        if answer.query_id in logged
        else answer
        for text, answer in answers.items()
    }
