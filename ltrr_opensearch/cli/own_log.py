"""What `assess` and `simulate` are given: somebody's own queries, judgments and search body; asked for once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ltrr_opensearch.cli.options import key_of
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.query_log import Grades, QueryLog
    from ltrr_opensearch.arena.record import Template
    from ltrr_opensearch.arena.recording import Recording
    from ltrr_opensearch.protocols import Encoder
    from ltrr_opensearch.serving import Serving
    from ltrr_opensearch.types import Json

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_OPTIONS = (
    click.option("--log", type=_file, help="Queries: text (one a line), CSV or JSON lines; default: ubi_queries."),
    click.option(
        "--judgments",
        type=_file,
        help="A judgment list (docs/ranking.md has the forms), or clicks: CSV or JSON lines of query, id.",
    ),
    click.option("--template", type=_file, help="The application's search body, with {{text}} for the words."),
)


class Given(NamedTuple):
    """Files; None where the cluster's UBI indexes, or a search over the configured fields, stand in."""

    log: Path | None
    judgments: Path | None
    template: Path | None


@dataclass(frozen=True, slots=True)
class Own:
    """`drawn`: how often each recorded query was asked. `left_out`: in words, what could not be asked."""

    key: str
    drawn: Counter[str]
    grades: Grades
    template: Template
    recording: Recording
    serving: Serving
    left_out: Sequence[str]


def own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Given`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def record_own(settings: Settings, index: str, given: Given, searches: int, seed: int, *, least_judged: int = 0) -> Own:
    """Asks every strategy for so many searches of the log. With `least_judged`, only for queries that have a grade;
    an error where there are not so many.
    """
    from ltrr_opensearch.arena.gather import by_id, recorded, serving_for, template_of
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect

    key = key_of(settings, index)
    with connect(settings.cluster) as client, documents_bar("queries asked") as bar:
        asked = _log(settings, client, given)
        drawn = (_judged(asked, least_judged) if least_judged else asked).sample(searches, seed)
        encoder = encoder_for(settings, key)
        serving, left_out = serving_for(settings, key, client, encoder)
        form = template_of(body_of(given.template), settings.indexes[key])
        vectors = dict(zip(drawn, encoder.encode(list(drawn)), strict=True)) if encoder else {}
        bar.start(len(drawn))
        recording = asyncio.run(recorded(settings, serving, form, list(drawn), vectors, bar.advance))
        grades = by_id(client, key, settings.indexes[key].named_by, asked.grades)
    return Own(key, drawn, grades, form, recording, serving, left_out)


def _log(settings: Settings, client: OpenSearch, given: Given) -> QueryLog:
    from ltrr_opensearch.arena.query_log import QueryLog, read_grades, read_log, read_ubi

    asked = read_log(given.log) if given.log else read_ubi(client, settings.state, settings.learn)
    if given.judgments is None:
        return asked
    return QueryLog(asked.counts, read_grades(given.judgments, asked.topics), asked.topics)


def _judged(asked: QueryLog, least: int) -> QueryLog:
    counts = Counter({query: n for query, n in asked.counts.items() if asked.grades.get(query)})
    if len(counts) < least:
        raise DataError(
            f"{len(counts)} of {len(asked.counts)} queries have a document that somebody wanted, fewer than {least}; "
            "give judgments or clicks: --judgments FILE"
        )
    return replace(asked, counts=counts)


def body_of(template: Path | None) -> Json | None:
    """The application's search body of a file."""
    if template is None:
        return None
    try:
        body = json.loads(template.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{template} is no JSON ({error}); give a search body with {{{{text}}}}") from error
    if not isinstance(body, dict) or "query" not in body:
        raise DataError(f"{template} has no `query`; give a whole search body")
    return body


def encoder_for(settings: Settings, key: str) -> Encoder | None:
    """What embeds queries, where the index has vectors."""
    vector = settings.indexes[key].vector
    if vector is None or settings.encoder.model is None:
        return None
    from ltrr_opensearch.understand.encoders import load_encoder

    return load_encoder(settings.encoder, vector.dimension)
