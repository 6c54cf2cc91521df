"""Gives the secured cluster of docker-compose.yml its accounts, as its administrator: ours, with the least rights that
`ltrr serve` needs, and where PEOPLE names an index, `alice` and `bob`, who may each see a part of it.

A document is alice's or bob's by its field `group`; those of the group `both` are for both.
"""

from __future__ import annotations

import json
import os
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from ltrr_opensearch.cluster.roles import path_of, role
from ltrr_opensearch.configuration import load_settings

API = "/_plugins/_security/api"
OURS = "ltrr"


def wanted(config: Path, password: str, index: str, people_password: str) -> Iterator[tuple[str, Any]]:
    """What is put, and where."""
    settings = load_settings(config, {})
    path = path_of("serve", settings)
    yield path, role("serve", settings)
    yield from _account(OURS, password, path.rpartition("/")[2])
    for name in ("alice", "bob") if index else ():
        yield f"{API}/roles/{name}_reads", _reader(name, index)
        yield from _account(name, people_password, f"{name}_reads")


def _account(name: str, password: str, role_name: str) -> Iterator[tuple[str, Any]]:
    yield f"{API}/internalusers/{name}", {"password": password}
    yield f"{API}/rolesmapping/{role_name}", {"users": [name]}


def _reader(name: str, index: str) -> Any:
    seen = json.dumps({"terms": {"group.keyword": [name, "both"]}})
    reads = {"index_patterns": [index], "dls": seen, "allowed_actions": ["read"]}
    return {"cluster_permissions": ["cluster_composite_ops_ro"], "index_permissions": [reads]}


def put(url: str, authorization: str, content: Any) -> None:
    context = ssl.create_default_context()
    # the distribution's demonstration certificates are signed by nobody
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    request = Request(url, json.dumps(content).encode(), headers, method="PUT")  # noqa: S310 our own address
    with urlopen(request, timeout=30, context=context):  # noqa: S310 likewise
        pass


def main() -> None:
    administrator = f"admin:{os.environ['OPENSEARCH_INITIAL_ADMIN_PASSWORD']}"
    authorization = "Basic " + b64encode(administrator.encode()).decode()
    given = os.environ
    config, people = Path(given["LTRR_CONFIG"]), given.get("PEOPLE", "")
    for path, content in wanted(config, given["LTRR_PASSWORD"], people, given.get("PEOPLE_PASSWORD", "")):
        put(given["OPENSEARCH_URL"] + path, authorization, content)


if __name__ == "__main__":
    main()
