"""What commands share that are given a judgment list: reading it, and asking the cluster for its queries, read-only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ltrr_opensearch.cli.own_log import body_of, encoder_for
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.record import Template
    from ltrr_opensearch.arena.recording import Recording
    from ltrr_opensearch.logged import Judgment
    from ltrr_opensearch.protocols import Encoder
    from ltrr_opensearch.serving import Serving

FORMS = ("trec", "quepid", "workbench", "lines")
_file = click.Path(path_type=Path, exists=True, dir_okay=False)
form_option = click.option(
    "--format", "form", type=click.Choice(FORMS), help="Of the list; default: as its name ends (.csv, .json, .jsonl)."
)
topics_option = click.option(
    "--topics", type=_file, help="Queries of the topics of TREC qrels; default: FILE.topics.csv."
)
template_option = click.option(
    "--template", type=_file, help="The application's search body, with {{text}} for the words."
)


def qrels_option(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--qrels", type=_file, required=required, help="A judgment list (docs/ranking.md has the forms)."
    )


@dataclass(frozen=True)
class Rated:
    """`judgments` name documents by `_id`, queries as they are recorded. `left_out`: in words, what is not asked."""

    key: str
    judgments: Sequence[Judgment]
    template: Template
    recording: Recording
    serving: Serving
    encoder: Encoder | None
    left_out: Sequence[str]


def ask_rated(
    settings: Settings, key: str, client: OpenSearch, judgments: Sequence[Judgment], template: Path | None
) -> Rated:
    """Every strategy's answer to every query of the list, with the features of what they found."""
    from ltrr_opensearch.arena.gather import by_id, recorded, serving_for, template_of
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.errors import DataError

    encoder = encoder_for(settings, key)
    serving, left_out = serving_for(settings, key, client, encoder, featured=True)
    form = template_of(body_of(template), settings.indexes[key])
    queries = list(dict.fromkeys(j.query for j in judgments))
    vectors = dict(zip(queries, encoder.encode(queries), strict=True)) if encoder else {}
    with documents_bar("queries asked") as bar:
        bar.start(len(queries))
        recording = asyncio.run(recorded(settings, serving, form, queries, vectors, bar.advance))
    given: dict[str, dict[str, Judgment]] = {query: {} for query in queries}
    for j in judgments:
        given[j.query][j.id] = j
    named = settings.indexes[key].named_by
    here = by_id(client, key, named, given)
    kept = [replace(j, id=id) for of in here.values() for id, j in of.items()]
    if not any(j.grade > 0 for j in kept):
        raise DataError(f"no document of {key} has an id of the list; ids there are {named or '_id'}")
    return Rated(key, kept, form, recording, serving, encoder, left_out)
