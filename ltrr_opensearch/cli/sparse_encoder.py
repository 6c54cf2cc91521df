"""`ltrr sparse-encoder`: a small sparse encoder made from the index's own documents, and what it is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.rated import form_option, qrels_option, topics_option
from ltrr_opensearch.errors import DataError, SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.index_settings import IndexSettings
    from ltrr_opensearch.learn.imagined import Shown
    from ltrr_opensearch.logged import Judgment
    from ltrr_opensearch.protocols import SparseEncoder
    from ltrr_opensearch.types import Json, SparseVector, Vector

FEWEST = 100
JUDGING = 500
"""Documents that teach nothing and are looked for afterwards."""


@click.command("sparse-encoder")
@click.argument("into", type=click.Path(path_type=Path, file_okay=False))
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@qrels_option(required=False)
@form_option
@topics_option
@click.option("--base", help="Weights to begin with: a folder, a hub's name or package:NAME; default: encoder.model.")
@click.option("--steps", default=300, show_default=True, type=click.IntRange(min=1), help="Batches learned from.")
@click.option("--seed", default=0, show_default=True, help="Of the documents left out, and of the batches.")
@pass_settings
def sparse_encoder(
    settings: Settings,
    into: Path,
    only: str | None,
    qrels: Path | None,
    form: str | None,
    topics: Path | None,
    base: str | None,
    steps: int,
    seed: int,
) -> None:
    """Make a sparse encoder from the index's documents, and write it to the folder INTO, for sparse_encoder.model.

    It begins with the dense encoder's weights and learns from a sample of 10,000 documents which terms stand for each,
    by queries imagined from their own words and, with --qrels, by those that people asked. Queries then cost no
    network. Documents left out say how well words of theirs find them, beside the dense encoder. Minutes on a CPU.
    """
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.judgment_lists.files import read_judgments
    from ltrr_opensearch.learn.imagined import Imagined
    from ltrr_opensearch.learn.sparse_encoder import Lessons, teach
    from ltrr_opensearch.understand.encoders import load_encoder, weights_of
    from ltrr_opensearch.understand.sparse_encoders import SpladeEncoder

    key = key_of(settings, one_index(settings, only))
    index = settings.indexes[key]
    weights = base or settings.encoder.model
    if weights is None:
        raise SettingsError("there is nothing to begin with; name weights: --base, or encoder.model")
    judgments = read_judgments(qrels, form, topics) if qrels else []
    with connect(settings.cluster) as client:
        documents = _sampled(client, key, index)
        asked = _asked(client, key, index, judgments)
    judging, taught = documents[:JUDGING], documents[JUDGING:]
    if len(taught) < FEWEST:
        raise DataError(f"{key} has {len(documents)} documents with text; {JUDGING + FEWEST} are needed")
    dense = load_encoder(settings.encoder.model_copy(update={"model": weights}), None)
    lessons = Lessons(steps=steps, seed=seed, max_tokens=settings.sparse_encoder.max_tokens)
    with documents_bar("batches learned") as bar:
        bar.start(steps)
        drawn = Imagined(taught, asked).draw
        model = teach(weights_of(weights), [one.text for one in taught], drawn, dense.encode, lessons, bar.advance)
    model.save_pretrained(str(into))
    ours, theirs, terms = _worth(SpladeEncoder(model, settings.sparse_encoder), dense.encode, judging, seed)
    click.echo(
        f"Taught by {len(taught)} documents and {len(asked)} queries that people asked. {len(judging)} documents left "
        f"out, looked for by words of theirs: mean reciprocal rank {ours:.3f}, by the dense encoder {theirs:.3f}; "
        f"{terms:.0f} terms a document."
    )
    click.echo(f"Written to {into}. Next: sparse_encoder.model: {into}, a `sparse` section of {key}, ltrr setup {key}")


def _sources(index: IndexSettings) -> tuple[str, ...]:
    return (index.sparse.source_fields if index.sparse else ()) or tuple(index.text_fields)


def _sampled(client: OpenSearch, key: str, index: IndexSettings) -> list[Shown]:
    from ltrr_opensearch.index.mentions import sample_documents
    from ltrr_opensearch.index.texts import text_of
    from ltrr_opensearch.learn.imagined import shown

    sources = _sources(index)
    read = index.model_copy(update={"text_fields": dict.fromkeys((*index.text_fields, *sources), 1.0)})
    title = max(index.text_fields, key=lambda field: index.text_fields[field])
    found = (
        shown(fields, text_of(fields, sources), title, index.slot_names)
        for fields in sample_documents(client, key, read)
    )
    return [one for one in found if one]


def _asked(
    client: OpenSearch, key: str, index: IndexSettings, judgments: Sequence[Judgment]
) -> list[tuple[str, list[str]]]:
    """Queries with the texts of what was judged at least half as good as their best."""
    from ltrr_opensearch.arena.gather import by_id
    from ltrr_opensearch.index.texts import includes, text_of

    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for one in judgments:
        grades[one.query][one.id] = one.grade
    good = {
        query: [id for id, grade in of.items() if grade > 0 and grade >= max(of.values()) / 2]
        for query, of in by_id(client, key, index.named_by, grades).items()
    }
    sources = _sources(index)
    asked = []
    for query, ids in good.items():
        body: Json = {"size": len(ids), "query": {"ids": {"values": ids}}, "_source": includes(sources)}
        hits = client.search(index=key, body=body)["hits"]["hits"] if ids else ()
        if texts := [text for hit in hits if (text := text_of(hit["_source"], sources))]:
            asked.append((query, texts))
    return asked


def _worth(
    encoder: SparseEncoder, dense: Callable[[Sequence[str]], Vector], judging: Sequence[Shown], seed: int
) -> tuple[float, float, float]:
    """Mean reciprocal ranks by terms and by embeddings, and the terms of a document at the mean."""
    import numpy as np

    from ltrr_opensearch.learn.imagined import Imagined, found_first

    rng = np.random.default_rng(seed)
    queries = [Imagined([one]).draw(rng).query for one in judging]
    texts = [one.text for one in judging]
    terms = encoder.encode_documents(texts)
    near = [[dot(query, document) for document in terms] for query in encoder.encode(queries)]
    by_terms = found_first(np.array(near, dtype=np.float32))
    by_vectors = found_first((dense(queries) @ dense(texts).T).astype(np.float32))
    return by_terms, by_vectors, float(np.mean([len(one) for one in terms]))


def dot(query: SparseVector, document: SparseVector) -> float:
    return sum(weight * document.get(term, 0.0) for term, weight in query.items())
