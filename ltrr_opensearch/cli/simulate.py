"""`ltrr simulate`: what learning would do on one's own index, played by simulated people before anybody is routed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.cli.own_log import Given, own_options, record_own
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

LEAST_QUERIES = 5


@click.command()
@click.argument("index")
@own_options
@click.option("--queries", default=300, show_default=True, type=click.IntRange(min=1), help="Searches drawn to record.")
@click.option("--searches", default=5000, show_default=True, type=click.IntRange(min=100), help="Searches to play.")
@click.option("--policy", help="Which policy learns; default: choose.policy.")
@click.option("--held-out", default=0.2, show_default=True, type=click.FloatRange(0.05, 0.5), help="Share of queries.")
@click.option("--clicks", default="position", show_default=True, type=click.Choice(["position", "cascade"]))
@click.option("--noise", default=0.03, show_default=True, type=click.FloatRange(0, 0.4), help="Clicks by chance.")
@click.option(
    "--tastes",
    default=0,
    show_default=True,
    type=click.IntRange(0, 100),
    help="So many that people may have: each document serves one, and attracts all others half as much.",
)
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
    tastes: int,
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
    from ltrr_opensearch.arena.world import World
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cli.simulate_shown import show, to_json

    learning = _with_policy(settings, policy)
    own = record_own(learning, index, Given(log, judgments, template), queries, seed, least_judged=LEAST_QUERIES)
    world = World.of_grades(own.recording, learning, own.template, own.grades, own.serving.knowledge)
    traffic, apart = _split(sorted(world.attraction), held_out, seed)
    model = PositionBased(noise=noise) if clicks == "position" else Cascade(noise=noise)
    weights = {q: float(own.drawn[q]) for q in traffic}
    batch = min(500, max(25, searches // 10))
    plan = Plan(searches, batch, seed=seed, model=model, asked=weights, tastes=tastes)
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


def _split(queries: list[str], held_out: float, seed: int) -> tuple[list[str], list[str]]:
    """(with traffic, asked by nobody until the end)"""
    import numpy as np

    if len(queries) < LEAST_QUERIES:
        raise DataError(
            f"of the queries drawn, {len(queries)} have a judged document that is in the index, fewer than "
            f"{LEAST_QUERIES}; draw more (--queries), or see whether judgments name documents as events do"
        )
    order = np.random.default_rng(seed).permutation(np.array(queries)).tolist()
    cut = max(1, round(held_out * len(order)))
    return order[cut:], order[:cut]
