"""Options of strategies: refused where unknown or out of range, with the strategy's name in the message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ltrr_opensearch.errors import SettingsError


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Kind = TypeVar("Kind", bound=Options)


def read_options(kind: type[Kind], strategy: str, options: Mapping[str, Any]) -> Kind:
    """The strategy's options as values, or a SettingsError that names each wrong key."""
    try:
        return kind.model_validate(dict(options))
    except ValidationError as e:
        wrong = "; ".join(f"{'.'.join(map(str, x['loc'])) or 'options'}: {x['msg']}" for x in e.errors())
        allowed = ", ".join(sorted(kind.model_fields)) or "none"
        raise SettingsError(f"strategy {strategy!r}: {wrong}. Options it takes: {allowed}") from e
