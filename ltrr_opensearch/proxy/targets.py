"""Which configuration owns an index expression."""

from __future__ import annotations

from urllib.parse import unquote

from ltrr_opensearch.settings import IndexSettings, Settings


def owner(target: str, settings: Settings) -> tuple[str, IndexSettings] | None:
    """The key and configuration of a target as the URL spelled it; None where it is not wholly one of ours.

    A list is ours when all its parts have the same owner; `_all` and exclusions never are.
    """
    spelled = unquote(target)
    if spelled in settings.indexes:
        return spelled, settings.indexes[spelled]
    parts = spelled.split(",")
    if any(part == "" or part[0] in "_-" for part in parts):
        return None
    found = [settings.index_for(part) for part in parts]
    first = found[0]
    return first if all(f is not None and first is not None and f[0] == first[0] for f in found) else None
