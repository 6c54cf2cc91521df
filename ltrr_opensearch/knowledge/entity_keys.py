"""What documents that belong to an entity repeat, by the entity's name: ids, say. Only where that is not the name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import marisa_trie

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.entity_names import EntityName

MOST_KEYS = 200
"""Of all entities that are asked for at once, so that a clause stays small."""
_BETWEEN, _NUL = "\t", "\0"


@dataclass(frozen=True, slots=True)
class EntityKeys:
    trie: marisa_trie.BytesTrie = field(default_factory=marisa_trie.BytesTrie)

    @classmethod
    def of(cls, names: Iterable[EntityName]) -> EntityKeys:
        rows = (
            (_BETWEEN.join((one.type, field, one.name)), key.encode())
            for one in names
            for field, keys in one.keys.items()
            for key in keys
            if _NUL not in one.name + key  # a BytesTrie ends strings there
        )
        return cls(marisa_trie.BytesTrie(rows))

    def find(self, type: str, field: str, names: Sequence[str]) -> tuple[str, ...]:
        """The values of a key field of the entities of a type that have one of these names."""
        found = (key.decode() for name in names for key in self.trie.get(_BETWEEN.join((type, field, name)), ()))
        return tuple(dict.fromkeys(found))[:MOST_KEYS]

    @property
    def nbytes(self) -> int:
        return len(self.trie.tobytes())

    def blobs(self) -> dict[str, bytes]:
        return {"entity_keys": self.trie.tobytes()}

    @classmethod
    def from_blobs(cls, blobs: Mapping[str, bytes]) -> EntityKeys:
        try:
            return cls(marisa_trie.BytesTrie().frombytes(blobs["entity_keys"]))
        except (RuntimeError, ValueError) as e:
            raise ModelError(f"gazetteer: its keys are unreadable ({e}); publish it again with `ltrr setup`") from e
