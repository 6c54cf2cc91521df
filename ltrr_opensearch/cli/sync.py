"""`ltrr sync INDEX`: keep up with what was written and deleted, once (from cron) or all the time."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import docs_per_second_option, failed_option, pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.index.setup import Setup

TIDY_EVERY_S = 600
"""With --follow: how often the memory is compared with the index and old logs are looked for; both read much."""


@click.command()
@click.argument("index")
@click.option("--follow", is_flag=True, help="Go on until interrupted.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=10,
    show_default=True,
    help="With --follow: seconds between runs.",
)
@docs_per_second_option
@failed_option
@pass_settings
def sync(
    settings: Settings, index: str, follow: bool, every: float, docs_per_second: float | None, failed: Path | None
) -> None:
    """Documents written, rewritten or deleted since: what we add comes back, the memory forgets, old logs expire.

    After a change of the encoder all documents are embedded into a new field; proxies use it once it is complete.
    """
    from opensearchpy.exceptions import TransportError

    from ltrr_opensearch.cluster.admin import connect, unhandled
    from ltrr_opensearch.errors import Unreachable
    from ltrr_opensearch.index.setup import Setup

    run = Setup(connect(settings.cluster), settings, index, lambda: datetime.now(UTC))
    stop = threading.Event()
    if follow:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
    tidied = float("-inf")
    while True:
        tidy = time.monotonic() - tidied >= TIDY_EVERY_S
        tidied = time.monotonic() if tidy else tidied
        try:
            changed = _once(run, docs_per_second, failed, tidy=tidy)
        except (Unreachable, TransportError) as error:
            if not follow:
                raise
            said = unhandled(error) if isinstance(error, TransportError) else str(error)
            click.echo(f"{said}; trying again in {every:g} s", err=True)
            changed = True
        if not follow:
            if not changed:
                click.echo(f"{run.key}: nothing to do")
            return
        if stop.wait(every):
            return


def _once(run: Setup, docs_per_second: float | None, failed: Path | None, *, tidy: bool) -> bool:
    from ltrr_opensearch.cli.fill import fill_and_report, propose_and_report

    said = [f"{r.method} {r.path}  ({r.why})" for r in run.prepare()]
    for line in said:
        click.echo(line)
    for target in run.targets:
        said += fill_and_report(run, target, docs_per_second, failed)
    if run.proposals and (learned := run.proposals.published(click.echo)):
        said += propose_and_report(run.proposals, learned, docs_per_second, failed)
    for line in run.tidy() if tidy else ():
        click.echo(line)
        said.append(line)
    return bool(said)
