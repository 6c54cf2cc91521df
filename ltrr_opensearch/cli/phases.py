"""`ltrr phases`: how far the learned policy is let, what lacks before it is let further, and every move so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import key_of, pass_settings, with_state
from ltrr_opensearch.phase_settings import PHASES, PhaseName
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.learn.phase_rules import Verdict
    from ltrr_opensearch.release.phases import Move, PhaseState, PhaseStore

reason_option = click.option("--reason", required=True, help="Kept in the history beside the move.")


@click.group()
def phases() -> None:
    """Show, check, set and hold how far the learned policy is let: shadow, apprentice, share, live."""


@phases.command("list")
@pass_settings
def list_(settings: Settings) -> None:
    """The phase of each configured index, and what lacks before a move up, as of the last check."""
    from ltrr_opensearch.learn.evidence import Evidence
    from ltrr_opensearch.learn.phase_rules import judge

    with _store(settings) as store:
        for index in settings.indexes:
            state = store.state(index)
            verdict = judge(state, Evidence.from_json(state.evidence), settings, datetime.now(UTC))
            click.echo("\n".join(told(index, state, verdict)))


@phases.command()
@click.argument("index")
@click.option("--most", default=20, show_default=True, help="Moves shown, the newest.")
@pass_settings
def history(settings: Settings, index: str, most: int) -> None:
    """Every move of INDEX that is kept, the newest first: when, from where to where, why, and what was measured."""
    index = key_of(settings, index)
    with _store(settings) as store:
        moves = store.state(index).moves
    for move in moves[-1 : -most - 1 : -1]:
        click.echo("\n".join(_moved(move)))
    if not moves:
        click.echo(f"{index} has not moved yet.")


@phases.command("set")
@click.argument("index")
@click.argument("phase", type=click.Choice(PHASES))
@reason_option
@click.option("--hold", "held", is_flag=True, help="And stay there: no move up happens by itself.")
@pass_settings
def set_(settings: Settings, index: str, phase: PhaseName, reason: str, held: bool) -> None:
    """Put INDEX into PHASE, whatever the thresholds say. Guardrails still hold; evidence begins anew."""
    from ltrr_opensearch.release.phases import Move

    index, now = key_of(settings, index), datetime.now(UTC)

    def change(state: PhaseState) -> PhaseState:
        moved = state.moved(Move(now, state.phase, phase, "operator", reason))
        return replace(moved, held=reason if held else state.held)

    with _store(settings) as store:
        state = store.change(index, change)
    held_too = "; held there" if state.held else ""
    click.echo(f"{index} is in phase {phase}, before in {state.moves[-1].before}{held_too}; proxies follow in seconds.")


@phases.command()
@click.argument("index")
@reason_option
@pass_settings
def hold(settings: Settings, index: str, reason: str) -> None:
    """Let no move up of INDEX happen by itself until `ltrr phases go`. Guardrails still may bring it down."""
    index = key_of(settings, index)
    with _store(settings) as store:
        state = store.change(index, lambda state: replace(state, held=reason))
    click.echo(f"{index} is held in phase {state.phase}: {reason}")


@phases.command()
@click.argument("index")
@pass_settings
def go(settings: Settings, index: str) -> None:
    """Let INDEX move up by itself again."""
    index = key_of(settings, index)
    with _store(settings) as store:
        state = store.change(index, lambda state: replace(state, held=None))
    click.echo(f"{index} is in phase {state.phase} and moves on when its thresholds are reached")


@phases.command()
@click.argument("index", required=False)
@click.option("--dry-run", is_flag=True, help="Count and judge, move nothing.")
@pass_settings
def check(settings: Settings, index: str | None, dry_run: bool) -> None:
    """Count what is new, and move INDEX, or every index, where thresholds or guardrails say so.

    For cron, as often as every minute; `ltrr learn` does it as well.
    """
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.learn.job import Job
    from ltrr_opensearch.learn.phases import check as run

    with connect(settings.cluster) as client:
        for key in [key_of(settings, index)] if index else settings.indexes:
            done = run(Job(client, settings, key, datetime.now(UTC)), dry_run=dry_run)
            click.echo("\n".join(told(key, done.state, done.verdict, done.move)))
            if done.pinned:
                click.echo(f"  pinned to {done.pinned}: no move up; to go on: ltrr models unpin")
            if dry_run:
                click.echo("  dry run: nothing was recorded")


def told(index: str, state: PhaseState, verdict: Verdict, move: Move | None = None) -> Iterator[str]:
    """The phase of an index in a few lines."""
    since = f" since {state.since:%Y-%m-%d %H:%M} UTC" if state.since else ""
    yield f"{index}: phase {state.phase}{since}" + (f", held: {state.held}" if state.held else "")
    if move:
        yield from _moved(move)
        return
    for lacking in verdict.missing:
        yield f"  before it may move up, {lacking}"
    for blind in verdict.blind:
        yield f"  guardrails: {blind}"
    if verdict.figures:
        yield "  " + _spelled(verdict.figures)


def _moved(move: Move) -> Iterator[str]:
    yield f"  {move.at:%Y-%m-%d %H:%M} UTC  {move.before} -> {move.to}  by {move.by}: {move.reason}"
    if move.figures:
        yield f"    {_spelled(move.figures)}"


def _spelled(figures: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())


@contextmanager
def _store(settings: Settings) -> Iterator[PhaseStore]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.phases import PhaseStore

    with connect(settings.cluster) as client:
        with_state(client, settings)
        yield PhaseStore(client, settings.state.prefix, settings.phases.first)
