"""`ltrr attributes`: values proposed for fields that documents lack, and values that the text contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ltrr_opensearch.cli.options import docs_per_second_option, failed_option, pass_settings, with_state
from ltrr_opensearch.errors import Conflict, SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.index.proposals import Learned, Proposals
    from ltrr_opensearch.index.setup import Setup
    from ltrr_opensearch.propose.doubts import Doubt
    from ltrr_opensearch.propose.measured import Measured

SHOWN = 12


@click.group()
def attributes() -> None:
    """Values proposed for fields that documents lack; values that the text contradicts.

    What documents state themselves is never changed.
    """


@attributes.command()
@click.argument("index")
@click.option("--again", is_flag=True, help="Learn anew, also where an earlier run was broken off.")
@click.option("--dry-run", is_flag=True, help="Say how right proposals are, show some, and write nothing.")
@docs_per_second_option
@failed_option
@pass_settings
def propose(
    settings: Settings, index: str, again: bool, dry_run: bool, docs_per_second: float | None, failed: Path | None
) -> None:
    """Propose values for the slot fields that documents of INDEX lack.

    Learns from a sample of 10,000 documents which values their text and embedding mean, says how right that is on
    documents left out, and writes what is sure enough (proposals.least) beside the originals. A run that was broken off
    goes on; `ltrr sync` does what is written later. From cron, now and then, it keeps up with a changed catalogue.
    """
    from ltrr_opensearch.cluster.admin import connect

    with connect(settings.cluster) as client:
        run = _set_up(client, settings, index, dry_run=dry_run)
        proposals = _proposals(run)
        broken_off = proposals.published() if proposals.interrupted() and not (again or dry_run) else None
        learned = broken_off or _learned(proposals)
        _tell_measured(Console(), learned.measured, proposals.settings.least)
        if dry_run:
            _show_some(Console(), proposals, learned)
            return
        if broken_off is None:
            click.echo(f"Published release {proposals.publish(learned)}; ltrr sync goes on with it.")
        _fill(proposals, learned, docs_per_second, failed)


@attributes.command()
@click.argument("index")
@click.option(
    "--sure",
    default=0.9,
    show_default=True,
    type=click.FloatRange(0.5, 1),
    help="Confidence of another value from which a document's own is doubted; its own has 1 - that at most.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON lines of every doubt: id, field, states, text_says, confidence.",
)
@pass_settings
def doubts(settings: Settings, index: str, sure: float, output: Path | None) -> None:
    """Documents of INDEX whose text contradicts a value that they state. Reads only.

    By what `ltrr attributes propose` has learned; of each document it is judged as if it did not state the value.
    """
    from ltrr_opensearch.cli.progress import documents_bar
    from ltrr_opensearch.cluster.admin import connect

    with connect(settings.cluster) as client:
        proposals = _proposals(_set_up(client, settings, index, dry_run=True))
        learned = proposals.published()
        if learned is None:
            raise Conflict(f"nothing was learned of {proposals.key} yet; ltrr attributes propose {proposals.key}")
        with documents_bar(f"{proposals.key}: reading") as progress:
            found = proposals.doubts(learned, sure, progress)
    if output:
        output.write_text("".join(f"{one.to_line()}\n" for one in found), encoding="utf-8")
    _tell_doubts(Console(), found)


def _set_up(client: OpenSearch, settings: Settings, index: str, *, dry_run: bool) -> Setup:
    from ltrr_opensearch.index.setup import Setup

    run = Setup(client, settings, index, lambda: datetime.now(UTC))
    if not dry_run:
        with_state(client, settings)
        for request in run.prepare():
            click.echo(f"{request.method} {request.path}  ({request.why})")
    return run


def _proposals(run: Setup) -> Proposals:
    if run.proposals is None:
        raise SettingsError(f"index {run.key} asks for no proposals; set indexes.{run.key}.proposals: {{}}")
    return run.proposals


def _learned(proposals: Proposals) -> Learned:
    from ltrr_opensearch.cli.progress import documents_bar

    with documents_bar(f"{proposals.key}: learning, fields") as bar:
        return proposals.learn(bar.advance)


def _fill(proposals: Proposals, learned: Learned, docs_per_second: float | None, failed: Path | None) -> None:
    from ltrr_opensearch.cli.fill import propose_and_report

    if not propose_and_report(proposals, learned, docs_per_second, failed):
        click.echo(f"{proposals.key}: every document has the proposals that it should have")


def _tell_measured(console: Console, measured: Sequence[Measured], least: float) -> None:
    title = f"As if documents that have the field lacked it, proposals of confidence {least:g} or more"
    table = Table(title=title, title_justify="left")
    for name in ("field", "documents", "with a proposal", "proposals right", "calibration error"):
        table.add_column(name, justify="left" if name == "field" else "right")
    for one in measured:
        right = f"{one.precision:.1%}" if one.proposals else "-"
        table.add_row(
            escape(one.field), f"{one.documents:,}", f"{one.coverage:.1%}", right, f"{one.calibration_error:.3f}"
        )
    console.print(table)


def _show_some(console: Console, proposals: Proposals, learned: Learned) -> None:
    table = Table(title="Some proposals", title_justify="left")
    for name in ("document", "field", "value", "confidence"):
        table.add_column(name)
    found = [(id, f, p) for id, of in proposals.tried(learned) for f, some in of.items() for p in some]
    for id, field, one in found[:: max(1, len(found) // SHOWN)][:SHOWN]:
        table.add_row(escape(id), escape(field), escape(one.value), f"{one.confidence:.2f}")
    console.print(table)
    console.print("Dry run: nothing was written.")


def _tell_doubts(console: Console, found: Sequence[Doubt]) -> None:
    if not found:
        console.print("No document's text contradicts what it states.")
        return
    by_field: dict[str, list[Doubt]] = {}
    for one in found:
        by_field.setdefault(one.field, []).append(one)
    table = Table(title=f"{len(found):,} values that the text contradicts", title_justify="left")
    for name in ("field", "doubts", "document", "states", "text says", "confidence"):
        table.add_column(name)
    for field, of in sorted(by_field.items(), key=lambda f: -len(f[1])):
        for i, one in enumerate(sorted(of, key=lambda d: -d.confidence)[:3]):
            first = (field, f"{len(of):,}") if i == 0 else ("", "")
            said = (*first, one.id, ", ".join(one.states), one.says, f"{one.confidence:.2f}")
            table.add_row(*map(escape, said))
    console.print(table)
