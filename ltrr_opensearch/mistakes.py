"""Wrong settings in words: file, line, key, value, what is allowed there, and what the key is for. Pure.

What is allowed is read from the JSON schema of the settings, so that it cannot differ from what is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic_core import ErrorDetails

from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

Location = Sequence[int | str]

PATTERNS = {
    r"^https?://.": "http:// or https://, then host and port",
    r"^[a-z][a-z0-9_-]*$": "lower-case letters, digits, _ and -, a letter first",
    r"^[a-z0-9.][a-z0-9._-]*$": "the name of one index: lower-case letters, digits, ., _ and -",
    r"^[a-z][a-z0-9_]*$": "lower-case letters, digits and _, a letter first",
    r"^ltrr_[a-z0-9_]+$": "ltrr_, then lower-case letters, digits and _: a field of ours",
    r"^[A-Za-z0-9-]+$": "the name of a header: letters, digits and -",
}


class Place:
    """A configuration file: where a key stands in it, for messages."""

    def __init__(self, path: Path | None, root: yaml.Node | None) -> None:
        self._path = path
        self._root = root

    def of(self, location: Location) -> str:
        line = _line_of(self._root, location)
        return f"{self._path}:{line}" if self._path and line else str(self._path or "environment")


def explain(detail: ErrorDetails, place: Place) -> str:
    """One line for one mistake that pydantic found. A secret is never shown, nor what may hold one."""
    location = [part for part in detail["loc"] if part != "[key]"]
    schema = Settings.model_json_schema()
    key = ".".join(map(str, location)) or "settings"
    start = f"{place.of(location)}: {key}: "
    match detail["type"]:
        case "extra_forbidden":
            return f"{start}unknown key{_allowed_keys(schema, location)}"
        case "missing":
            return f"{start}missing; it has no default. {_meaning(schema, location)}".rstrip()
        case "value_error":
            return start + detail["msg"].removeprefix("Value error, ") + _got(schema, location, detail["input"])
    allowed = _allowed(schema, detail, location)
    meaning = _meaning(schema, location)
    return f"{start}needed is {allowed}{_got(schema, location, detail['input'])}" + (f". {meaning}" if meaning else "")


def _allowed(schema: Json, detail: ErrorDetails, location: Location) -> str:
    if detail["loc"][-1] == "[key]" or detail["type"] == "invalid_key":
        ctx = detail.get("ctx", {})
        return f"one of {ctx['expected']}" if "expected" in ctx else "a name, which is text (put it into quotes)"
    found = next(iter(_at(schema, location)), None)
    return words(found, schema) if found else detail["msg"]


def words(node: Json, schema: Json) -> str:
    """What a piece of the schema allows."""
    node = _resolved(node, schema)
    if choices := node.get("enum"):
        return "one of " + ", ".join(map(repr, choices))
    simple = {
        "boolean": "true or false",
        "integer": f"a whole number{_range(node)}",
        "number": f"a number{_range(node)}",
    }
    simple["string"] = PATTERNS.get(node.get("pattern", ""), "text, not empty")
    return simple.get(node.get("type", "")) or _container(node, schema)


def _container(node: Json, schema: Json) -> str:
    if items := node.get("items"):
        return "a list [a, b, ...], of which each is " + words(items, schema)
    if "properties" in node:
        return "a section with " + ", ".join(sorted(node["properties"]))
    inner = node.get("additionalProperties")
    each = f", each value {words(inner, schema)}" if isinstance(inner, dict) else ""
    return "names with values {a: ..., b: ...}" + each


def _range(node: Json) -> str:
    low, high, above = node.get("minimum"), node.get("maximum"), node.get("exclusiveMinimum")
    if above is not None:
        return f" greater than {above:g}"
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    return f" of {low:g} or more" if low is not None else ""


def _got(schema: Json, location: Location, value: object) -> str:
    if any(_resolved(node, schema).get("writeOnly") for node in _at(schema, location)) or "@" in str(value):
        return "; got something that is not shown"
    if isinstance(value, Mapping | list | tuple):
        return ""
    text = "nothing" if value is None else repr(value)
    return f"; got {text if len(text) <= 80 else text[:79] + '…'}"


def _meaning(schema: Json, location: Location) -> str:
    """The description of the key, or of what it is an entry of."""
    for length in range(len(location), 1, -1):
        said = [str(node["description"]) for node in _at(schema, location[:length]) if "description" in node]
        if said:
            return said[0]
    return ""


def _allowed_keys(schema: Json, location: Location) -> str:
    allowed = sorted({key for node in _at(schema, location[:-1]) for key in node.get("properties", {})})
    near = get_close_matches(str(location[-1]), allowed, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{hint} (allowed: {', '.join(allowed)})" if allowed else hint


def _at(schema: Json, location: Location) -> list[Json]:
    """The pieces of the schema that a location may mean: as written, and what a reference of it points to."""
    nodes: list[Json] = [schema]
    for part in location:
        nodes = [below for node in nodes if (below := _below(node, part)) is not None]
        nodes += [_resolved(n, schema) for n in nodes if _resolved(n, schema) is not n]
    return nodes


def _below(node: Json, part: int | str) -> Json | None:
    if isinstance(part, int):
        items: Json | None = node.get("items")
        return items
    inner = node.get("properties", {}).get(part, node.get("additionalProperties"))
    return inner if isinstance(inner, dict) else None


def _resolved(node: Json, schema: Json) -> Json:
    """What a reference points to; of `something or nothing` the something."""
    some = [choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"]
    if some:
        return _resolved(some[0], schema)
    if reference := node.get("$ref"):
        target: Json = schema["$defs"][reference.rpartition("/")[2]]
        return _resolved(target, schema)
    return node


def _line_of(node: yaml.Node | None, location: Location) -> int | None:
    """The line (from 1) of a location, or of the nearest thing around it that the file has."""
    line = None if node is None else node.start_mark.line + 1
    for part in location:
        entry = next((e for e in _entries(node) if e[0] == part), None)
        if entry is None:
            return line
        line, node = entry[1].start_mark.line + 1, entry[2]
    return line


def _entries(node: yaml.Node | None) -> Iterator[tuple[int | str, yaml.Node, yaml.Node]]:
    """(key or position, where it stands, value)."""
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, key, value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((n, item, item) for n, item in enumerate(node.value))
