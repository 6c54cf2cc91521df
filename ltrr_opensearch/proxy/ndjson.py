"""The body of an `_msearch`: pairs of lines, a header and a search; and the answer put together again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from ltrr_opensearch.proxy import strict_json
from ltrr_opensearch.proxy.parameters import Parameters
from ltrr_opensearch.types import Answer, Json


@dataclass(frozen=True, slots=True)
class Item:
    """One search of an `_msearch`, as the two lines that came and as what they say."""

    lines: tuple[bytes, bytes]
    header: Json
    body: Any

    def target(self, default: str) -> str:
        """The index expression, spelled for a URL; `default` is the one of the path."""
        index = self.header.get("index", self.header.get("indices"))
        if index is None:
            return default
        return quote(",".join(map(str, index)) if isinstance(index, list) else str(index), safe=",*-")

    @property
    def plain(self) -> bool:
        """Whether its header is read as parameters of a URL would be; of a null OpenSearch has readings of its own."""
        values = (each for value in self.header.values() for each in (value if isinstance(value, list) else [value]))
        return all(isinstance(value, str | int) for value in values)

    def params(self, shared: Parameters) -> Parameters:
        """What the header says beside the index, and what the URL says for all, as parameters of one `_search`."""
        own = {key: value for key, value in self.header.items() if key not in ("index", "indices")}
        return (*(p for p in shared if p[0] not in own), *((key, _text(value)) for key, value in own.items()))


def items(raw: bytes) -> list[Item] | None:
    """The searches of a body; None where it is not wholly well-formed, and the cluster should say why."""
    if raw.startswith(b"\n") or not raw.endswith(b"\n"):  # the first is no header to OpenSearch, and deprecated
        return None
    lines = raw[:-1].split(b"\n")
    if len(lines) % 2:
        return None
    found = []
    for head, search in zip(lines[::2], lines[1::2], strict=True):
        try:
            header = strict_json.loads(head) if head else {}
            body = strict_json.loads(search)
        except ValueError:
            return None
        if not isinstance(header, dict):
            return None
        found.append(Item((head, search), header, body))
    return found


def joined_lines(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"".join(line + b"\n" for pair in pairs for line in pair)


def item_response(answer: Answer) -> Json:
    """An answer to one search as an item: the body with its status."""
    body: Json = orjson.loads(answer.body)
    return body | {"status": answer.status}


def response(responses: Mapping[int, Json]) -> Json:
    """The whole answer, in the order asked. It took as long as its slowest search."""
    ordered = [responses[place] for place in sorted(responses)]
    return {"took": max((r.get("took", 0) for r in ordered), default=0), "responses": ordered}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
