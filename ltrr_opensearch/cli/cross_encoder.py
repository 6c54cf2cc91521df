"""`ltrr cross-encoder`: teaches a second stage from judgments, and says what it is worth on queries left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.own_log import body_of
from ltrr_opensearch.cli.rated import form_option, qrels_option, template_option, topics_option
from ltrr_opensearch.errors import DataError, ModelError, SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.query_log import Grades
    from ltrr_opensearch.arena.record import Template
    from ltrr_opensearch.learn.cross_encoder import Graded
    from ltrr_opensearch.types import Json

HELD_OUT = 0.2
"""Share of the queries that judge and do not teach."""
BEST_GRADE = 3.0
"""The best grade of a query becomes this, so that clicks and ratings mean the same."""


class Listed(NamedTuple):
    """A judged query with what its own query finds first, and with that and all that was judged.

    A second stage is given the former, so by these alone it is judged: good documents that the client's own query never
    found would stand last before it, and only help after.
    """

    own: Graded
    whole: Graded


class Worth(NamedTuple):
    """Mean nDCG@10 of the client's own first documents, as they were and by the model; the model's median time."""

    queries: int
    before: float
    after: float
    took_ms: float


@click.command("cross-encoder")
@click.argument("into", type=click.Path(path_type=Path, file_okay=False))
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@qrels_option(required=True)
@form_option
@topics_option
@template_option
@click.option("--base", help="Weights to begin with: a folder, a hub's name or package:NAME; default: encoder.model.")
@click.option("--epochs", default=2, show_default=True, type=click.IntRange(min=1), help="Times that all is learned.")
@click.option("--seed", default=0, show_default=True, help="Of the queries left out, and of the order.")
@click.option("--force", is_flag=True, help="Write the model even if the order was better without it.")
@pass_settings
def cross_encoder(
    settings: Settings,
    into: Path,
    only: str | None,
    qrels: Path,
    form: str | None,
    topics: Path | None,
    template: Path | None,
    base: str | None,
    epochs: int,
    seed: int,
    force: bool,
) -> None:
    """Teach a cross-encoder from judgments, and write it to the folder INTO, which `second_stage.model` names.

    What it reads and how many documents it orders is that of the index's second_stage, or its defaults. A fifth of the
    queries teaches nothing and says what the model makes of the order of the client's own query: a model that makes it
    worse is not written. Minutes on a CPU.
    """
    from ltrr_opensearch.arena.gather import by_id, template_of
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.judgment_lists.files import read_judgments
    from ltrr_opensearch.learn.cross_encoder import Lessons, held_out, teach
    from ltrr_opensearch.stage_settings import SecondStageSettings
    from ltrr_opensearch.understand.encoders import weights_of

    key = key_of(settings, one_index(settings, only))
    index = settings.indexes[key]
    second = index.second_stage or SecondStageSettings(model=str(into))
    weights = base or settings.encoder.model
    if weights is None:
        raise SettingsError("there is nothing to begin with; name weights: --base, or encoder.model")
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for one in read_judgments(qrels, form, topics):
        grades[one.query][one.id] = one.grade
    own = template_of(body_of(template), index)
    fields = second.fields or tuple(index.text_fields)
    with connect(settings.cluster) as client, documents_bar("queries read") as bar:
        named = by_id(client, key, index.named_by, grades)
        read = _read(client, key, own, named, fields, second.depth, bar.start, bar.advance)
    taught, judging = held_out(read, HELD_OUT, seed)
    lessons = Lessons(epochs=epochs, max_tokens=second.max_tokens, seed=seed)
    with documents_bar("lists learned") as bar:
        model = teach(weights_of(weights), [one.whole for one in taught], lessons, bar.advance)
    worth = judged(model.predict, [one.own for one in judging], second.depth)
    click.echo(
        f"Taught by {len(taught)} queries. On {worth.queries} others, of the first {second.depth} of the client's own "
        f"query: nDCG@10 {worth.before:.3f} as it was, {worth.after:.3f} by the cross-encoder; {worth.took_ms:.0f} ms "
        f"a search (median, one at a time)."
    )
    if worth.after < worth.before and not force:
        raise ModelError(
            f"the order is worse by the cross-encoder, which is not written; give more judgments, more --epochs or "
            f"another --base, or write it all the same to {into}: --force"
        )
    model.save_pretrained(str(into))
    click.echo(f"Written to {into}{', though the order is worse by it' if worth.after < worth.before else ''}.")


def _read(
    client: OpenSearch,
    key: str,
    own: Template,
    grades: Grades,
    fields: Sequence[str],
    depth: int,
    start: Callable[[int], None],
    done: Callable[[int], None],
) -> list[Listed]:
    """The judged queries of which something good is in the index."""
    start(len(grades))
    found = []
    for query, of in grades.items():
        body: Json = {**own(query), "size": depth, "_source": False}
        body.pop("ext", None)
        ids = [hit["_id"] for hit in client.search(index=key, body=body)["hits"]["hits"]]
        texts = _texts(client, key, list(dict.fromkeys([*ids, *of])), fields)
        if one := listed(query, ids, of, texts):
            found.append(one)
        done(1)
    if len(found) < 2 / HELD_OUT:
        raise DataError(f"{len(found)} judged queries have documents in {key}; needed are {round(2 / HELD_OUT)}")
    return found


def listed(query: str, own: Sequence[str], grades: Mapping[str, float], texts: Mapping[str, str]) -> Listed | None:
    """`own`: ids of what the client's own query finds, best first. None where no document with a text was any good."""
    from ltrr_opensearch.learn.cross_encoder import Graded

    best = max((grade for id, grade in grades.items() if id in texts), default=0.0)
    if best <= 0:
        return None

    def graded(ids: Iterable[str]) -> Graded:
        kept = [id for id in ids if id in texts]
        scaled = (BEST_GRADE * max(grades.get(id, 0.0), 0.0) / best for id in kept)
        return Graded(query, tuple(texts[id] for id in kept), tuple(scaled))

    return Listed(graded(own), graded(dict.fromkeys([*own, *grades])))


def _texts(client: OpenSearch, key: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, str]:
    """What a second stage would read of documents."""
    body: Json = {"size": len(ids), "query": {"ids": {"values": list(ids)}}, "_source": False, "fields": list(fields)}
    hits = client.search(index=key, body=body)["hits"]["hits"]
    return {hit["_id"]: " ".join(str(v) for f in fields for v in hit.get("fields", {}).get(f, ())) for hit in hits}


def judged(predict: Callable[..., Any], judging: Sequence[Graded], depth: int) -> Worth:
    """Of lists in the client's own order. One that holds nothing good tells nothing, and is left out."""
    import numpy as np

    from ltrr_opensearch.evaluate.measures import ndcg

    telling = [one for one in judging if any(one.grades)]
    if not telling:
        raise DataError("on no query left out the client's own query finds a document that was judged good")
    before, after, took = [], [], []
    for one in telling:
        grades = np.array(one.grades)
        start = perf_counter()
        scores = predict([(one.query, text) for text in one.texts], batch_size=depth, show_progress_bar=False)
        took.append((perf_counter() - start) * 1000)
        before.append(ndcg(grades, -np.arange(len(grades), dtype=np.float32)))
        after.append(ndcg(grades, np.asarray(scores, dtype=np.float32)))
    return Worth(len(telling), float(np.mean(before)), float(np.mean(after)), float(np.median(took)))
