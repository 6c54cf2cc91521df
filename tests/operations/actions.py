"""Which of OpenSearch's actions a request performs, on which indexes: what a security plugin would look at.

Only for requests that we send; anything else is an error of the test. The names are the transport actions of
OpenSearch, which the security plugin's permissions are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import unquote

import orjson

from ltrr_opensearch.types import Json
from tests.operations.recorder import Asked

Needed = tuple[str, str | None]
"""(action, index expression); None for the whole cluster."""

CLUSTER = (
    (r"(GET|HEAD) /", "cluster:monitor/main"),
    (r"GET /_nodes/plugins", "cluster:monitor/nodes/info"),
    (r"GET /_nodes/stats.*", "cluster:monitor/nodes/stats"),
    (r"GET /_cluster/health.*", "cluster:monitor/health"),
    (r"GET /_plugins/_knn/stats.*", "cluster:admin/knn_stats_action"),
    (r"GET /_plugins/_security/authinfo", ""),
    (r"GET /_component_template/.*", "cluster:admin/component_template/get"),
    (r"PUT /_component_template/.*", "cluster:admin/component_template/put"),
    (r"DELETE /_component_template/.*", "cluster:admin/component_template/delete"),
    (r"GET /_index_template/.*", "indices:admin/index_template/get"),
    (r"PUT /_index_template/.*", "indices:admin/index_template/put"),
    (r"DELETE /_index_template/.*", "indices:admin/index_template/delete"),
    (r"POST /_search/scroll", "indices:data/read/scroll"),
    (r"DELETE /_search/scroll", "indices:data/read/scroll/clear"),
    (r"DELETE /_search/point_in_time", "indices:data/read/point_in_time/delete"),
    (r"POST /_search", ""),  # by a point in time, whose indexes were checked when it was opened
)
INDEX = (
    (r"HEAD /{i}", "indices:admin/get"),
    (r"GET /{i}", "indices:admin/get"),
    (r"PUT /{i}", "indices:admin/create"),
    (r"DELETE /{i}", "indices:admin/delete"),
    (r"GET /{i}/_mapping", "indices:admin/mappings/get"),
    (r"PUT /{i}/_mapping", "indices:admin/mapping/put"),
    (r"(GET|POST) /{i}/_refresh", "indices:admin/refresh"),
    (r"(GET|POST) /{i}/(_search|_count)", "indices:data/read/search"),
    (r"POST /{i}/_search/point_in_time", "indices:data/read/point_in_time/create"),
    (r"GET /{i}/(_doc|_source)/.*", "indices:data/read/get"),
    (r"PUT /{i}/_doc/.*", "indices:data/write/index"),
    (r"POST /{i}/_doc", "indices:data/write/index"),
    (r"DELETE /{i}/_doc/.*", "indices:data/write/delete"),
    (r"POST /{i}/_delete_by_query", "indices:data/write/delete/byquery"),
    (r"POST /{i}/_update_by_query", "indices:data/write/update/byquery"),
)
OF_BULK = {"create": "index", "index": "index", "update": "update", "delete": "delete"}


def needed(asked: Asked) -> Iterator[Needed]:
    line = f"{asked.method} {unquote(asked.path).rstrip('/') or '/'}"
    if found := re.fullmatch(r"POST (?:/(?P<index>[^_/][^/]*))?/(?P<kind>_bulk|_mget)", line):
        yield ("indices:data/write/bulk" if found["kind"] == "_bulk" else "indices:data/read/mget"), None
        yield from _bulk(asked.body, found["index"]) if found["kind"] == "_bulk" else _mget(asked.body, found["index"])
        return
    for pattern, action in CLUSTER:
        if re.fullmatch(pattern, line):
            if action:
                yield action, None
            return
    for pattern, action in INDEX:
        if found := re.fullmatch(pattern.replace("{i}", r"(?P<i>[^_/][^/]*)"), line):
            yield from ((action, one) for one in found["i"].split(","))
            return
    raise AssertionError(f"no action is known for {line}")


def _bulk(body: bytes, index: str | None) -> Iterator[Needed]:
    lines = iter(body.splitlines())
    for line in lines:
        ((operation, about),) = orjson.loads(line).items()
        where = about.get("_index", index)
        yield "indices:data/write/bulk[s]", where
        yield f"indices:data/write/{OF_BULK[operation]}", where
        if operation != "delete":
            next(lines)


def _mget(body: bytes, index: str | None) -> Iterator[Needed]:
    for document in orjson.loads(body).get("docs", ()):
        yield "indices:data/read/mget[shard]", document.get("_index", index)
    if index:
        yield "indices:data/read/mget[shard]", index


def allowed(role: Json, need: Needed) -> bool:
    action, index = need
    if index is None:
        return any(fnmatchcase(action, given) for given in role["cluster_permissions"])
    return any(
        any(fnmatchcase(index, pattern) for pattern in permission["index_patterns"])
        and any(fnmatchcase(action, given.replace("[", "[[]")) for given in permission["allowed_actions"])
        for permission in role["index_permissions"]
    )
