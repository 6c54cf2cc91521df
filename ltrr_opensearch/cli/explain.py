"""`ltrr explain`: one search as a proxy would answer it now, and why each hit stands where it does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.own_log import body_of
from ltrr_opensearch.errors import ClusterError, DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.logged import Decision, LaterShown
    from ltrr_opensearch.protocols import Encoder, SparseEncoder
    from ltrr_opensearch.rules.book import RuleBook
    from ltrr_opensearch.serving import Serving
    from ltrr_opensearch.types import Json, PlanResult, SearchRequest
    from ltrr_opensearch.understand.cross_encoder import PairScorer


PATIENCE_MS = 60_000
"""What a proxy has ready when it serves this process begins with, so it takes the time that it needs."""


@click.command()
@click.argument("query")
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option(
    "--size",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Hits shown; of the first ten also what moved their scores.",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The application's search body, with {{text}} for the words; default: multi_match over text_fields.",
)
@click.option("--most", default=3, show_default=True, type=click.IntRange(min=0), help="Features shown of each hit.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable: every feature of every hit.")
@pass_settings
def explain(
    settings: Settings, query: str, only: str | None, size: int, template: Path | None, most: int, as_json: bool
) -> None:
    """Why QUERY is answered as it is: plans and ranks, the features that moved each hit most, rules, later stages.

    Asked by our own account, without exploration and without the second stage's budget; nothing is recorded. A client
    asks the same of its own searches by ext.ltrr.explain.
    """
    from ltrr_opensearch.cli.explain_shown import show

    key = key_of(settings, one_index(settings, only))
    told = asyncio.run(_asked(settings, key, query, size, body_of(template)))
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show(told, most)


def unhurried(settings: Settings, key: str) -> Settings:
    """Without the budget of the second stage, so that the order is that of a proxy whose second stage is in time."""
    index = settings.indexes[key]
    if index.second_stage is None:
        return settings
    second = index.second_stage.model_copy(update={"budget_ms": PATIENCE_MS})
    patient = index.model_copy(update={"second_stage": second})
    return settings.model_copy(update={"indexes": {**settings.indexes, key: patient}})


async def _asked(settings: Settings, key: str, query: str, size: int, body: Json | None) -> Json:
    import orjson

    from ltrr_opensearch.arena.gather import AsUs
    from ltrr_opensearch.assemble import limits, pairs_of
    from ltrr_opensearch.cluster.headers import own_account
    from ltrr_opensearch.cluster.upstream import Upstream
    from ltrr_opensearch.engine import Engine
    from ltrr_opensearch.paging.build import orders
    from ltrr_opensearch.retrieve.fan_out import FanOut
    from ltrr_opensearch.understand.query_encoder import QueryEncoder

    settings = unhurried(settings, key)
    encoder, sparse, scorer = _encoder(settings, key), _sparse(settings, key), _scorer(settings, key)
    serving, book = await asyncio.to_thread(_in_force, settings, key, encoder, sparse)
    request = _request(settings, key, query, size, body)
    upstream, seen = Upstream(settings.cluster), _Seen()
    await upstream.open()
    try:
        engine = Engine(
            fan_out=FanOut(AsUs(upstream, own_account(settings.cluster)), settings.serve.deadline_ms),
            serving=lambda _: serving,
            encoder=QueryEncoder(encoder, 1) if encoder else None,
            record=seen,
            observer=seen,
            orders=orders(settings, None),
            limits=replace(limits(settings), explain_ms=PATIENCE_MS),
            rules=lambda _: book,
            pairs={key: pairs_of(settings, key, scorer)} if scorer else {},
            sparse=QueryEncoder(sparse, 1) if sparse else None,
        )
        answer = await engine.search(request, key)
    finally:
        await upstream.close()
    if answer is None:
        raise ClusterError(f"the cluster does not answer this search on {key} ({', '.join(seen.reasons) or 'refused'})")
    page = orjson.loads(answer.body)
    told = page.get("ext", {}).get("ltrr", {"hits": []})
    for hit, why in zip(page["hits"]["hits"], told["hits"], strict=False):
        why["label"] = _label(hit.get("_source", {}), settings.indexes[key].text_fields)
    total = page["hits"].get("total")
    return {"index": key, "query": query, "total": total, "fallbacks": seen.reasons, **told}


def _request(settings: Settings, key: str, query: str, size: int, body: Json | None) -> SearchRequest:
    """As the dialect reads it from a client."""
    from ltrr_opensearch.arena.gather import template_of
    from ltrr_opensearch.proxy.dialect import parse_search
    from ltrr_opensearch.proxy.foreign import NotOurs
    from ltrr_opensearch.proxy.search import new_id, utc_now

    said = template_of(body, settings.indexes[key])(query)
    ext = said.get("ext", {})
    ours = ext.get("ltrr", {}) | {"query": query, "explain": True, "explore": False}
    said |= {"size": size, "from": 0, "explain": True, "ext": ext | {"ltrr": ours}}
    found = parse_search(key, (), (), said, settings=settings, now=utc_now(), new_id=new_id)
    if isinstance(found, NotOurs):
        raise DataError(f"this search passes through ({found.reason}): the cluster's own answer, see docs/proxy.md")
    return found


def _in_force(
    settings: Settings, key: str, encoder: Encoder | None, sparse: SparseEncoder | None
) -> tuple[Serving, RuleBook | None]:
    """What serves the index now, in its phase, and its rules. Blocking."""
    from ltrr_opensearch.build_serving import ServingBuilder
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.phased import in_phase
    from ltrr_opensearch.release.phases import PhaseStore
    from ltrr_opensearch.release.rules import RuleStore
    from ltrr_opensearch.release.store import ReleaseStore
    from ltrr_opensearch.rules.book import RuleBook

    prefix = settings.state.prefix
    with connect(settings.cluster) as client:
        builder = ServingBuilder(settings, client, encoder, sparse)
        release = ReleaseStore(client, prefix).current(key)
        serving = builder.of_release(release) if release else builder.cold(key)
        phase = PhaseStore(client, prefix, settings.phases.first).phase(key)
        rules = RuleStore(client, prefix).in_force(key, settings.indexes[key].rules)
        return in_phase(serving, phase, settings.phases), RuleBook(rules) or None


def _encoder(settings: Settings, key: str) -> Encoder | None:
    from ltrr_opensearch.understand.encoders import load_encoder
    from ltrr_opensearch.understand.late_encoder import LateEncoder

    vector = settings.indexes[key].vector
    if vector is None or settings.encoder.model is None:
        return None
    encoder = LateEncoder(lambda: load_encoder(settings.encoder, vector.dimension))
    encoder.warm()
    return encoder


def _sparse(settings: Settings, key: str) -> SparseEncoder | None:
    from ltrr_opensearch.understand.sparse_encoders import load_sparse_encoder

    if settings.indexes[key].sparse is None or settings.sparse_encoder.model is None:
        return None
    return load_sparse_encoder(settings.sparse_encoder)


def _scorer(settings: Settings, key: str) -> PairScorer | None:
    from ltrr_opensearch.understand.cross_encoder import LatePairs

    second = settings.indexes[key].second_stage
    if second is None:
        return None
    pairs = LatePairs(second)
    pairs.warm()
    return pairs


def _label(source: Json, fields: Iterable[str]) -> str:
    """A hit in a few words: its first text field that the client's form shows."""
    from ltrr_opensearch.log.ubi import value_at

    values = (value_at(source, field) for field in fields)
    return next((str(value) for value in values if isinstance(value, str | int | float)), "")


class _Seen:
    """Keeps no record; remembers what was given up."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def stage(self, name: str, seconds: float) -> None: ...
    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def searched(self, index: str, phase: str, group: str) -> None: ...

    def fallback(self, reason: str) -> None:
        self.reasons.append(reason)

    def keeps(self, _query_id: str) -> bool:
        return False

    def keeps_features(self, _query_id: str) -> bool:
        return False

    def __call__(self, decision: Decision, request: SearchRequest) -> None: ...
    def later(self, shown: LaterShown, request: SearchRequest) -> None: ...
