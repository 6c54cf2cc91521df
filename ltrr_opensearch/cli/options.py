"""What commands share: the settings, read when a command runs and not before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import click

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


def pass_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Give a command the settings of `ltrr --config` as its first argument."""

    @wraps(command)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(load_settings(click.get_current_context().find_root().obj), *args, **kwargs)

    return with_settings
