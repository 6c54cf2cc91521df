"""`ltrr models`: what was published, and which of it serves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import one_index, pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.release.store import Published, ReleaseStore

SHOWN = 10
index_option = click.option("--index", "only", help="Key of the index; not needed where one is configured.")


@click.group()
def models() -> None:
    """List, promote, roll back and unpin what was published."""


@models.command("list")
@click.option("--index", "only", help="Key of one index; default: all that have releases.")
@click.option("--most", default=SHOWN, show_default=True, help="Releases shown of each index, the newest.")
@pass_settings
def list_(settings: Settings, only: str | None, most: int) -> None:
    """The releases of each index, the newest first; * marks the one that serves."""
    with _store(settings) as store:
        for index in [only] if only else store.indexes():
            if history := store.history(index):
                click.echo("\n".join(_listed(index, history, most, _ranked_in(store, index, history[:most]))))
                if pinned := store.pinned(index):
                    click.echo(f"pinned to {pinned}: nothing that is learned serves; to go on: ltrr models unpin")
            else:
                click.echo(f"Nothing was published for {index}; `ltrr setup` and `ltrr learn` do.")


@models.command()
@click.argument("release")
@index_option
@pass_settings
def promote(settings: Settings, release: str, only: str | None) -> None:
    """Make RELEASE, an id from `ltrr models list`, the one that serves; an older one is pinned."""
    index = one_index(settings, only)
    with _store(settings) as store:
        serves = store.promote(index, release)
        click.echo(f"{index} is served by {serves}{_and_pinned(store, index)}; proxies change over within seconds.")


@models.command()
@index_option
@pass_settings
def rollback(settings: Settings, only: str | None) -> None:
    """Go back to the release that the serving one replaced, and pin it: learning changes nothing until `unpin`."""
    index = one_index(settings, only)
    with _store(settings) as store:
        serves = store.rollback(index)
        click.echo(f"{index} is served by {serves} again{_and_pinned(store, index)}; proxies change over in seconds.")


@models.command()
@index_option
@pass_settings
def unpin(settings: Settings, only: str | None) -> None:
    """Let what is learned serve again, from the next `ltrr learn` on."""
    index = one_index(settings, only)
    with _store(settings) as store:
        was = store.unpin(index)
    click.echo(f"{index} is no longer pinned to {was}" if was else f"{index} is not pinned")


@contextmanager
def _store(settings: Settings) -> Iterator[ReleaseStore]:
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.release.store import ReleaseStore

    with connect(settings.cluster) as client:
        yield ReleaseStore(client, settings.state.prefix)


def _and_pinned(store: ReleaseStore, index: str) -> str:
    return " and pinned to it" if store.pinned(index) else ""


def _ranked_in(store: ReleaseStore, index: str, history: list[Published]) -> dict[str, str]:
    """By version of the rankers, where each scores."""
    from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL

    versions = {release.versions["ranker"] for release in history if "ranker" in release.versions}
    return {v: "cluster" if CLUSTER_MODEL in store.meta(index, "ranker", v) else "proxy" for v in versions}


def _listed(index: str, history: list[Published], most: int, ranked_in: dict[str, str]) -> Iterator[str]:
    """Two short lines a release: which, when and by whom; then what it brought, which is what its parent had not."""
    by_id = {release.id: release for release in history}
    yield click.style(index, bold=True)
    for release in history[:most]:
        parent = by_id.get(release.parent or "")
        before = parent.versions if parent else {}
        kept = sorted(kind for kind, version in release.versions.items() if before.get(kind) == version)
        brought = sorted(set(release.versions) - set(kept))
        mark = "*" if release.current else " "
        line = f"{mark} {release.id}  {release.created:%Y-%m-%d %H:%M} UTC  {release.note}"
        yield click.style(line, bold=release.current)
        said = ", ".join(_told(kind, release, ranked_in) for kind in brought) or "nothing new"
        also = f"; kept {', '.join(kept)}" if kept else ""
        yield f"    brought {said}{also}"
    if len(history) > most:
        yield f"  and {len(history) - most} older: --most {len(history)}"


def _told(kind: str, release: Published, ranked_in: dict[str, str]) -> str:
    return f"ranker ({ranked_in[release.versions[kind]]})" if kind == "ranker" else kind
