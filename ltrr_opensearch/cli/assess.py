"""`ltrr assess`: what the strategies would bring to somebody's own searches, before any traffic is routed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from ltrr_opensearch.cli.options import key_of, pass_settings
from ltrr_opensearch.cli.own_log import body_in, encoder_for, file_type, own_log
from ltrr_opensearch.settings import Settings


@click.command()
@click.argument("index")
@click.option("--log", type=file_type, help="Queries: text (one a line), CSV or JSON lines; default: ubi_queries.")
@click.option("--judgments", type=file_type, help="CSV or JSON lines of query, id, grade; TREC qrels; or clicks.")
@click.option("--template", type=file_type, help="The application's search body, with {{text}} for the words.")
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
    from ltrr_opensearch.arena.assess import Assessed
    from ltrr_opensearch.arena.gather import by_id, recorded, serving_for, storage, template_of
    from ltrr_opensearch.cli.assess_shown import show
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect

    key = key_of(settings, index)
    with connect(settings.cluster) as client, documents_bar("queries asked") as bar:
        asked = own_log(settings, client, log, judgments)
        drawn = asked.sample(searches, seed)
        encoder = encoder_for(settings, key)
        serving, left_out = serving_for(settings, key, client, encoder)
        form = template_of(body_in(template), settings.indexes[key])
        vectors = dict(zip(drawn, encoder.encode(list(drawn)), strict=True)) if encoder else {}
        bar.start(len(drawn))
        recording = asyncio.run(recorded(settings, serving, form, list(drawn), vectors, bar.advance))
        grades = by_id(client, key, settings.indexes[key].named_by, asked.grades)
        held = storage(client, key, settings.indexes[key])
    own = next((s.name for s in settings.indexes[key].strategies if s.use == "original"), None)
    price = settings.learn.price_per_candidate
    found = Assessed(recording, drawn, grades, settings.choose, price, click_rate, own).to_json()
    used = str(template) if template else "multi_match over text_fields"
    told = {"index": key, "own_query": used, "left_out": left_out, **found, "storage": held}
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        show(told)
