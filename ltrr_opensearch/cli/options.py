"""What commands share: the settings, read when a command asks for them and not before."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from ltrr_opensearch.configuration import load_settings


def pass_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the `Settings` of `ltrr --config` as its first argument."""

    @click.pass_context
    def with_settings(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return ctx.invoke(command, load_settings(ctx.find_root().obj), *args, **kwargs)

    return update_wrapper(with_settings, command)
