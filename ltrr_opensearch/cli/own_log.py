"""What `assess` and `simulate` are given: somebody's own queries, judgments and search body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.query_log import QueryLog
    from ltrr_opensearch.protocols import Encoder
    from ltrr_opensearch.types import Json

file_type = click.Path(path_type=Path, exists=True, dir_okay=False)


def own_log(settings: Settings, client: OpenSearch, log: Path | None, judgments: Path | None) -> QueryLog:
    """Of a file, or of `ubi_queries`; with judgments of a file, or what people acted upon."""
    from ltrr_opensearch.arena.query_log import QueryLog, read_grades, read_log, read_ubi

    asked = read_log(log) if log else read_ubi(client, settings.state, settings.learn)
    if judgments is None:
        return asked
    return QueryLog(asked.counts, read_grades(judgments, asked.topics), asked.topics)


def body_in(template: Path | None) -> Json | None:
    """The search body of a template file."""
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
