"""`ltrr simulate`: what learning would do on one's own index, played by simulated people before anybody is routed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, pass_settings
from ltrr_opensearch.cli.own_log import body_in, encoder_for, file_type, own_log
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from collections import Counter

    from ltrr_opensearch.arena.world import World

LEAST_QUERIES = 5


@click.command()
@click.argument("index")
@click.option("--log", type=file_type, help="Queries: text (one a line), CSV or JSON lines; default: ubi_queries.")
@click.option("--judgments", type=file_type, help="CSV or JSON lines of query, id, grade; TREC qrels; or clicks.")
@click.option("--template", type=file_type, help="The application's search body, with {{text}} for the words.")
@click.option("--queries", default=300, show_default=True, type=click.IntRange(min=1), help="Searches drawn to record.")
@click.option("--searches", default=5000, show_default=True, type=click.IntRange(min=100), help="Searches to play.")
@click.option("--policy", help="Which policy learns; default: choose.policy.")
@click.option("--held-out", default=0.2, show_default=True, type=click.FloatRange(0.05, 0.5), help="Share of queries.")
@click.option("--clicks", default="position", show_default=True, type=click.Choice(["position", "cascade"]))
@click.option("--noise", default=0.03, show_default=True, type=click.FloatRange(0, 0.4), help="Clicks by chance.")
@click.option("--seed", default=0, show_default=True, help="Of people, clicks and draws.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@pass_settings
def simulate(
    settings: Settings,
    index: str,
    log: Path | None,
    judgments: Path | None,
    template: Path | None,
    queries: int,
    searches: int,
    policy: str | None,
    held_out: float,
    clicks: str,
    noise: float,
    seed: int,
    as_json: bool,
) -> None:
    """Play learning on INDEX with simulated people, beside the best constant action, the oracle and your own query.

    Each strategy is asked once for each query, read-only; then nothing is asked any more. People click by the
    judgments, with position bias and noise, and the policy learns from their clicks alone. Nothing is published.
    """
    from ltrr_opensearch.arena.clicks import Cascade, PositionBased
    from ltrr_opensearch.arena.simulate import Plan
    from ltrr_opensearch.arena.simulate import simulate as play
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cli.simulate_shown import show, to_json

    world, asked = _world(_with_policy(settings, policy), index, log, judgments, template, queries, seed)
    traffic, apart = _split(sorted(world.attraction), held_out, seed)
    model = PositionBased(noise=noise) if clicks == "position" else Cascade(noise=noise)
    weights = {q: float(asked[q]) for q in traffic}
    plan = Plan(searches, batch=min(500, max(25, searches // 10)), seed=seed, model=model, asked=weights)
    with documents_bar("simulated searches") as bar:
        bar.start(searches)
        played = play(world, traffic, apart, plan, done=bar.advance)
    told = to_json(world, played, searches, len(traffic), len(apart))
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        show(told)


def _with_policy(settings: Settings, policy: str | None) -> Settings:
    from ltrr_opensearch.choose.registry import LEARNING

    if (policy := policy or settings.choose.policy) not in LEARNING:
        known = ", ".join(sorted(LEARNING))
        raise DataError(f"policy {policy!r} learns nothing or is unknown; give one that learns: --policy {known}")
    return settings.model_copy(update={"choose": settings.choose.model_copy(update={"policy": policy})})


def _world(
    settings: Settings,
    index: str,
    log: Path | None,
    judgments: Path | None,
    template: Path | None,
    queries: int,
    seed: int,
) -> tuple[World, Counter[str]]:
    """What is played on, and how often each query is asked."""
    from ltrr_opensearch.arena.gather import by_id, recorded, serving_for, template_of
    from ltrr_opensearch.arena.query_log import QueryLog
    from ltrr_opensearch.arena.world import World
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect

    key = key_of(settings, index)
    with connect(settings.cluster) as client, documents_bar("queries asked") as bar:
        whole = own_log(settings, client, log, judgments)
        judged = QueryLog(type(whole.counts)({q: n for q, n in whole.counts.items() if whole.grades.get(q)}))
        drawn = judged.sample(queries, seed)
        if len(drawn) < LEAST_QUERIES:
            raise DataError(
                f"{len(drawn)} of {len(whole.counts)} queries have a document that somebody wanted, fewer than "
                f"{LEAST_QUERIES}; give judgments or clicks: --judgments FILE"
            )
        encoder = encoder_for(settings, key)
        serving, _ = serving_for(settings, key, client, encoder)
        form = template_of(body_in(template), settings.indexes[key])
        vectors = dict(zip(drawn, encoder.encode(list(drawn)), strict=True)) if encoder else {}
        bar.start(len(drawn))
        recording = asyncio.run(recorded(settings, serving, form, list(drawn), vectors, bar.advance))
        grades = by_id(client, key, settings.indexes[key].named_by, whole.grades)
    return World.of_grades(recording, settings, form, grades, serving.knowledge), drawn


def _split(queries: list[str], held_out: float, seed: int) -> tuple[list[str], list[str]]:
    """(with traffic, asked by nobody until the end)"""
    import numpy as np

    if len(queries) < LEAST_QUERIES:
        raise DataError(
            f"the judgments name documents of the index for {len(queries)} queries only, fewer than {LEAST_QUERIES}; "
            "see whether they name documents as `_id` or `id_field` does"
        )
    order = np.random.default_rng(seed).permutation(np.array(queries)).tolist()
    cut = max(1, round(held_out * len(order)))
    return order[cut:], order[:cut]
