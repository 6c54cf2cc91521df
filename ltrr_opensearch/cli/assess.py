"""`ltrr assess`: what the strategies would bring to somebody's own searches, before any traffic is routed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.cli.own_log import Given, own_options, record_own
from ltrr_opensearch.settings import Settings


@click.command()
@click.argument("index")
@own_options
@click.option("--searches", default=500, show_default=True, type=click.IntRange(min=1), help="Sampled from the log.")
@click.option(
    "--click-rate",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of searches with a click, for how much traffic proves a gain.",
)
@click.option("--seed", default=0, show_default=True, help="Of the sample.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@pass_settings
def assess(
    settings: Settings,
    index: str,
    log: Path | None,
    judgments: Path | None,
    template: Path | None,
    searches: int,
    click_rate: float,
    seed: int,
    as_json: bool,
) -> None:
    """What each strategy would find for your own queries on INDEX, what it costs, and what proves it.

    Only reads: searches, mappings, statistics. Nothing is written to the cluster and no traffic is routed.
    """
    from ltrr_opensearch.arena.actions import Prices
    from ltrr_opensearch.arena.assess import Assessed
    from ltrr_opensearch.arena.gather import storage
    from ltrr_opensearch.cli.assess_shown import show
    from ltrr_opensearch.cluster.admin import connect

    own = record_own(settings, index, Given(log, judgments, template), searches, seed)
    with connect(settings.cluster) as client:
        held = storage(client, own.key, settings.indexes[own.key])
    original = next((s.name for s in settings.indexes[own.key].strategies if s.use == "original"), None)
    prices = Prices.of(settings.learn, {original} if original else ())
    found = Assessed(own.recording, own.drawn, own.grades, settings.choose, prices, click_rate, original).to_json()
    used = str(template) if template else "multi_match over text_fields"
    told = {"index": own.key, "own_query": used, "left_out": own.left_out, **found, "storage": held}
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        show(told)
