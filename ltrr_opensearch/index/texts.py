"""The text of a document that is embedded. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def includes(fields: Sequence[str]) -> list[str]:
    """What to ask of `_source`: the fields and, since some may be multi-fields, what they belong to."""
    return sorted({".".join(parts[: n + 1]) for f in fields for parts in [f.split(".")] for n in range(len(parts))})


def text_of(source: Mapping[str, Any], fields: Sequence[str]) -> str:
    """The fields' values in order, each once, with single spaces; empty where the document has none of them."""
    values = dict.fromkeys(" ".join(str(v).split()) for field in fields for v in values_of(source, field.split(".")))
    return " ".join(v for v in values if v)


def values_of(node: Any, path: Sequence[str]) -> Iterator[Any]:
    """Texts and numbers at a path, whose steps may be dotted keys."""
    return (value for value in leaves_of(node, path) if not isinstance(value, bool))


def leaves_of(node: Any, path: Sequence[str]) -> Iterator[Any]:
    """Texts, numbers, yes and no at a path."""
    if isinstance(node, list):
        for item in node:
            yield from leaves_of(item, path)
    elif not isinstance(node, Mapping):
        if isinstance(node, str | int | float):
            yield node  # also where path is left: then it was a multi-field
    else:
        for cut in range(len(path), 0, -1):  # keys of _source may be dotted themselves
            name = ".".join(path[:cut])
            if name in node:
                yield from leaves_of(node[name], path[cut:])
                return
