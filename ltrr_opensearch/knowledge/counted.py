"""What was counted in an index's documents, from which a gazetteer is made; kept, so that it can be added to."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.knowledge.packed import opened, seal

_MAGIC = b"LTRRCNT1"
_LEVEL = 1
"""zlib's fastest: 9 takes six times as long for a tenth less."""

NameSlot = tuple[str, str, str]
"""(type, name field, name)."""


@dataclass(frozen=True, slots=True)
class Counted:
    documents: int
    values: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(field, value or a boolean's name) -> documents that have it."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Slot field -> keyword, number, boolean or date."""
    numbers: Mapping[str, Distribution] = field(default_factory=dict)
    names: Mapping[NameSlot, EntityName] = field(default_factory=dict)
    """Their interest is the popularity of the documents that bear them."""
    members: Mapping[tuple[str, str], Member] = field(default_factory=dict)
    """By degree and key; their interest is the popularity of their documents."""
    mentions: Mentions = field(default_factory=Mentions)

    def to_bytes(self) -> bytes:
        said = {
            "documents": self.documents,
            "values": [[*slot, count] for slot, count in self.values.items()],
            "kinds": dict(self.kinds),
            "numbers": {name: lies.to_json() for name, lies in self.numbers.items()},
            "names": [
                [*slot, one.documents, one.interest, one.short, dict(one.keys)] for slot, one in self.names.items()
            ],
            "members": [
                [one.degree, one.key, one.documents, dict(one.groups), one.interest] for one in self.members.values()
            ],
            "mentions": _mentions_said(self.mentions),
        }
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return seal(_MAGIC, zlib.compress(text.encode(), _LEVEL))

    @classmethod
    def from_bytes(cls, data: bytes) -> Counted:
        try:
            said: Any = json.loads(zlib.decompress(opened(_MAGIC, data, 1)))
            names = dict(map(_name_read, said["names"]))
            members = [Member(*one) for one in said["members"]]
            return cls(
                int(said["documents"]),
                {(name, value): count for name, value, count in said["values"]},
                said["kinds"],
                {name: Distribution.read(row) for name, row in said["numbers"].items()},
                names,
                {(one.degree, one.key): one for one in members},
                _mentions_read(said["mentions"]),
            )
        except (zlib.error, ValueError, KeyError, TypeError, IndexError) as e:
            raise ModelError(f"counted values: unreadable ({e!r}); read them again with `ltrr setup --again`") from e


def _name_read(row: Any) -> tuple[NameSlot, EntityName]:
    type, field, name, documents, interest, short, said = row
    keys = {field: tuple(of) for field, of in said.items()}
    return (type, field, name), EntityName(type, name, documents, interest, short, keys)


def _mentions_said(mentions: Mentions) -> Any:
    by_field = ([[*slot, count] for slot, count in of.items()] for of in _by_field(mentions))
    return [*by_field, dict(mentions.words), dict(mentions.filled), mentions.documents]


def _mentions_read(said: Any) -> Mentions:
    told, meant, beside = ({(first, second): count for first, second, count in of} for of in said[:3])
    return Mentions(told, meant, said[3], beside, said[4], said[5])


def _by_field(mentions: Mentions) -> tuple[Mapping[tuple[str, str], int], ...]:
    return mentions.told, mentions.meant, mentions.beside
