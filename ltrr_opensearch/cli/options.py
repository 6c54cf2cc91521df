"""What commands share: the settings, read when a command runs and not before, and options of several commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

P = ParamSpec("P")
R = TypeVar("R")

docs_per_second_option = click.option(
    "--docs-per-second", type=click.FloatRange(min=0, min_open=True), help="Most documents embedded a second."
)
failed_option = click.option(
    "--failed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="List of documents that failed, as JSON lines; default: ltrr-failed-INDEX.jsonl.",
)


def key_of(settings: Settings, index: str) -> str:
    """The key under which an index is configured: its own name, or a list or pattern that covers it."""
    found = settings.index_for(index)
    if found is None:
        known = ", ".join(settings.indexes) or "none"
        raise SettingsError(f"no index {index!r} in the configuration; configured: {known}")
    return found[0]


def pass_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Give a command the settings of `ltrr --config` as its first argument."""

    @wraps(command)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(load_settings(click.get_current_context().find_root().obj), *args, **kwargs)

    return with_settings


def with_state(client: OpenSearch, settings: Settings) -> None:
    """Before the first set-up our templates come first, so that the index of our notes is as it should be."""
    from ltrr_opensearch.index.prepare import state_requests
    from ltrr_opensearch.index.requests import perform
    from ltrr_opensearch.release.switch import index_of

    if not client.indices.exists(index=index_of(settings.state.prefix)):
        for request in state_requests(client, settings.state):
            perform(client, request)
