"""`ltrr off` and `ltrr on`: the kill switch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, pass_settings, with_state
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.release.switch import SwitchStore

NO_REASON = "no reason was given"


@click.command()
@click.argument("index", required=False)
@click.option("--why", default=NO_REASON, help="Kept beside the switch; logs, health and doctor repeat it.")
@pass_settings
def off(settings: Settings, index: str | None, why: str) -> None:
    """Turn learning off for INDEX, or everywhere: its searches pass through untouched on every proxy within a second.

    Nothing is restarted and nothing learned is lost; `ltrr on` ends it. Events are still taken.
    """
    key = _key(settings, index)
    with _store(settings) as store:
        store.turn_off(key, why, datetime.now(UTC))
    click.echo(f"learning is off for {_said(key)}; proxies follow within a second")


@click.command()
@click.argument("index", required=False)
@pass_settings
def on(settings: Settings, index: str | None) -> None:
    """Turn learning on again for INDEX, or everywhere."""
    key = _key(settings, index)
    with _store(settings) as store:
        left = store.turn_on(key, datetime.now(UTC))
    still = f"; still off: {', '.join(left.off)}" if left.off else ""
    click.echo(f"learning is on for {_said(key)}{still}; proxies follow within a second")


def _said(key: str) -> str:
    from ltrr_opensearch.release.switch import EVERYTHING

    return "every index" if key == EVERYTHING else key


def _key(settings: Settings, index: str | None) -> str:
    from ltrr_opensearch.release.switch import EVERYTHING

    if index is None:
        return EVERYTHING
    return key_of(settings, index)


@contextmanager
def _store(settings: Settings) -> Iterator[SwitchStore]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.switch import SwitchStore

    with connect(settings.cluster) as client:
        with_state(client, settings)
        yield SwitchStore(client, settings.state.prefix)
