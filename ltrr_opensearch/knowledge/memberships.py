"""What belongs to what, as declared and as counted: the keys of named entities, and degrees between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.degrees import Belonging, Degrees
from ltrr_opensearch.knowledge.entity_keys import EntityKeys
from ltrr_opensearch.relation_settings import Degree, Relation, ToldBy
from ltrr_opensearch.types import NAME, SlotValue

LEAST_LIFT, MOST_LIFT = 0.1, 10.0
"""Bounds of what degrees make of a reading's likelihood: they are estimates from few documents."""


@dataclass(frozen=True, slots=True)
class Memberships:
    settings: EntitySettings
    entity_keys: EntityKeys
    degrees: Degrees
    between: Mapping[tuple[str, str], Degree]
    """By the types of member and group."""
    told: Mapping[str, ToldBy]
    """By the name of a degree."""

    @classmethod
    def of(cls, settings: EntitySettings, entity_keys: EntityKeys, degrees: Degrees) -> Memberships:
        between = {(one.of, one.to): one for one in settings.degrees}
        told = {one.name: settings.told_by(one) for one in settings.degrees}
        return cls(settings, entity_keys, degrees, between, told)

    def keys(self, slot: SlotValue, relation: Relation) -> tuple[str, ...]:
        """What documents that belong to the named entities repeat; none where set-up has read none."""
        if self.settings.by_name(relation):
            return slot.spellings
        return self.entity_keys.find(slot.entity, self.settings.key(relation), slot.spellings)

    def group_keys(self, slot: SlotValue, degree: Degree) -> tuple[str, ...]:
        """Those of named entities to which others belong."""
        return self.keys(slot, self.told[degree.name].by)

    def members(self, degree: Degree, groups: Sequence[str]) -> list[Belonging]:
        """Of groups told by their keys, the interesting members first."""
        return self.degrees.most(degree.name, groups)

    def degree(self, degree: Degree, member: str, groups: Sequence[str]) -> float:
        """To which a member belongs to any of the groups, all told by their keys; 0 where nothing is known."""
        return self.degrees.degree(degree.name, member, groups) or 0.0

    def lift(self, slots: Sequence[SlotValue]) -> float:
        """How many times likelier than by chance the entities that a reading names belong to one another.

        One that is named twice counts once.
        """
        named = (slot for slot in slots if slot.kind == NAME and not slot.negated)
        names = list({(slot.entity, slot.spellings): slot for slot in named}.values())
        lift = 1.0
        for member in names:
            for group in names:
                if degree := self.between.get((member.entity, group.entity)):
                    lift *= self._lift(degree, member, group)
        return lift

    def _lift(self, degree: Degree, member: SlotValue, group: SlotValue) -> float:
        keys = self.keys(member, self.told[degree.name].through)
        lift = self.degrees.lift(degree.name, keys, self.group_keys(group, degree))
        return 1.0 if lift is None else min(max(lift, LEAST_LIFT), MOST_LIFT)
