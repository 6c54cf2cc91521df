"""Settings of entities: which types of documents an index has, how each is named, and what belongs to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import Field, field_validator, model_validator

from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.relation_settings import Degree, Relation, ToldBy, told_by
from ltrr_opensearch.section import Section


class EntityType(Section):
    type: str = Field(description="Value of `type_field` that its documents have.")
    name_fields: tuple[str, ...] = Field(min_length=1, description="Keyword fields that hold an entity's names.")
    names: tuple[str, ...] = Field((), description="What people call the type, like song, track; default: its value.")
    short: bool = Field(
        False, description="Whether one word of a longer name may stand for it, as of people's and bands' names."
    )

    @property
    def called(self) -> tuple[str, ...]:
        return tuple(name.casefold() for name in self.names or (self.type,))

    @field_validator("name_fields")
    @classmethod
    def _name_fields_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := _twice(value):
            raise ValueError(f"name fields must differ; twice: {twice}")
        return value

    @model_validator(mode="after")
    def _can_be_said(self) -> EntityType:
        if mute := [word for word in self.called if not key_of(word)]:
            raise ValueError(f"type {self.type}: no query can say {mute[0]!r}, which has no word; correct its `names`")
        return self


class EntitySettings(Section):
    type_field: str = Field(description="Keyword field that tells what type a document is of.")
    types: tuple[EntityType, ...] = Field(min_length=1, description="The types whose names are recognised in queries.")
    relations: tuple[Relation, ...] = Field((), description="What belongs to an entity and comes along with it.")
    degrees: tuple[Degree, ...] = Field(
        (), description="What entities belong to more or less, as what belongs to them tells."
    )

    @field_validator("types")
    @classmethod
    def _types_differ(cls, value: tuple[EntityType, ...]) -> tuple[EntityType, ...]:
        if twice := _twice(one.type for one in value):
            raise ValueError(f"types must differ; twice: {twice}")
        words = {word: key_of(word) for one in value for word in one.called}
        owners = Counter(key for one in value for key in {words[word] for word in one.called})
        if several := ", ".join(sorted(word for word, key in words.items() if owners[key] > 1)):
            raise ValueError(f"a word, singular or plural, can only be called by one type; of several: {several}")
        return value

    @field_validator("relations")
    @classmethod
    def _relations_differ(cls, value: tuple[Relation, ...]) -> tuple[Relation, ...]:
        if twice := _twice(one.name for one in value):
            raise ValueError(f"names of relations must differ; twice: {twice}")
        return value

    @model_validator(mode="after")
    def _between_types(self) -> EntitySettings:
        known = [one.type for one in self.types]
        for relation in self.relations:
            for role, type in (("of", relation.of), ("brings", relation.brings)):
                if type not in known:
                    near = get_close_matches(type, known)
                    hint = f"did you mean {near[0]}?" if near else f"types are {', '.join(known)}"
                    raise ValueError(f"relation {relation.name}: `{role}` is {type}, which is no type here; {hint}")
        return self

    @model_validator(mode="after")
    def _degrees_are_told(self) -> EntitySettings:
        if twice := _twice(way.name for way in self.ways):
            raise ValueError(f"names of relations and degrees must differ; twice: {twice}")
        if twice := _twice(f"{one.of} to {one.to}" for one in self.degrees):
            raise ValueError(f"one type belongs to another by one degree alone; of several: {twice}")
        for degree in self.degrees:
            told_by(degree, self.relations)
        return self

    @property
    def ways(self) -> tuple[Relation | Degree, ...]:
        """All by which something belongs to an entity."""
        return (*self.relations, *self.degrees)

    def told_by(self, degree: Degree) -> ToldBy:
        """The relations by whose documents it is known."""
        return told_by(degree, self.relations)

    def of(self, type: str) -> EntityType | None:
        return next((one for one in self.types if one.type == type), None)

    def name_fields(self, type: str) -> tuple[str, ...]:
        """None for a type that is not declared."""
        found = self.of(type)
        return found.name_fields if found else ()

    def key(self, relation: Relation) -> str:
        """The field of the entity that its documents repeat."""
        return relation.key or self.name_fields(relation.of)[0]

    def by_name(self, relation: Relation) -> bool:
        """Whether what belongs to an entity repeats the very name by which it is found."""
        return self.name_fields(relation.of) == (self.key(relation),)

    def borne_in(self, type: str) -> tuple[str, ...]:
        """Fields that hold names of entities of a type, also of documents that belong to them."""
        related = (one.field for one in self.relations if one.of == type and self.by_name(one))
        return tuple(dict.fromkeys((*self.name_fields(type), *related)))

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that entities are recognised or found by, once each."""
        named = (field for one in self.types for field in one.name_fields)
        related = (field for one in self.relations for field in (self.key(one), one.field))
        return tuple(dict.fromkeys((self.type_field, *named, *related)))


def _twice(values: Iterable[str]) -> str:
    seen = list(values)
    return ", ".join(sorted({value for value in seen if seen.count(value) > 1}))
