"""A search's answer of which each hit is parsed only when it is looked at, and then let go.

A thousand documents parsed at once are some 60 MB that have left the processor's caches before anybody reads them:
parsing them, and reading and freeing what was parsed, takes three times as long as one after the other.

Such an answer is cut where an object begins whose first key is `_index`: unescaped quotes cannot stand inside of a
text. It must go on as sorted hits do, and the piece before must end with the values it was sorted by, a number and a
word, as ours do. An answer that is otherwise is parsed as a whole, also where documents hold objects a little alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, overload

import orjson

from ltrr_opensearch.types import Json

_LIST = '"max_score":null,"hits":['
_HIT = re.compile(r'\{"_index":"[^"\\]*","_id":"(?:[^"\\]|\\.)*","_score":null,"_source":')
_BETWEEN = '},{"_index":"'
_SORT = '"sort":'
_END = "}]}}"


class Hits(Sequence[Json]):
    """`sorts`: by what each was sorted."""

    def __init__(self, text: str, spans: Sequence[slice], sorts: Sequence[Any], parse: Callable[[str], Any]) -> None:
        self._text, self._spans, self._parse = text, spans, parse
        self.sorts = sorts

    @overload
    def __getitem__(self, at: int) -> Json: ...
    @overload
    def __getitem__(self, at: slice) -> Hits: ...
    def __getitem__(self, at: int | slice) -> Json | Hits:
        if isinstance(at, slice):
            return Hits(self._text, self._spans[at], self.sorts[at], self._parse)
        hit: Json = self._parse(self._text[self._spans[at]])
        return hit

    def __len__(self) -> int:
        return len(self._spans)


def answer(text: str, parse: Callable[[str], Any]) -> Any:
    """What `parse` makes of an answer, its hits as `Hits` where it is one that can be cut."""
    first = text.find(_LIST + '{"_index":"')
    if first < 0 or not text.endswith(_END):
        return parse(text)
    first += len(_LIST)
    spans = _cut(text, first)
    sorts = [_sorted_by(text, span) for span in spans if _HIT.match(text, span.start)]
    if len(sorts) < len(spans) or None in sorts:
        return parse(text)
    found = parse(f"{text[:first]}]}}}}")
    found["hits"]["hits"] = Hits(text, spans, sorts, parse)
    return found


def _cut(text: str, first: int) -> list[slice]:
    spans = []
    while (end := text.find(_BETWEEN, first)) >= 0:
        spans.append(slice(first, end + 1))
        first = end + 2
    return [*spans, slice(first, len(text) - len(_END) + 1)]


def _sorted_by(text: str, hit: slice) -> list[Any] | None:
    """None where that is not what the hit ends with."""
    at = text.rfind(_SORT, hit.start, hit.stop)
    try:
        values = orjson.loads(text[at + len(_SORT) : hit.stop - 1]) if at >= 0 else None
    except orjson.JSONDecodeError:
        return None
    match values:
        case [int(), str()]:
            return list(values)
        case _:
            return None
