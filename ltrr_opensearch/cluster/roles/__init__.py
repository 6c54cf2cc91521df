"""The least that an account of ours needs, as roles of the security plugin: one for each way we are run.

The files hold placeholders for the names that the settings give. They were read off the requests that we send, and are
held to them by a relay that allows nothing else (`tests/operations/test_roles.py`).
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Literal, get_args

from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

Kind = Literal["serve", "learn", "setup"]
KINDS: tuple[Kind, ...] = get_args(Kind)
IN_PLUGIN = ("cluster:admin/ltr/*",)
"""Where the LTR plugin is there: feature sets and models."""
SEARCH = "indices:data/read/search"


def path_of(kind: Kind, settings: Settings) -> str:
    """Where the security plugin keeps the role."""
    return f"/_plugins/_security/api/roles/{settings.state.prefix}_{kind}"


def role(kind: Kind, settings: Settings, *, ltr: bool = True) -> Json:
    """The role's body. `ltr`: whether the cluster has the LTR plugin."""
    template: Json = json.loads(files(__name__).joinpath(f"{kind}.json").read_text(encoding="utf-8"))
    for permission in template["index_permissions"]:
        permission["index_patterns"] = [n for p in permission["index_patterns"] for n in _named(p, settings)]
    if ltr:
        template["cluster_permissions"] += IN_PLUGIN
        template["index_permissions"].append(
            {"index_patterns": [".ltrstore*"], "allowed_actions": ["indices:data/read/*"]}
        )
    if read := _read_besides(kind, settings):
        template["index_permissions"].append({"index_patterns": read, "allowed_actions": [SEARCH]})
    return template


def _named(pattern: str, settings: Settings) -> list[str]:
    if pattern == "{indexes}":
        return sorted(settings.indexes)
    state = settings.state
    return [pattern.format(prefix=state.prefix, ubi_queries=state.ubi_queries, ubi_events=state.ubi_events)]


def _read_besides(kind: Kind, settings: Settings) -> list[str]:
    """Configured indexes that an account reads although it is not set-up's: where a setting asks for it."""
    if kind == "serve":
        return sorted(key for key, index in settings.indexes.items() if index.id_field)
    if kind == "learn" and settings.learn.rank_in == "cluster":
        return sorted(settings.indexes)
    return []
