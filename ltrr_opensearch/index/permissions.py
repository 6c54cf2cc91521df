"""Whether our account may do what it must: harmless requests that need the same permissions, one by one.

The security plugin tells an account its roles, not what they allow; so it is tried. A write is conditional on a state
that no document is in: it is checked for permission, and never carried out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, TransportError

from ltrr_opensearch.errors import ClusterError, Unreachable
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

NEVER = {"_id": "doctor", "if_seq_no": 2**53, "if_primary_term": 1}
"""A condition that no document meets."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A request that changes nothing. `role` is the first that needs what it needs."""

    role: str
    what: str
    method: str
    path: str
    body: str | Json | None = None
    needs: str = ""
    """An index without which it is not tried: a write would make it."""


def trials(settings: Settings) -> Iterator[Trial]:
    prefix, state = settings.state.prefix, settings.state
    yield Trial("serve", "its own version", "GET", "/")
    yield Trial("serve", "plugins of the nodes", "GET", "/_nodes/plugins")
    for name in ("jobs", "releases", "models", "pages"):
        yield Trial("serve", f"reading {prefix}_{name}", "GET", f"/{prefix}_{name}/_doc/doctor")
    yield Trial("serve", "reading the log", "POST", f"/{prefix}_decisions-*/_search", {"size": 0})
    for name in (f"{prefix}_pages", state.ubi_queries, state.ubi_events):
        yield Trial("serve", f"writing {name}", "POST", "/_bulk", _bulk(name), name)
    yield Trial("learn", "reading the memory", "POST", f"/{prefix}_memory/_search", {"size": 0})
    yield Trial("learn", f"reading {state.ubi_events}", "POST", f"/{state.ubi_events}/_search", {"size": 0})
    yield Trial("learn", "refreshing our indexes", "POST", f"/{prefix}_memory/_refresh")
    for name in ("jobs", "releases", "models", "memory"):
        index = f"{prefix}_{name}"
        yield Trial("learn", f"writing {index}", "POST", "/_bulk", _bulk(index), index)
    for key in settings.indexes:
        yield Trial("setup", f"reading {key}", "POST", f"/{key}/_search", {"size": 0})
        yield Trial("setup", f"the mapping of {key}", "GET", f"/{key}")


def missing(client: OpenSearch, settings: Settings) -> list[tuple[Trial, str]]:
    """The trials that were refused, with the reason. Whatever else goes wrong is not this check's matter."""
    refused = []
    for trial in trials(settings):
        if why := _refusal(client, trial):
            refused.append((trial, why))
    return refused


def account(client: OpenSearch) -> str:
    """Who we are, as far as the security plugin says; empty where there is none."""
    try:
        info = client.transport.perform_request("GET", "/_plugins/_security/authinfo")
    except (ClusterError, TransportError):
        return ""
    roles = ", ".join(sorted(info.get("roles", ()))) or "none"
    return f"account {info.get('user_name', '?')}, roles {roles}"


def _refusal(client: OpenSearch, trial: Trial) -> str:
    try:
        if trial.needs and not client.indices.exists(index=trial.needs):
            return ""
        answer = client.transport.perform_request(trial.method, trial.path, body=trial.body)
    except NotFoundError:
        return ""
    except Unreachable:
        raise
    except ClusterError as error:
        return str(error)
    except TransportError:
        return ""
    items = answer.get("items", ()) if isinstance(answer, dict) else ()
    return next((str(i["error"]["reason"]) for item in items for i in item.values() if i["status"] == 403), "")


def _bulk(index: str) -> str:
    return f"{json.dumps({'index': {'_index': index, **NEVER}})}\n{{}}\n"
