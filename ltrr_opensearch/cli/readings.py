"""`ltrr readings`: competing hypotheses in one order, by weights that every domain has for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings
from ltrr_opensearch.cli.progress import reading
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.hypotheses.rerank import Reranker
    from ltrr_opensearch.hypotheses.values import Utterance
    from ltrr_opensearch.release.store import ReleaseStore

LOSSES = ("best", "expected_error", "cross_entropy", "combined")
_file = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
_folder = click.Path(path_type=Path, file_okay=False)
index_option = click.option("--index", "only", help="Key of the index; not needed where one is configured.")
domains_option = click.option("--domain", "domains", multiple=True, help="One domain; may be repeated. Default: all.")
weights_option = click.option(
    "--weights", type=_folder, help="Folder that `train` wrote; default: what the cluster's release serves."
)


@click.group()
def readings() -> None:
    """Order competing hypotheses, domain by domain: train, judge, publish.

    Hypotheses are JSON lines, one utterance a line; docs/hypotheses.md has the form. A domain's weights are trained
    and published without the others.
    """


@readings.command()
@click.argument("source", type=_file)
@click.option("--into", type=_folder, required=True, help="Folder for the weights, one file a domain.")
@domains_option
@click.option("--loss", type=click.Choice(LOSSES), default="best", show_default=True, help="What is made small.")
@click.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="For the table of losses.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the folds.")
@click.option("--table/--no-table", default=True, show_default=True, help="Judge every loss on folds left out.")
def train(source: Path, into: Path, domains: tuple[str, ...], loss: str, folds: int, seed: int, table: bool) -> None:
    """Learn weights from SOURCE, utterances with their truth. Needs no cluster and no configuration."""
    from ltrr_opensearch.cli.readings_shown import losses_table, trained_line
    from ltrr_opensearch.hypotheses.experiment import cross_judged, train_all, weights_by
    from ltrr_opensearch.hypotheses.files import write_weights

    utterances = _utterances(source, truth=True)
    if unknown := sorted(set(domains) - {one.domain for u in utterances for one in u.hypotheses}):
        raise DataError(f"{source}: no hypothesis is of domain {', '.join(unknown)}")
    with reading() as told:
        if table:
            verdicts = cross_judged(utterances, folds, seed, domains, lambda n: told("judging losses", n, folds))
            click.echo(losses_table(verdicts), nl=False)
        trained = train_all(utterances, seed, domains, lambda name: told(f"training {name}", 0, None))
    if not trained:
        raise DataError(f"{source}: no domain is claimed in enough utterances to be trained; give more")
    for weights in weights_by(trained, loss).values():
        click.echo(trained_line(weights, write_weights(into, weights)))


@readings.command()
@click.argument("source", type=_file, default="-")
@weights_option
@index_option
@click.option("--output", type=click.File("wb"), default="-", help="Default: standard output.")
def rerank(source: Path, weights: Path | None, only: str | None, output: IO[bytes]) -> None:
    """Write the hypotheses of SOURCE (default: standard input) in their new order, line by line as they come."""
    from ltrr_opensearch.hypotheses.lines import read, to_line

    with _reranker(weights, only) as reranker, click.open_file(str(source), "rb") as lines:
        for one in read(lines, _name(source)):
            output.write(to_line(one.id, reranker.rerank(one)))
            output.flush()


@readings.command()
@click.argument("source", type=_file)
@weights_option
@index_option
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw reliability diagrams here.")
def report(source: Path, weights: Path | None, only: str | None, html: Path | None) -> None:
    """How right the first hypotheses of SOURCE are, and how true their likelihoods, by domain and over all.

    SOURCE has utterances with their truth, which the weights must not have learned from.
    """
    from ltrr_opensearch.cli.readings_shown import report_table
    from ltrr_opensearch.hypotheses.judge import standings, verdict
    from ltrr_opensearch.hypotheses.page import page

    utterances = _utterances(source, truth=True)
    with _reranker(weights, only) as reranker:
        found = standings([verdict(one, reranker.rerank(one)) for one in utterances])
    click.echo(report_table(found), nl=False)
    if html:
        html.write_text(page(f"Reliability of {_name(source)}", found), encoding="utf-8")
        click.echo(f"Reliability diagrams: {html}")


@readings.command("from-clicks")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@index_option
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="Searches of so many days; default: learn.history_days."
)
@pass_settings
def from_clicks(settings: Settings, target: Path, only: str | None, days: float | None) -> None:
    """Write what people's clicks say of the readings of their queries to TARGET, for `train`. Only reads.

    Of a query that may mean several things that was meant which the clicked document bears out. The domain is the
    index: weights that are trained and published under its name order the readings of its queries from then on.
    """
    from ltrr_opensearch.arena.clicked import documents_of, reader_of
    from ltrr_opensearch.arena.gather import template_of
    from ltrr_opensearch.arena.meant import utterances
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.hypotheses.lines import utterance_line
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.read import Window

    key, now = key_of(settings, one_index(settings, only)), datetime.now(UTC)
    until = now - timedelta(seconds=settings.learn.window_s)
    window = Window(until - timedelta(days=days or settings.learn.history_days), until)
    index = settings.indexes[key]
    with connect(settings.cluster) as client, reading() as progress:
        rounds = Job(client, settings, key, now, progress=progress).read(window, Counter())
        documents = documents_of(client, key, index.read_as, {id for one in rounds for id in one.gains})
        serving = reader_of(client, settings, key)
    found = list(utterances(rounds, documents, serving, template_of(None, index)))
    if not found:
        raise DataError(
            f"no clicked search of {len(rounds)} has a query that may mean several things; take more --days, or see "
            f"slot_fields and entities of {key}"
        )
    target.write_bytes(b"".join(map(utterance_line, found)))
    surprised = sum(one.truth is not None and one.truth.slots != one.hypotheses[0].slots for one in found)
    click.echo(
        f"{len(found):,} searches of {len({one.group for one in found}):,} queries; in {surprised:,} another reading "
        f"was meant than the likeliest. Next: ltrr readings train {target} --into FOLDER"
    )


@readings.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@domains_option
@index_option
@pass_settings
def publish(settings: Settings, folder: Path, domains: tuple[str, ...], only: str | None) -> None:
    """Publish weights of FOLDER; the other domains stay as they are. Running proxies change over in seconds."""
    from ltrr_opensearch.hypotheses.files import read_weights
    from ltrr_opensearch.hypotheses.published import part_of

    index, at = key_of(settings, one_index(settings, only)), datetime.now(UTC)
    parts = [part_of(weights, index, at) for weights in read_weights(folder, domains).values()]
    names = ", ".join(sorted(part.meta["domain"] for part in parts))
    with _store(settings) as store:
        id = store.publish(index, {part.kind: part for part in parts}, f"readings {names}", unless_pinned=True)
    click.echo(f"{index} is served by {id}, with new weights of {names}; proxies change over within seconds.")


@readings.command("list")
@index_option
@pass_settings
def list_(settings: Settings, only: str | None) -> None:
    """The domains whose weights serve an index."""
    index = key_of(settings, one_index(settings, only))
    with _store(settings) as store:
        published = [(*of, store.meta(index, *of[1:])) for of in _published(store, index)]
    for domain, _, version, meta in published:
        click.echo(f"{domain}  {version}  learned from {meta.get('utterances', 0):,} utterances")
    if not published:
        click.echo(f"No weights serve {index}; `ltrr readings publish` brings some.")


@readings.command()
@click.argument("domain")
@index_option
@pass_settings
def withdraw(settings: Settings, domain: str, only: str | None) -> None:
    """Take the weights of DOMAIN out of what serves; the others stay as they are."""
    index = key_of(settings, one_index(settings, only))
    with _store(settings) as store:
        kinds = {name: kind for name, kind, _ in _published(store, index)}
        if domain not in kinds:
            raise DataError(f"no weights of {domain!r} serve {index}; published: {', '.join(kinds) or 'none'}")
        id = store.publish(index, {}, f"readings without {domain}", without={kinds[domain]}, unless_pinned=True)
    click.echo(f"{index} is served by {id}, without weights of {domain}.")


def _published(store: ReleaseStore, index: str) -> list[tuple[str, str, str]]:
    """(domain, kind, version) of the weights in force."""
    from ltrr_opensearch.hypotheses.published import domain_of

    versions = next((release.versions for release in store.history(index) if release.current), {})
    named = [(domain_of(kind), kind, version) for kind, version in sorted(versions.items())]
    return [(domain, kind, version) for domain, kind, version in named if domain is not None]


@contextmanager
def _store(settings: Settings) -> Iterator[ReleaseStore]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.store import ReleaseStore

    with connect(settings.cluster) as client:
        yield ReleaseStore(client, settings.state.prefix)


@contextmanager
def _reranker(weights: Path | None, only: str | None) -> Iterator[Reranker]:
    """From a folder, which needs no configuration, or from the release in force."""
    from ltrr_opensearch.hypotheses.files import read_weights
    from ltrr_opensearch.hypotheses.published import weights_of
    from ltrr_opensearch.hypotheses.rerank import Reranker

    if weights:
        yield Reranker(read_weights(weights))
        return
    settings = load_settings(click.get_current_context().find_root().obj)
    index = key_of(settings, one_index(settings, only))
    with _store(settings) as store:
        published = _published(store, index)
        if not published:
            raise DataError(f"no weights serve {index}; publish some with `ltrr readings publish`, or give --weights")
        parts = {domain: store.part(index, kind, version) for domain, kind, version in published}
    yield Reranker({domain: weights_of(part) for domain, part in parts.items()}, home=index)


def _utterances(source: Path, *, truth: bool) -> list[Utterance]:
    from ltrr_opensearch.hypotheses.lines import read

    with click.open_file(str(source), "rb") as lines:
        found = list(read(lines, _name(source), truth=truth))
    if not found:
        raise DataError(f"{_name(source)} holds no utterance; docs/hypotheses.md has the form")
    return found


def _name(source: Path) -> str:
    return "standard input" if str(source) == "-" else str(source)
