"""Rules of a search team for an index: for which queries, for how long, and what is pinned, lifted, sunk or left out.

The same form in the configuration (`indexes.*.rules`) and in the cluster (`ltrr rules put`); docs/rules.md says what
each part means.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import AwareDatetime, Field, field_validator, model_validator

from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.section import Section

MOST_POSITION = 100
"""Deeper a pin is seen by nobody, and would have the order settled far ahead."""
MOST_PINS = 50
"""Of one rule."""


class WhenSettings(Section):
    query: tuple[str, ...] = Field((), description="Whole queries, compared as normalised.")
    contains: tuple[str, ...] = Field((), description="Words that the query holds in a row, compared as normalised.")
    pattern: tuple[str, ...] = Field(
        (), description="Patterns of the whole normalised query, in which * stands for any characters."
    )

    @field_validator("query", "contains", "pattern")
    @classmethod
    def _say_something(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        if empty := [text for text in texts if not normalise(text)]:
            raise ValueError(f"{empty[0]!r} has no word; for every search leave `when` out")
        return texts


class PinSettings(Section):
    id: str = Field(description="The document's _id.")
    position: int = Field(ge=1, le=MOST_POSITION, description="Its place in the list, from 1.")
    index: str | None = Field(None, description="Its concrete index, where several hold this _id; default: any.")


class SelectedSettings(Section):
    ids: tuple[str, ...] = Field((), description="Documents by their _id.")
    filter: dict[str, Any] | None = Field(None, description="An OpenSearch query that documents match.")

    @model_validator(mode="after")
    def _some(self) -> SelectedSettings:
        if not self.ids and self.filter is None:
            raise ValueError("selects nothing; give ids, a filter, or both")
        return self

    @property
    def clause(self) -> dict[str, Any]:
        """What matches any of the selected documents."""
        clauses = [{"ids": {"values": list(self.ids)}}] if self.ids else []
        clauses += [self.filter] if self.filter is not None else []
        return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses}}


class MovedSettings(SelectedSettings):
    places: int | None = Field(
        None, ge=1, description="By how many places; default: above, or below, all that no rule moves."
    )


class RuleSettings(Section):
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Its name in logs, explanations and commands.")
    note: str | None = Field(None, description="What it is for, for people.")
    enabled: bool = Field(True, description="Whether it holds; false keeps it for later.")
    when: WhenSettings = Field(
        default_factory=WhenSettings, description="Which queries it meets: any that is named; left out, all."
    )
    since: AwareDatetime | None = Field(None, description="From when on it holds, with a zone; default: always.")
    until: AwareDatetime | None = Field(None, description="Until when it holds, with a zone; default: always.")
    pin: tuple[PinSettings, ...] = Field((), max_length=MOST_PINS, description="Documents with fixed places.")
    boost: MovedSettings | None = Field(None, description="Documents to lift, of those that the query matches.")
    bury: MovedSettings | None = Field(None, description="Documents to sink.")
    exclude: SelectedSettings | None = Field(None, description="Documents to leave out, of counts and facets too.")

    @field_validator("since", "until", mode="before")
    @classmethod
    def _with_a_zone(cls, value: object) -> object:
        """YAML makes dates and times of some texts, and of some it does not."""
        try:
            at = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            at = None
        if value is not None and (not isinstance(at, datetime) or at.tzinfo is None):
            said = value.isoformat() if isinstance(value, date) else value
            raise ValueError(f"{said!r} is no time with a zone; write it like 2026-06-01T00:00:00+02:00")
        return at

    @model_validator(mode="after")
    def _of_a_piece(self) -> RuleSettings:
        if not (self.pin or self.boost or self.bury or self.exclude):
            raise ValueError(f"rule {self.id} does nothing; give it pin, boost, bury or exclude")
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"rule {self.id} never holds: since is not before until")
        return self
