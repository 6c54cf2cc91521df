"""`ltrr warm-start`: what people did before us, learned before we serve."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings, with_state
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.past import Ids, Past
    from ltrr_opensearch.learn.warm import Lessons
    from ltrr_opensearch.logged import Round

UBI = "ubi_queries"
_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("warm-start")
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option(
    "--clicks",
    type=_file,
    help="CSV or JSON lines of time, query, id, perhaps user, session, action, query_id; default: ubi_queries and "
    "ubi_events.",
)
@click.option("--application", help="Only searches that UBI says are of this one.")
@click.option("--days", default=180, show_default=True, type=click.IntRange(1, 36_500), help="How far back to read.")
@click.option(
    "--searches",
    default=2000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Most searches that the policy learns from, drawn by chance; their queries are asked of every strategy.",
)
@click.option("--template", type=_file, help="The application's search body, with {{text}} for the words.")
@click.option("--seed", default=0, show_default=True, help="Of the sample.")
@click.option("--dry-run", is_flag=True, help="Read, ask, train and judge; write and publish nothing.")
@pass_settings
def warm_start(
    settings: Settings,
    only: str | None,
    clicks: Path | None,
    application: str | None,
    days: int,
    searches: int,
    template: Path | None,
    seed: int,
    dry_run: bool,
) -> None:
    """Learn from searches that another system answered: your own log of the time before the proxy.

    They fill the memory, with the times at which they were made; and a sample is asked of every strategy, read-only, so
    that the policy knows what each would have found. What holds is published as one release. Searches of the proxy's
    own log are left out, and so is what an earlier run has counted: safe to run twice.
    """
    from ltrr_opensearch.cli.learn import encoder_of, show
    from ltrr_opensearch.cli.progress import reading
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.learn.job import Job, Learned
    from ltrr_opensearch.learn.past import drawn_from, past_rounds, worded
    from ltrr_opensearch.learn.warm import due as due_of
    from ltrr_opensearch.learn.warm import warm_start as run

    if clicks and application:
        raise click.UsageError("--application is of ubi_queries, which --clicks is read instead of; leave one out")
    key = key_of(settings, one_index(settings, only))
    if settings.log.queries != "keep":
        raise SettingsError(f"log.queries is {settings.log.queries}: an earlier log's words would be kept in its place")
    counts: Counter[str] = Counter()
    with connect(settings.cluster) as client, reading() as progress:
        job = Job(client, settings, key, datetime.now(UTC), encoder_of(settings, key), progress)
        until = job.now - timedelta(seconds=settings.learn.window_s)
        past = worded(_read(job, clicks, application, until, days, counts), counts)
        ids = _ids(job, past)
        rounds = past_rounds(past, key, ids, settings.learn, counts)
        due = due_of(rounds, _source(clicks, application), job)
        counts["searches of a time that an earlier warm start has counted"] += len(rounds) - len(due.fresh)
        if due.nothing:
            show(Console(), Learned(key, until, counts, ()), dry_run=dry_run)
            return
        lessons = _asked(job, rounds, drawn_from(rounds, searches, seed), ids, template, counts)
        if not dry_run:
            with_state(client, settings)
        done = run(due, lessons, job, until, counts, dry_run=dry_run)
    show(Console(), done, dry_run=dry_run)


def _source(clicks: Path | None, application: str | None) -> str:
    from ltrr_opensearch.arena.past_file import digest

    if clicks:
        return f"file {digest(clicks)}"
    return f"{UBI} of {application}" if application else UBI


def _read(
    job: Job, clicks: Path | None, application: str | None, until: datetime, days: int, counts: Counter[str]
) -> list[Past]:
    """The searches of the last days that are not of our own log, under the names that it gives to people."""
    from ltrr_opensearch.arena.past_file import read_past_file
    from ltrr_opensearch.learn.past_ubi import PastUbi, without_ours
    from ltrr_opensearch.learn.read import Window
    from ltrr_opensearch.learn.warm import mark_of
    from ltrr_opensearch.log.privacy import privacy_of

    pending, after = mark_of(job).read().pending, until - timedelta(days=days)
    if pending:  # a run that broke off had gone further back, perhaps
        after = min(after, pending.first - timedelta(milliseconds=1))
    window = Window(after, until)
    if clicks:
        every = read_past_file(clicks)
        counts["searches read"] += len(every)
        recent = [one for one in every if window.holds(one.at)]
        counts["searches older than --days, or too young"] += len(every) - len(recent)
        found = without_ours(job.client, job.prefix, recent, counts)
    else:
        found = PastUbi(job.client, job.settings.state, application).read(window, counts)
    named = privacy_of(job.settings.log, job.settings.state)
    return [replace(one, asker=named.asker(one.asker)) for one in found]


def _ids(job: Job, past: Sequence[Past]) -> Ids:
    from ltrr_opensearch.arena.gather import ids_of

    return ids_of(job.client, job.index, job.index_settings.named_by, (name for one in past for name in one.objects))


def _asked(
    job: Job, rounds: Sequence[Round], sample: Sequence[Round], ids: Ids, template: Path | None, counts: Counter[str]
) -> Lessons:
    """The sample asked of every strategy, each query once, and replayed."""
    import asyncio

    from ltrr_opensearch.arena.gather import recorded, serving_for, template_of
    from ltrr_opensearch.arena.lessons import Again, lessons
    from ltrr_opensearch.cli.own_log import body_of, encoder_for

    encoder = encoder_for(job.settings, job.index)
    serving, _ = serving_for(job.settings, job.index, job.client, encoder)
    form = template_of(body_of(template), job.index_settings)
    queries = list({one.decision.normalized: one.decision.text for one in reversed(sample)}.values())
    vectors = dict(zip(queries, encoder.encode(queries), strict=True)) if encoder and queries else {}
    asked = job.advance("asking queries of every strategy", len(queries))
    recording = asyncio.run(recorded(job.settings, serving, form, queries, vectors, asked))
    counts["queries asked of every strategy"] += len(queries)
    again = Again(recording, serving, form, job.settings, ids)
    learned = job.advance("replaying searches", len(sample))
    return lessons(rounds, {one.decision.query_id for one in sample}, again, counts, learned)[0]
