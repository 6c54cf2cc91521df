"""Documents that were written since an index was counted, added to what was counted.

One that was written for the first time counts in full. One that was written again has been counted before, mostly, and
adds only what was not known: however often it is written, it counts once. What it no longer says stays until all is
counted again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ltrr_opensearch.index.entity_names import MOST_KEYS, named_with_interest
from ltrr_opensearch.index.members import MOST_GROUPS
from ltrr_opensearch.index.mentions import Fields, count_mentions
from ltrr_opensearch.index.one_document import counted_in
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Member


class Recount:
    """`before` is not changed; `after` is what it is with the documents that were added."""

    def __init__(self, before: Counted, settings: IndexSettings, *, most_values: int, most_texts: int) -> None:
        """`most_values` of a field are kept; of so many documents it is counted how their text uses the words."""
        self._before, self._settings, self._most_texts = before, settings, most_texts
        self._values, self._names, self._members = dict(before.values), dict(before.names), dict(before.members)
        held = Counter(field for field, _ in before.values)
        self._full = {field for field, values in held.items() if values >= most_values}
        self._created = 0
        self._spoken: list[Fields] = []
        self._said: Counter[tuple[str, str]] = Counter()
        self._named: dict[tuple[str, str, str], EntityName] = {}

    def add(self, document: Fields, *, created: bool) -> None:
        """`created`: written once only."""
        one = counted_in(document, self._settings, self._before.kinds)
        values = [value for value in one.values if self._counts(value, created)]
        names = [slot for slot in one.names if created or slot not in self._before.names]
        for value in values:
            self._values[value] = self._values.get(value, 0) + 1
        for slot, name in one.names.items():
            self._names[slot] = _named(self._names.get(slot), name, counts=slot in names)
        for key, member in one.members.items():
            self._members[key] = _joined(self._members.get(key), member, self._before.members.get(key), created)
        self._created += created
        if (values or names) and len(self._spoken) < self._most_texts:
            self._spoken.append(document)
            self._said.update(one.values.keys())
            self._named |= one.names

    def after(self) -> Counted:
        rows = [(*slot, count) for slot, count in self._said.items()]
        settings, names = self._settings, named_with_interest(self._named)
        told = {name: kind for name, kind in self._before.kinds.items() if kind != "keyword"}
        known = Gazetteer.from_values(rows, kinds=told, entities=settings.entities, names=names)
        spoken = count_mentions(known, self._spoken, settings)
        return replace(
            self._before,
            documents=self._before.documents + self._created,
            values=self._values,
            names=self._names,
            members=self._members,
            mentions=self._before.mentions.plus(spoken),
        )

    def _counts(self, slot: tuple[str, str], created: bool) -> bool:
        known = slot in self._values
        return (created or slot not in self._before.values) and (known or slot[0] not in self._full)


def _named(known: EntityName | None, one: EntityName, *, counts: bool) -> EntityName:
    if known is None:
        return one
    both = {field: dict.fromkeys((*known.keys.get(field, ()), *of)) for field, of in one.keys.items()}
    keys = {field: tuple(of)[:MOST_KEYS] for field, of in both.items()}
    if not counts:
        return replace(known, keys=keys)
    return replace(known, keys=keys, documents=known.documents + 1, interest=known.interest + one.interest)


def _joined(known: Member | None, one: Member, before: Member | None, created: bool) -> Member:
    """A document that was written again tells only of groups to which its member did not belong."""
    if known is None:
        return one
    new = [group for group in one.groups if created or before is None or group not in before.groups]
    if not new:
        return known
    groups = {**known.groups, **{group: known.groups.get(group, 0.0) + 1 for group in new}}
    kept = dict(sorted(groups.items(), key=lambda of: -of[1])[:MOST_GROUPS])
    if not created and kept.keys().isdisjoint(new):
        return known  # none of these is kept, so it would be new each time
    counts = known.documents + 1, known.interest + one.interest
    return replace(known, groups=kept, documents=counts[0], interest=counts[1])
