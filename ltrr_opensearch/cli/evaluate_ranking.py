"""`ltrr evaluate ranking`: one's own judgment list against one's own cluster, and a warning where it became worse."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ltrr_opensearch.cli.options import key_of, one_index, pass_settings, with_state
from ltrr_opensearch.cli.rated import Rated, ask_rated, form_option, qrels_option, template_option, topics_option
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ltrr_opensearch.arena.orders import Order
    from ltrr_opensearch.evaluate.drops import Look, Watched
    from ltrr_opensearch.evaluate.orders import Compared
    from ltrr_opensearch.learn.looks import LookStore
    from ltrr_opensearch.phase_settings import PhaseName

OWN, FUSED, RANKED, SERVING = "own query", "fused", "ranked", "serving"
DROPPED = 3
"""Exit code of a run that warns."""
WORST = 5
"""Queries shown on which what serves does worst beside the own query."""


@click.command()
@qrels_option(required=True)
@form_option
@topics_option
@template_option
@click.option("--index", "only", help="Key of the index; not needed where one is configured.")
@click.option("--release", "releases", multiple=True, help="Id of a release whose ranker is compared, too; may repeat.")
@click.option("--slices", "slice_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="CSV of query, slice: groups of your own beside ours.")  # fmt: skip
@click.option("--warn-drop", type=click.FloatRange(0, 1), metavar="BY",
              help=f"Warn, with exit code {DROPPED}, where nDCG@10 of what serves fell by more than this.")  # fmt: skip
@click.option("--name", help="Of the list, by which --warn-drop finds its last runs; default: the file's name.")
@click.option("--accept", is_flag=True, help="With --warn-drop: from now on this run is what later ones are held to.")
@click.option(
    "--json", "file", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Write it here, too."
)
@pass_settings
def ranking(
    settings: Settings,
    qrels: Path,
    form: str | None,
    topics: Path | None,
    template: Path | None,
    only: str | None,
    releases: tuple[str, ...],
    slice_file: Path | None,
    warn_drop: float | None,
    name: str | None,
    accept: bool,
    file: Path | None,
) -> None:
    """Measure orders of results by ratings: the application's own query, every strategy, all fused, what serves.

    Reads only; with --warn-drop the last good run is noted among our own indexes, for the next one to be held to.
    """
    from ltrr_opensearch.arena.orders import merged, not_part, slices
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.evaluate.drops import Look, digest
    from ltrr_opensearch.evaluate.orders import MAIN, compare_orders
    from ltrr_opensearch.judgment_lists.files import read_judgments
    from ltrr_opensearch.learn.looks import LookStore
    from ltrr_opensearch.release.phases import PhaseStore
    from ltrr_opensearch.release.rules import RuleStore

    if (accept or name) and warn_drop is None:
        raise click.UsageError(f"{'--accept' if accept else '--name'} goes with --warn-drop")
    judgments = read_judgments(qrels, form, topics)
    key, now = key_of(settings, one_index(settings, only)), datetime.now(UTC)
    with connect(settings.cluster) as client:
        rated = ask_rated(settings, key, client, judgments, template)
        phase = PhaseStore(client, settings.state.prefix, settings.phases.first).phase(key)
        orders = orders_of(settings, client, rated, phase, releases)
        rules = RuleStore(client, settings.state.prefix).in_force(key, settings.indexes[key].rules)
        left_out = [*rated.left_out, *not_part(settings.indexes[key], phase, rules)]
        own = _slices(slice_file, {j.query for j in judgments}) if slice_file else ()
        groups = merged(slices(rated.recording, rated.serving, rated.template), own)
        compared = compare_orders(rated.judgments, orders, OWN, groups)
        look = Look(now, SERVING, compared.values[SERVING][MAIN], digest(judgments))
        seen = None
        if warn_drop is not None:
            with_state(client, settings)
            store = LookStore(client, settings.state.prefix, key, name or qrels.name)
            seen = _watched(store, look, warn_drop, accept=accept)
    show(Console(), key, compared, replace(rated, left_out=left_out))
    if file:
        told = {"index": key, "at": now.isoformat(), "phase": phase, "left_out": left_out, **compared.to_json()}
        told["drop"] = seen.to_json() if seen else None
        file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    if seen:
        _warn(seen)


def orders_of(
    settings: Settings, client: OpenSearch, rated: Rated, phase: PhaseName, releases: tuple[str, ...] = ()
) -> dict[str, Order]:
    """By name. Fused and ranked share their candidates: every strategy at the safe depth."""
    from ltrr_opensearch.arena.orders import found_by, in_force, own_of, ranked_by, served
    from ltrr_opensearch.arena.replay import Limits
    from ltrr_opensearch.choose.registry import build_policy
    from ltrr_opensearch.release.store import ReleaseStore

    store, serving = ReleaseStore(client, settings.state.prefix), rated.serving
    safe = ranked_by(serving, None, serving.safe)
    limits = Limits(rank_depth=settings.serve.rank_depth)
    current = store.current(rated.key)
    parts = current.parts if current else {}
    own = own_of(serving)
    asked = {plan for answered in rated.recording.queries.values() for plan in answered.lists}
    orders = {OWN: found_by(rated.recording, own)}
    orders |= {name: found_by(rated.recording, name) for name in sorted(asked - {own})}
    systems = {FUSED: safe}
    if "ranker" in parts:
        systems[RANKED] = ranked_by(safe, parts["ranker"])
    for release in releases:
        ranker = store.parts_of(rated.key, release, ("ranker",)).get("ranker")
        if ranker is None:
            raise DataError(f"release {release} of {rated.key} has no ranker; see `ltrr models list`")
        systems[f"ranked {release}"] = ranked_by(safe, ranker)
    policy = build_policy(settings.choose, parts.get("policy"))
    systems[SERVING] = in_force(ranked_by(serving, parts.get("ranker"), policy), phase, settings.phases)
    return orders | {name: served(rated.recording, one, rated.template, limits) for name, one in systems.items()}


def _watched(store: LookStore, look: Look, most: float, *, accept: bool) -> Watched:
    from ltrr_opensearch.evaluate.drops import watched
    from ltrr_opensearch.evaluate.orders import MAIN

    before = None if accept else store.read(look.order)
    seen = watched(before, look, most, MAIN)
    store.write(seen.kept, look.at)
    return seen


def _warn(seen: Watched) -> None:
    if seen.changed:
        click.echo(f"{seen.changed}; to begin anew: --accept", err=True)
    if seen.warning:
        click.echo(f"warning: {seen.warning}; to accept it: --accept", err=True)
        sys.exit(DROPPED)


def _slices(file: Path, known: set[str]) -> Iterator[tuple[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as source:
        rows = csv.DictReader(source)
        if lacking := {"query", "slice"} - set(rows.fieldnames or ()):
            raise DataError(f"{file}, line 1: no column {', '.join(sorted(lacking))}; needed: query, slice")
        for number, row in enumerate(rows, start=2):
            if row["query"] not in known:
                raise DataError(f"{file}, line {number}: query {row['query']!r} is not in the judgment list")
            yield row["query"], row["slice"]


def show(console: Console, key: str, compared: Compared, rated: Rated) -> None:
    from ltrr_opensearch.evaluate.orders import MAIN

    console.print(
        f"[bold]{key}[/bold]: {len(compared.queries)} queries with something good, {len(rated.judgments):,} ratings"
    )
    for said in rated.left_out:
        console.print(f"[dim]{said}[/dim]")
    console.print(_orders(compared))
    if compared.slices:
        console.print(_by_slice(compared))
    ours, theirs = compared.values[SERVING][MAIN], compared.values[OWN][MAIN]
    worst = sorted((q for q in compared.queries if ours[q] < theirs[q]), key=lambda q: ours[q] - theirs[q])[:WORST]
    if worst:
        told = ", ".join(f"{q!r} {ours[q]:.2f} after {theirs[q]:.2f}" for q in worst)
        console.print(f"Where what serves loses most in {MAIN}: {told}")


def _orders(compared: Compared) -> Table:
    from ltrr_opensearch.evaluate.orders import MAIN

    caption = (
        f"Differences in {MAIN} with 95 % intervals over queries; p of the randomization test, for all orders at once."
    )
    table = Table(box=SIMPLE, caption=caption, caption_justify="left")
    measures = list(compared.values[compared.against])
    table.add_column("order")
    for name in (*measures, f"less {compared.against}", "p"):
        table.add_column(name, justify="right")
    for order in compared.values:
        means = [f"{compared.mean(order, m):.4f}" for m in measures]
        beside = compared.beside.get(order, {}).get(MAIN)
        gap = ("", "")
        if beside:
            d = beside.difference
            gap = (f"{d.mean:+.4f}\n[dim]{d.low:+.4f} to {d.high:+.4f}[/dim]", f"{beside.adjusted:.3f}")
        table.add_row(order, *means, *gap)
    return table


def _by_slice(compared: Compared) -> Table:
    from ltrr_opensearch.evaluate.orders import MAIN

    shown = [order for order in (OWN, FUSED, RANKED, SERVING) if order in compared.values]
    table = Table(box=SIMPLE, title=f"{MAIN} by kind of query", title_justify="left")
    for name in ("queries that are", "number", *shown):
        table.add_column(name, justify="left" if name.startswith("queries") else "right")
    for name, of in compared.slices.items():
        table.add_row(name, str(len(of)), *(f"{compared.mean(order, MAIN, of):.4f}" for order in shown))
    return table
