"""Settings of what belongs to an entity: wholly, by a relation, or to a degree, by what two relations bring alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import Field, model_validator

from ltrr_opensearch.section import Section


class Relation(Section):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="What it is called in options and reports.")
    of: str = Field(description="Type of the entity that is named.")
    brings: str = Field(description="Type of the documents that belong to it.")
    field: str = Field(description="Keyword field of these documents that holds the entity's key.")
    key: str | None = Field(
        None, description="Keyword field of the entity that is its key; default: its first name field."
    )


class Degree(Section):
    """An artist belongs to a genre to the share of the artist's songs that are of the genre."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="What it is called in options and reports.")
    of: str = Field(description="Type of the entities that belong, like artist.")
    to: str = Field(description="Type of what they belong to, like genre.")
    through: str | None = Field(
        None, description="Relation of `of` whose documents tell, like tracks; default: the only one that can."
    )
    by: str | None = Field(
        None, description="Relation of `to` that brings the same documents, like style; default: the only one."
    )

    @model_validator(mode="after")
    def _between_two_types(self) -> Degree:
        if self.of == self.to:
            raise ValueError(f"degree {self.name}: `of` and `to` are both {self.of}; name two types")
        return self


class ToldBy(NamedTuple):
    """The relations that tell of a degree: of documents that `through` brings, those that `by` brings, too."""

    through: Relation
    by: Relation


def told_by(degree: Degree, relations: Iterable[Relation]) -> ToldBy:
    """`ValueError` where there is no such pair, or more than one."""
    of = [one for one in relations if one.of in (degree.of, degree.to)]
    pairs = [
        ToldBy(through, by)
        for through in of
        for by in of
        if through.of == degree.of and by.of == degree.to and through.brings == by.brings
        if degree.through in (None, through.name) and degree.by in (None, by.name)
    ]
    if len(pairs) == 1:
        return pairs[0]
    if pairs:
        several = "; ".join(f"{one.through.name} and {one.by.name}" for one in pairs)
        raise ValueError(f"degree {degree.name}: several relations can tell: {several}; say which, `through` and `by`")
    asked = f" ({degree.through or 'any'} and {degree.by or 'any'})" if degree.through or degree.by else ""
    raise ValueError(
        f"degree {degree.name}: no two relations{asked}, one of {degree.of} and one of {degree.to}, bring documents of "
        f"the same type; there are: {', '.join(f'{one.name} of {one.of} brings {one.brings}' for one in of) or 'none'}"
    )
