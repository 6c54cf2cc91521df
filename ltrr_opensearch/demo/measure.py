"""Asking systems for rankings, and what the judges say of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from statistics import fmean, median

import aiohttp

from ltrr_opensearch.demo.data import Grades
from ltrr_opensearch.demo.peers import Peer
from ltrr_opensearch.demo.results import LEARNED, Asked, Difference, Row
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.types import Json

JUDGE = "ltrr-demo-judge"
Rankings = Mapping[str, Asked]
"""query -> what one system answered."""
NDCG, RR, JUDGED = "nDCG@10", "RR", "Judged@10"


async def ask_peer(http: aiohttp.ClientSession, url: str, peer: Peer) -> Asked:
    """Twice, so that the caches of the first request stand equally for everybody; the second one is timed."""
    if peer.body is None:
        return Asked((), 0.0, 0)
    await _search(http, url + peer.target, peer.body)
    documents, took_ms = await _search(http, url + peer.target, peer.body)
    return Asked(documents, took_ms, peer.candidates)


async def ask_proxy(http: aiohttp.ClientSession, url: str, index: str, text: str) -> Asked:
    """Through the proxy, without exploring; how many candidates were drawn is in the decision, read later."""
    query_id = str(uuid.uuid4())
    ltrr = {"explore": False}
    ubi = {"query_id": query_id, "user_query": text, "application": JUDGE}
    target = f"{url}/{index}/_search"
    await _search(http, target, {**application_query(text), "ext": {"ltrr": ltrr}})
    documents, took_ms = await _search(http, target, {**application_query(text), "ext": {"ltrr": ltrr, "ubi": ubi}})
    return Asked(documents, took_ms, 0, query_id)


async def ask_as_user(http: aiohttp.ClientSession, url: str, index: str, text: str, query_id: str) -> None:
    """One exploring search, for its decision."""
    ubi = {"query_id": query_id, "user_query": text, "application": JUDGE}
    await _search(http, f"{url}/{index}/_search", {**application_query(text), "ext": {"ubi": ubi}})


async def _search(http: aiohttp.ClientSession, url: str, body: Json) -> tuple[tuple[str, ...], float]:
    started = time.perf_counter()
    async with http.post(url, json=body) as reply:
        answer = await reply.json()
        took_ms = (time.perf_counter() - started) * 1000
        if reply.status != 200:
            raise ClusterError(f"POST {url} was answered with {reply.status}: {str(answer)[:500]}")
    return tuple(hit["_id"] for hit in answer["hits"]["hits"]), took_ms


def judgments(grades: Grades) -> list[Judgment]:
    return [Judgment(query, document, grade) for query, rated in grades.items() for document, grade in rated.items()]


def rows(systems: Mapping[str, Rankings], part: str, queries: Iterable[str], judged: list[Judgment]) -> list[Row]:
    """One row a system over the queries of one part."""
    chosen = list(queries)
    made = []
    for system, rankings in systems.items():
        answers = {query: rankings[query] for query in chosen}
        values = per_query(judged, {query: answer.documents for query, answer in answers.items()})
        timed = [answer.took_ms for answer in answers.values() if answer.took_ms > 0]
        made.append(
            Row(
                system=system,
                part=part,
                queries=len(chosen),
                ndcg=mean(values[NDCG]),
                mrr=mean(values[RR]),
                judged=mean(values[JUDGED]),
                candidates=fmean(answer.candidates for answer in answers.values()),
                latency_ms=median(timed) if timed else 0.0,
            )
        )
    return made


def differences(
    systems: Mapping[str, Rankings], part: str, queries: Iterable[str], judged: list[Judgment]
) -> list[Difference]:
    """How far the learned system is ahead of each other one."""
    chosen = list(queries)
    ndcg = {
        system: per_query(judged, {query: rankings[query].documents for query in chosen}, (NDCG,))[NDCG]
        for system, rankings in systems.items()
    }
    found = []
    for system, values in ndcg.items():
        if system != LEARNED:
            gap = paired_difference(ndcg[LEARNED], values)
            found.append(Difference(system, part, gap.mean, gap.low, gap.high))
    return found
