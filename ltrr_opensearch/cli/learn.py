"""`ltrr learn`: one run of the learning job, with what it read, how the gate judged, and what it published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.phases import told
from ltrr_opensearch.cli.progress import reading
from ltrr_opensearch.cli.rated import ask_rated, form_option, qrels_option, template_option, topics_option
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.learn.gate import Verdict
    from ltrr_opensearch.learn.job import Learned
    from ltrr_opensearch.protocols import Encoder

KINDS = ("policy", "ranker", "memory")


@click.command()
@click.argument("kind", type=click.Choice([*KINDS, "all"]), default="all")
@click.option("--index", "only", help="Key of one configured index; default: all of them.")
@click.option("--dry-run", is_flag=True, help="Train and judge, publish nothing.")
@click.option(
    "--window-s",
    type=click.FloatRange(min=0),
    help="How old a search must be for its events to be complete; default: learn.window_s. 0 takes all up to now.",
)
@qrels_option(required=False)
@form_option
@topics_option
@template_option
@pass_settings
def learn(
    settings: Settings,
    kind: str,
    only: str | None,
    dry_run: bool,
    window_s: float | None,
    qrels: Path | None,
    form: str | None,
    topics: Path | None,
    template: Path | None,
) -> None:
    """Learn from what people did: policy, ranker, memory, or all.

    Reads the searches since the last run with their events, trains, judges each candidate beside what serves, and
    publishes what holds as one release. Running proxies pick it up by themselves. Then the phase of the index is
    checked, as `ltrr phases check` does. Safe to run from cron, and twice: a run learns what came since the last one,
    goes on where one was stopped, and the same log gives the same models. learn.workers and learn.engine say who reads.

    With --qrels (kind ranker) it learns from people's ratings instead: every strategy is asked for the queries of the
    list, and what they find is ordered by its grades.
    """
    if qrels is not None:
        if kind != "ranker":
            raise click.UsageError("ratings teach the ranker alone: ltrr learn ranker --qrels FILE")
        _from_ratings(settings, only, Given(qrels, form, topics, template), dry_run=dry_run)
        return
    if form or topics or template:
        raise click.UsageError("--format, --topics and --template go with --qrels")
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.phases import check
    from ltrr_opensearch.learn.run import learn as run

    console = Console()
    kinds = KINDS if kind == "all" else (kind,)
    with connect(settings.cluster) as client, reading() as progress:
        for index in [only] if only else list(settings.indexes):
            job = Job(client, settings, index, datetime.now(UTC), encoder_of(settings, index), progress)
            done = run(kinds, job, window_s=window_s, dry_run=dry_run)
            show(console, done, dry_run=dry_run)
            checked = check(job, window_s=window_s, dry_run=dry_run)
            console.print("\n".join(told(checked.index, checked.state, checked.verdict, checked.move)))


class Given(NamedTuple):
    """The list of ratings, and how it is to be read and asked."""

    qrels: Path
    form: str | None
    topics: Path | None
    template: Path | None


def _from_ratings(settings: Settings, only: str | None, given: Given, *, dry_run: bool) -> None:
    from ltrr_opensearch.arena.orders import ranked_by
    from ltrr_opensearch.arena.rated import listed, searched
    from ltrr_opensearch.arena.replay import Limits, Replay
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.judgment_lists.files import read_judgments
    from ltrr_opensearch.learn.from_ratings import Rated, learn_ratings
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.rated import by_query, weights_by_query
    from ltrr_opensearch.logged import Round
    from ltrr_opensearch.rank.rows import whole_names

    key = key_of(settings, one_index(settings, only))
    judgments = read_judgments(given.qrels, given.form, given.topics)
    with connect(settings.cluster) as client:
        rated = ask_rated(settings, key, client, judgments, given.template)
        safe = ranked_by(rated.serving, None, rated.serving.safe)
        replay = Replay(rated.recording, safe, rated.template, Limits(rank_depth=settings.serve.rank_depth))
        gathered = [searched(replay, query) for query in rated.recording.queries]
        lists = [listed(replay, one, whole_names(settings.indexes[key])) for one in gathered]
        rounds = [Round(one.replayed.decision, {}) for one in gathered]
        with reading() as progress:
            job = Job(client, settings, key, datetime.now(UTC), encoder_of(settings, key), progress)
            known = Rated(lists, by_query(rated.judgments), rounds, weights_by_query(rated.judgments))
            done = learn_ratings(known, job, dry_run=dry_run)
    show(Console(), done, dry_run=dry_run)


def show(console: Console, done: Learned, *, dry_run: bool) -> None:
    """What a run did, as tables and a last line."""
    console.print(f"[bold]{done.index}[/bold]: searches up to {done.until:%Y-%m-%d %H:%M:%S} UTC")
    if done.nothing_new:
        console.print("Nothing new since the last run; what serves stays.")
        return
    console.print(_read(done.counts))
    console.print(_verdicts(done.verdicts))
    if done.pinned:
        console.print(f"Pinned to release {done.pinned}: nothing was published. To go on: ltrr models unpin")
    elif dry_run:
        console.print("Dry run: nothing was published.")
    elif done.release:
        console.print(f"Published release [bold]{done.release}[/bold]; proxies change over within seconds.")
    else:
        console.print("Nothing was published; what serves stays.")


def _read(counts: Counter[str]) -> Table:
    table = Table(title="Read", title_justify="left")
    table.add_column("what")
    table.add_column("number", justify="right")
    for what, number in counts.items():
        if number:
            table.add_row(what, f"{number:,}")
    return table


def _verdicts(verdicts: tuple[Verdict, ...]) -> Table:
    table = Table(title="Gate", title_justify="left")
    for name in ("part", "verdict", "why", "candidate - serving", "judged on"):
        table.add_column(name, justify="right" if name == "judged on" else "left")
    for one in verdicts:
        verdict = "[green]holds[/green]" if one.passed else "[yellow]refused[/yellow]"
        gap, rounds = "", ""
        if one.compared and not one.compared.refusal:
            c = one.compared
            gap, rounds = f"{c.difference:+.4f} [dim]({c.low:+.4f} to {c.high:+.4f})[/dim]", f"{c.rounds:,}"
        table.add_row(one.kind, verdict, one.reason, gap, rounds)
    return table


def encoder_of(settings: Settings, index: str) -> Callable[[], Encoder] | None:
    """How to load what embeds remembered queries; none where the configuration has no vectors or no encoder."""
    configured = settings.indexes.get(index)
    if configured is None or configured.vector is None or settings.encoder.model is None:
        return None
    dimension = configured.vector.dimension

    def load() -> Encoder:
        from ltrr_opensearch.understand.encoders import load_encoder

        return load_encoder(settings.encoder, dimension)

    return load
