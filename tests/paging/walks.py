"""Walking through the pages of a search, as a client behind a load balancer does, and what went wrong on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.types import Json

Ask = Callable[[int, int], Awaitable[Json]]
"""(from, size) -> the answer's body"""
Meanwhile = Callable[[int], Awaitable[None]]
"""Called with the number of the page that comes next, from 1."""


@dataclass
class Walk:
    pages: list[list[str]] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    """(index, `_id`)"""

    @property
    def ids(self) -> list[str]:
        return [id for page in self.pages for id in page]

    @property
    def repeats(self) -> int:
        return len(self.keys) - len(set(self.keys))

    @property
    def totals_below(self) -> int:
        """Pages whose total is less than the hits that were shown until then."""
        shown = [sum(map(len, self.pages[: i + 1])) for i in range(len(self.pages))]
        return sum(total < hits for total, hits in zip(self.totals, shown, strict=True))

    def lost(self, wanted: Sequence[str] | set[str]) -> set[str]:
        return set(wanted) - set(self.ids)


async def nothing(_page: int) -> None:
    """Nothing happens meanwhile."""


async def walk(asks: Sequence[Ask], size: int, pages: int = 1_000, meanwhile: Meanwhile = nothing) -> Walk:
    """The proxies answer in turn. Ends at the last page asked for, or at the first that is empty."""
    walked = Walk()
    for page in range(pages):
        await meanwhile(page)
        body = await asks[page % len(asks)](page * size, size)
        hits = body["hits"]
        if not hits["hits"]:
            break
        walked.pages.append([hit["_id"] for hit in hits["hits"]])
        walked.keys += [(hit["_index"], hit["_id"]) for hit in hits["hits"]]
        walked.totals.append(hits["total"]["value"])
    return walked
