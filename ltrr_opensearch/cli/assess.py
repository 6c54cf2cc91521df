"""`ltrr assess`: what the strategies would bring to somebody's own searches, before any traffic is routed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, pass_settings
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.query_log import QueryLog
    from ltrr_opensearch.protocols import Encoder
    from ltrr_opensearch.types import Json

file_type = click.Path(path_type=Path, exists=True, dir_okay=False)


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
        asked = _log(settings, client, log, judgments)
        drawn = asked.sample(searches, seed)
        encoder = _encoder(settings, key)
        serving, left_out = serving_for(settings, key, client, encoder)
        form = template_of(_body(template), settings.indexes[key])
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


def _log(settings: Settings, client: OpenSearch, log: Path | None, judgments: Path | None) -> QueryLog:
    from ltrr_opensearch.arena.query_log import QueryLog, read_grades, read_log, read_ubi

    asked = read_log(log) if log else read_ubi(client, settings.state, settings.learn)
    if judgments is None:
        return asked
    return QueryLog(asked.counts, read_grades(judgments, asked.topics), asked.topics)


def _body(template: Path | None) -> Json | None:
    if template is None:
        return None
    try:
        body = json.loads(template.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{template} is no JSON ({error}); give a search body with {{{{text}}}}") from error
    if not isinstance(body, dict) or "query" not in body:
        raise DataError(f"{template} has no `query`; give a whole search body")
    return body


def _encoder(settings: Settings, key: str) -> Encoder | None:
    vector = settings.indexes[key].vector
    if vector is None or settings.encoder.model is None:
        return None
    from ltrr_opensearch.understand.encoders import load_encoder

    return load_encoder(settings.encoder, vector.dimension)
