"""Settings of slots: the fields whose values are recognised in queries, and how people speak of them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.section import Section
from ltrr_opensearch.units import UNITS, unit_named

SlotKind = Literal["keyword", "number", "boolean", "date"]


class SlotField(Section):
    field: str = Field(description="A keyword, number, boolean or date field of the index.")
    kind: SlotKind | None = Field(None, description="keyword, number, boolean or date; default: as it is mapped.")
    unit: str | None = Field(
        None,
        description="What a number counts, like gb, inch, g, usd; queries in other units of its kind are converted.",
    )
    names: tuple[str, ...] = Field(
        (), description="What people call the field, like ram, memory; default: the words of its path."
    )

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, value: str | None) -> str | None:
        if value is not None and unit_named(value) is None:
            raise ValueError(f"{value!r} is no unit that is known; known: {', '.join(UNITS)}")
        return value

    @model_validator(mode="after")
    def _a_unit_of_numbers(self) -> SlotField:
        if self.unit is not None and self.kind not in (None, "number"):
            raise ValueError(f"unit {self.unit} goes with numbers, and {self.field} is said to be a {self.kind}")
        return self

    @field_validator("names")
    @classmethod
    def _lower(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.casefold() for name in value)

    @property
    def called(self) -> tuple[str, ...]:
        """The names given, else the last part of the path as words: `specs.screen_size` is called "screen size"."""
        if self.names:
            return self.names
        parts = [p for p in self.field.split(".") if p not in ("keyword", "raw")]
        return (" ".join(re.findall(r"[^\W_]+", parts[-1] if parts else self.field)).casefold(),)

    @property
    def distinctly_called(self) -> tuple[str, ...]:
        """Of names that are looked up alike, the last."""
        return tuple({key_of(name): name for name in self.called}.values())


def short_form(value: object) -> object:
    """A plain name stands for the field with nothing said about it."""
    return {"field": value} if isinstance(value, str) else value
