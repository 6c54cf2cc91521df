"""`ltrr experiment`: what a live experiment has shown so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, pass_settings
from ltrr_opensearch.errors import DataError, SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.evaluate.live import Observed
    from ltrr_opensearch.learn.read import Window


@click.group()
def experiment() -> None:
    """Compare two ways of serving on live traffic."""


@experiment.command()
@click.option("--index", "only", help="Key of the index; not needed where one has an experiment.")
@click.option("--name", help="Name of an earlier experiment; default: the one that is configured.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True, help="How far back to read."
)
@click.option(
    "--window-s",
    type=click.FloatRange(min=0),
    help="How old a search must be for its events to be complete; default: learn.window_s.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@pass_settings
def report(
    settings: Settings, only: str | None, name: str | None, days: float, window_s: float | None, as_json: bool
) -> None:
    """Each arm, their difference, and which one people prefer on pages of both. Look as often as you like."""
    from ltrr_opensearch.cli.experiment_shown import Shown, show, told
    from ltrr_opensearch.evaluate import live
    from ltrr_opensearch.evaluate.sequential import TUNED_AT
    from ltrr_opensearch.learn.read import Window

    key = _index(settings, only)
    configured = settings.indexes[key].experiment
    wanted = name or (configured.name if configured else None)
    if wanted is None:
        raise SettingsError(f"index {key!r} has no experiment; name an earlier one: --name NAME")
    now, complete_s = datetime.now(UTC), settings.learn.window_s if window_s is None else window_s
    counts: Counter[str] = Counter()
    window = Window(now - timedelta(days=days), now - timedelta(seconds=complete_s))
    searches = _read(settings, key, wanted, window, counts)
    if configured and configured.name == wanted:
        names, tuned_at = (configured.arms[0].name, configured.arms[1].name), float(configured.people)
    else:
        names, tuned_at = _names(searches, wanted), TUNED_AT
    found = live.report(searches, names, tuned_at)
    shown = Shown(wanted, key, found, len(searches), counts, tuned_at, settings.log.users == "omit")
    if as_json:
        click.echo(told(shown))
    else:
        show(shown)


def _read(settings: Settings, key: str, name: str, window: Window, counts: Counter[str]) -> list[Observed]:
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.learn.experiment import read_experiment
    from ltrr_opensearch.learn.read import count_decisions, refresh

    state = settings.state
    with connect(settings.cluster) as client, documents_bar("searches") as bar:
        refresh(client, state.prefix, state.ubi_events)
        bar.start(count_decisions(client, state.prefix, key, window))
        return read_experiment(client, state, settings.learn, key, name, window, counts, bar.advance)


def _index(settings: Settings, only: str | None) -> str:
    if only is not None:
        return key_of(settings, only)
    having = [key for key, index in settings.indexes.items() if index.experiment] or list(settings.indexes)
    if len(having) != 1:
        raise SettingsError(f"say which index with --index; configured: {', '.join(settings.indexes) or 'none'}")
    return having[0]


def _names(searches: Sequence[Observed], experiment: str) -> tuple[str, str]:
    """The arms of an experiment that is not configured any more, as far as its searches tell."""
    seen = {s.arm for s in searches} | {s.first for s in searches} | {t for s in searches for t, _ in s.credits}
    names = sorted(name for name in seen if name is not None)
    if len(names) != 2:
        known = ", ".join(names) or "none"
        raise DataError(f"experiment {experiment!r} has no searches of two arms in this time (arms: {known}); --days?")
    return names[0], names[1]
