"""Which requests are looked at. Everything else streams, whatever its path."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ltrr_opensearch.proxy.targets import owner
from ltrr_opensearch.settings import Settings

EVENTS_PATH = "/_ltrr/events"


class Kind(Enum):
    OTHER = auto()
    SEARCH = auto()
    MULTI_SEARCH = auto()
    EVENTS = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """`target` is the index expression of the path, as it was spelled; `reason` says why a request only passes."""

    kind: Kind
    target: str = ""
    reason: str = ""


OTHER = Route(Kind.OTHER, reason="other_path")
_OTHER_INDEX = Route(Kind.OTHER, reason="other_index")


def route(method: str, raw_path: str, settings: Settings) -> Route:
    if raw_path == EVENTS_PATH:
        return Route(Kind.EVENTS)
    return _searches(raw_path, settings) if method in ("GET", "POST") else OTHER


def _searches(raw_path: str, settings: Settings) -> Route:
    match raw_path.split("/"):
        case ["", target, "_search"] if owner(target, settings):
            return Route(Kind.SEARCH, target)
        case ["", "_search"] if settings.indexes:  # of a point in time, which knows its indexes
            return Route(Kind.SEARCH)
        case ["", "_msearch"] if settings.indexes:
            return Route(Kind.MULTI_SEARCH)
        case ["", target, "_msearch"] if settings.indexes:
            return Route(Kind.MULTI_SEARCH, target)
        case [*_, "_search" | "_msearch"]:
            return _OTHER_INDEX
    return OTHER
