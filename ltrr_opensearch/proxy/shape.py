"""The form of a whole answer: indented, filtered, the total as a number, compressed. Pure.

The engine always answers with all of it, plainly; what the client asked of the form is done here, last.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.proxy.parameters import Parameters, truth
from ltrr_opensearch.types import Answer, Json

LEVEL = 3
"""OpenSearch's own default."""
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True)
class Shape:
    pretty: bool = False
    total_as_int: bool = False
    filter_path: tuple[str, ...] = ()
    encoding: str = ""
    """`gzip`, `deflate` or none."""

    @property
    def plain(self) -> bool:
        return not (self.pretty or self.total_as_int or self.filter_path)


def shape_of(params: Parameters, accept_encoding: bytes | None) -> Shape:
    """What the URL and `Accept-Encoding` ask for. The parameters have met the dialect already."""
    said = dict(params)
    paths = tuple(path for path in said.get("filter_path", "").split(",") if path)
    return Shape(
        pretty=truth(said.get("pretty", "false")),
        total_as_int=truth(said.get("rest_total_hits_as_int", "false")),
        filter_path=paths,
        encoding=encoding_of(accept_encoding),
    )


def shaped(answer: Answer, shape: Shape) -> Answer:
    """An error keeps all its fields, as OpenSearch does; it is only indented."""
    body = answer.body
    if not shape.plain:
        content = orjson.loads(body)
        if answer.status == 200:
            content = with_shape(content, shape)
        body = pretty(content) if shape.pretty else orjson.dumps(content)
    if not shape.encoding:
        return Answer(answer.status, answer.headers, body)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _WINDOWS[shape.encoding])
    packed = packer.compress(body) + packer.flush()
    return Answer(answer.status, (*answer.headers, (b"content-encoding", shape.encoding.encode())), packed)


def with_shape(content: Json, shape: Shape) -> Json:
    if shape.total_as_int:
        content = content | {"hits": _counted(content["hits"])}
    return filtered(content, shape.filter_path) if shape.filter_path else content


def _counted(hits: Json) -> Json:
    """An untracked total is -1 in this form."""
    total = hits.get("total", -1)
    number = total["value"] if isinstance(total, dict) else total
    return {"total": number} | {key: value for key, value in hits.items() if key != "total"}


def encoding_of(accept_encoding: bytes | None) -> str:
    """How the answer is compressed, as OpenSearch would: gzip before deflate where both will do; empty: not at all."""
    quality: dict[str, float] = {}
    for offered in (accept_encoding or b"").decode("latin-1").split(","):
        name, _, weight = offered.partition(";")
        quality[name.strip().lower()] = _quality(weight)
    otherwise = quality.get("*", 0.0)
    gzip, deflate = (quality.get(name, otherwise) for name in ("gzip", "deflate"))
    if not (gzip or deflate):
        return ""
    return "gzip" if gzip >= deflate else "deflate"


def _quality(weight: str) -> float:
    """The number after `q=`; one where there is none, and nothing where it is no number."""
    _, given, number = weight.partition("=")
    try:
        return float(number) if given else 1.0
    except ValueError:
        return 0.0


def pretty(content: Any) -> bytes:
    """Indented as OpenSearch does it."""
    lines = json.dumps(content, indent=2, separators=(",", " : "), ensure_ascii=False).split("\n")
    return "\n".join(map(_with_room, lines)).encode() + b"\n"


def _with_room(line: str) -> str:
    """What is empty has a space in it. A line that ends so, and is no text, holds an empty object or list."""
    for empty, spaced in (("{}", "{ }"), ("[]", "[ ]")):
        if line.rstrip(",").endswith(empty):
            return spaced.join(line.rsplit(empty, 1))
    return line


def filtered(content: Json, paths: Sequence[str]) -> Json:
    """`filter_path`: `*` stands for part of a name, `**` for one name or more, a leading `-` leaves out."""
    wanted = [tuple(path.split(".")) for path in paths if not path.startswith("-")]
    unwanted = [tuple(path[1:].split(".")) for path in paths if path.startswith("-")]
    kept = _keep(content, wanted) if wanted else content
    left = _drop(kept, unwanted) if unwanted else kept
    return left if isinstance(left, dict) else {}


_NOTHING = object()
_Path = tuple[str, ...]


def _keep(value: Any, paths: Sequence[_Path]) -> Any:
    if () in paths:
        return value
    if isinstance(value, list):
        kept = [k for item in value if (k := _keep(item, paths)) is not _NOTHING]
        return kept or _NOTHING
    if not isinstance(value, dict):
        return _NOTHING
    inner = {key: k for key, item in value.items() if (k := _keep(item, _after(key, paths))) is not _NOTHING}
    return inner or _NOTHING


def _drop(value: Any, paths: Sequence[_Path]) -> Any:
    """What holds nothing any more goes too, as far as a path still looked into it."""
    if not paths:
        return value
    if isinstance(value, list):
        return [left for item in value if (left := _drop(item, paths)) is not _NOTHING] or _NOTHING
    if not isinstance(value, dict):
        return value
    after = {key: _after(key, paths) for key in value}
    kept = (key for key in value if () not in after[key])
    return {key: left for key in kept if (left := _drop(value[key], after[key])) is not _NOTHING} or _NOTHING


def _after(key: str, paths: Sequence[_Path]) -> list[_Path]:
    """What is left of each path once this name was passed; a path that the name does not fit is gone.

    Each once: of several `**` in a row every one may stop at every name, and their ways would multiply.
    """
    left: dict[_Path, None] = {}
    for path in paths:
        if path and path[0] == "**":
            left |= {path: None, path[1:]: None}
        elif path and _fitting(path[0]).fullmatch(key):
            left[path[1:]] = None
    return list(left)


@lru_cache(maxsize=1024)
def _fitting(name: str) -> re.Pattern[str]:
    """Names that one with `*` stands for. Each part between two of them is sought once and never again further on
    (`(?>`): it is a client that writes both the pattern and, by its aggregations, the names.
    """
    first, *others = map(re.escape, name.split("*"))
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(first + between + "".join(f".*{part}" for part in others[-1:]), re.DOTALL)


def checked_shape(params: Parameters, accept_encoding: bytes | None) -> Shape | None:
    """The shape, or None where a parameter of it is malformed."""
    try:
        return shape_of(params, accept_encoding)
    except Foreign:
        return None
