"""`ltrr predict-queries`: what documents may be asked by, put into the memory before anybody has clicked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings, with_state
from ltrr_opensearch.errors import Conflict, DataError, SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.predicted import Catalogue
    from ltrr_opensearch.predict.predictor import Asked, QueryPredictor
    from ltrr_opensearch.predict.relevance import Judged

SHOWN = 15
_LEARNED = ("patterns", "neighbours")


@click.command("predict-queries")
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option(
    "--by",
    type=click.Choice([*_LEARNED, "model"]),
    default="patterns",
    show_default=True,
    help="Parts of the document, put together as people do; queries of documents like it; or --model.",
)
@click.option(
    "--clicks",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What patterns and neighbours learn from: CSV or JSON lines of query, id, or a judgment list; default: what "
    "the memory holds.",
)
@click.option("--model", help="For --by model: a sequence-to-sequence model of transformers, a folder or a hub's name.")
@click.option(
    "--queries", default=10, show_default=True, type=click.IntRange(1, 100), help="Most predictions a document."
)
@click.option(
    "--share",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the predictions that is kept, those nearest to their document by the encoder.",
)
@click.option("--again", is_flag=True, help="Predict for all documents, not only for those written since the last run.")
@click.option("--dry-run", is_flag=True, help="Show what would be predicted for some documents, and write nothing.")
@pass_settings
def predict_queries(
    settings: Settings,
    only: str | None,
    by: str,
    clicks: Path | None,
    model: str | None,
    queries: int,
    share: float,
    again: bool,
    dry_run: bool,
) -> None:
    """Predict what documents may be asked by, for the memory to begin with.

    The predictions stand beside what people did, marked as predicted, until a document was looked at for the query:
    then what people do counts. They serve the strategy q2e; an interrupted run goes on where it stopped, and a later
    one does what is new. Publishes the memory at the end.
    """
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.predicted import Catalogue, Predicting, Wanted, publish
    from ltrr_opensearch.predict.relevance import Relevance
    from ltrr_opensearch.understand.encoders import load_encoder

    key = key_of(settings, one_index(settings, only))
    index = settings.indexes[key]
    _check(settings, by, clicks, model)
    with connect(settings.cluster) as client, documents_bar("documents") as bar:
        encoder = load_encoder(settings.encoder, index.vector.dimension if index.vector else None)
        job = Job(client, settings, key, datetime.now(UTC), lambda: encoder)
        catalogue = Catalogue(client, key, index, encoder)
        predictor = _predictor(by, job, catalogue, model, clicks, queries)
        relevance = Relevance(predictor, encoder, queries)
        run = Predicting(job, catalogue, relevance, Wanted(by, queries, share), bar.start, bar.advance)
        if dry_run:
            found, least, counts = run.tried()
            _show(Console(), found, least, counts)
            return
        if pinned := job.store.pinned(key):
            raise Conflict(f"index {key!r} is pinned to release {pinned}; to go on: ltrr models unpin")
        with_state(client, settings)
        counts = run.run(again=again)
        _told(counts)
        if counts["queries with new predictions"]:
            click.echo(f"Published release {publish(job, encoder, counts)}; proxies change over within seconds.")
        else:
            click.echo("Nothing new to predict; what serves stays.")


def _check(settings: Settings, by: str, clicks: Path | None, model: str | None) -> None:
    if (by == "model") != (model is not None):
        raise click.UsageError("a model goes with --by model: ltrr predict-queries --by model --model FOLDER")
    if clicks is not None and by not in _LEARNED:
        raise click.UsageError("--clicks teach patterns and neighbours; a model has learned already")
    if settings.encoder.model is None:
        raise SettingsError("predictions are judged by an encoder and none is configured; set encoder.model")


def _predictor(
    by: str, job: Job, catalogue: Catalogue, model: str | None, clicks: Path | None, queries: int
) -> QueryPredictor:
    from ltrr_opensearch.predict.neighbours import Neighbours
    from ltrr_opensearch.predict.patterns import Patterns

    if by == "model":
        from ltrr_opensearch.predict.seq2seq import Seq2Seq

        return Seq2Seq(str(model), queries, seed=job.settings.learn.seed)
    asked = _asked(clicks) if clicks else job.memory.asked(Counter())
    known = list(catalogue.of(asked))
    if not known:
        where = f"{clicks} names" if clicks else "the memory holds"
        raise DataError(f"{where} no query with a document of {job.index}; give clicks of others: --clicks FILE")
    if by == "neighbours":
        return Neighbours.learned(known, asked)
    patterns = Patterns.learned(known, asked)
    if not patterns.rates:
        raise DataError(f"{len(known)} documents that were asked for show no pattern that three of them share")
    return patterns


def _asked(clicks: Path) -> Asked:
    from ltrr_opensearch.arena.query_log import read_grades
    from ltrr_opensearch.normalise import normalise

    asked: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for query, grades in read_grades(clicks, {}).items():
        for id, grade in grades.items():
            if grade > 0 and normalise(query):
                asked[id][normalise(query)] = grade
    return dict(asked)


def _told(counts: Counter[str]) -> None:
    said = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
    click.echo(said or "no documents")


def _show(console: Console, found: Sequence[Judged], least: float, counts: Counter[str]) -> None:
    table = Table(title=f"Some predictions of relevance {least:.2f} or more", title_justify="left")
    for name in ("query", "document", "relevance", "Q2E score"):
        table.add_column(name, justify="right" if name in ("relevance", "Q2E score") else "left")
    for one in found[:: max(1, len(found) // SHOWN)][:SHOWN]:
        table.add_row(one.query, one.id, f"{one.relevance:.2f}", f"{one.score:.2f}")
    console.print(table)
    _told(counts)
    console.print("Dry run: nothing was written.")
