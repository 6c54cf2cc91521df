"""Which configuration owns an index expression. Pure: what the cluster knows of aliases is not asked.

Every plan of a search is asked on the expression that the client used. So what an alias filters, what a wildcard meets
and what an exclusion leaves out hold for all of them by themselves; to be decided is only whose settings apply.
"""

from __future__ import annotations

from urllib.parse import unquote

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.settings import Settings

_OTHERS = ("_", "<", "+")
"""How what we never take begins: `_all` and the like, date mathematics."""


def owner(target: str, settings: Settings) -> tuple[str, IndexSettings] | None:
    """The key and configuration of a target as the URL spelled it; None where it is not wholly one of ours.

    A list is ours when all its names have the same owner. An exclusion after a wildcard only makes it smaller. Other
    clusters (`name:index`) never are.
    """
    spelled = unquote(target)
    if spelled in settings.indexes:
        return spelled, settings.indexes[spelled]
    names = _included(spelled)
    if names is None:
        return None
    first, *others = [settings.index_for(name) for name in names]
    if first is None or any(other is None or other[0] != first[0] for other in others):
        return None
    return first


def _included(spelled: str) -> list[str] | None:
    """The names that an expression takes in; None where we do not know what it means."""
    names: list[str] = []
    for part in spelled.split(","):
        if part.startswith("-") and any("*" in name for name in names):
            continue
        if not part or part[0] in _OTHERS or part[0] == "-" or ":" in part:
            return None
        names.append(part)
    return names
