"""What our own account needs, held to it: a relay before the node refuses it all that its role does not allow.

Clients have another account, which may do everything; so what a client reads cannot have been read by ours.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.cluster.roles import KINDS, Kind, path_of, role
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json
from tests.operations.actions import allowed, needed
from tests.operations.recorder import Answer, Asked, Instead, Recorded, recording
from tests.operations.world import configuration_of, running, settings_for, until
from tests.proxy.listening import call

OURS = "Basic " + base64.b64encode(b"ours:secret").decode()
CLIENT = {"authorization": "Basic " + base64.b64encode(b"client:secret").decode()}
BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}


def guard(granted: Json, refusals: list[str]) -> Instead:
    def refuse(asked: Asked) -> Answer | None:
        if asked.headers.get("authorization") == CLIENT["authorization"]:
            return None
        if asked.headers.get("authorization") != OURS:
            assert asked.target == "/", "only whether the cluster is up may be asked without an account"
            return 401, b"{}"
        lacking = [
            f"{action} on {index or 'the cluster'}"
            for action, index in needed(asked)
            if not allowed(granted, (action, index))
        ]
        if not lacking:
            return None
        refusals.append(f"{asked.method} {asked.target}: {lacking[0]}")
        reason = f"no permissions for [{lacking[0]}] and User [name=ours]"
        return 403, orjson.dumps({"error": {"type": "security_exception", "reason": reason}, "status": 403})

    return refuse


@contextmanager
def guarded(
    settings: Settings, kind: Kind, granted: Json | None = None
) -> Iterator[tuple[Settings, list[str], Recorded]]:
    refusals: list[str] = []
    least = granted or role(kind, settings, ltr=False)
    with recording(settings.cluster.url, guard(least, refusals)) as relay:
        account = {"url": relay.url, "username": "ours", "password": "secret"}
        told = {**settings.model_dump(exclude_none=True), "cluster": account}
        yield Settings.model_validate(told), refusals, relay


def typed(settings: Settings, folder: Path, *words: str) -> Result:
    path = folder / "ltrr.yml"
    account = {"url": settings.cluster.url, "username": "ours", "password": "secret"}
    told = {**yaml.safe_load(configuration_of(settings)), "cluster": account, "learn": {"min_rounds": 5}}
    path.write_text(yaml.safe_dump({**told, "choose": {"policy": "greedy"}}))
    return CliRunner().invoke(main, ["--config", str(path), *words])


@pytest.fixture
def settings(node: Any, name: str, spool: Path) -> Settings:
    return settings_for(node.url, name, spool)


def test_a_shop_s_life_under_the_three_roles(
    settings: Settings, name: str, client: OpenSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = f"{name}-shop"
    rows = [{"sku": str(i), "title": f"red shoes {i}", "body": "b", "stock": i} for i in range(40)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "rules.yml").write_text("{id: first, pin: [{id: '7', position: 1}]}")
    with guarded(settings, "setup") as (ours, refusals, _):
        for words in (
            ("load", key, "rows.jsonl"),
            ("setup", key),
            ("sync", key),
            ("doctor",),
            ("rules", "put", "rules.yml"),
            ("rules", "test", "red shoes"),
            ("explain", "red shoes"),
        ):
            done = typed(ours, tmp_path, *words)
            assert not refusals, refusals
            assert done.exit_code == 0, done.output
    with guarded(settings, "serve") as (ours, refusals, relay), running(ours) as proxy:
        for _ in range(12):
            _searched(proxy, key)
        proxy.search(key, {**BODY, "from": 3}, CLIENT)
        until(lambda: _count(client, f"{name}_decisions-*") >= 12)
        until(lambda: _count(client, f"{name}-events") > 12)
        assert call(proxy.admin, "GET", f"/_ltrr/explain/{_searched(proxy, key)}").status in (200, 404)
        read = [r for r in relay.requests if r.path.startswith(f"/{key}/")]
    assert not refusals, refusals
    assert read
    assert {r.headers["authorization"] for r in read} == {CLIENT["authorization"]}
    with guarded(settings, "learn") as (ours, refusals, _):
        for words in (
            ("learn", "--window-s", "0"),
            ("models", "list"),
            ("rules", "list"),
            ("rules", "remove", "first"),
            ("off",),
            ("on",),
            ("models", "rollback"),
            ("models", "unpin"),
        ):
            done = typed(ours, tmp_path, *words)
            assert not refusals, refusals
            assert done.exit_code == 0, done.output
    with guarded(settings, "setup") as (ours, refusals, _):
        done = typed(ours, tmp_path, "uninstall", "--yes", "--ubi")
        assert done.exit_code == 0, (done.output, refusals)
    assert not refusals, refusals


def test_our_account_may_not_read_the_shop_while_serving(settings: Settings, name: str) -> None:
    assert not allowed(role("serve", settings), ("indices:data/read/search", f"{name}-shop"))
    assert not allowed(role("learn", settings), ("indices:data/read/search", f"{name}-shop"))


def test_the_doctor_names_what_is_not_allowed_and_the_role_that_has_it(
    settings: Settings, name: str, client: OpenSearch, tmp_path: Path, shop: Settings
) -> None:
    granted = role("setup", shop, ltr=False)
    granted["cluster_permissions"].remove("indices:data/write/bulk")
    with guarded(shop, "setup", granted) as (ours, _, _):
        said = orjson.loads(typed(ours, tmp_path, "doctor", "--json").output)
    broken = [finding for finding in said if finding["what"] == "permissions"]
    assert broken
    assert all(finding["state"] == "broken" for finding in broken)
    assert any("writing" in finding["found"] and "indices:data/write/bulk" in finding["found"] for finding in broken)
    assert any("ltrr role serve" in finding["fix"] for finding in broken)


def test_the_doctor_s_trials_change_nothing(shop: Settings, client: OpenSearch, tmp_path: Path) -> None:
    names = [f"{shop.state.prefix}_{what}" for what in ("jobs", "releases", "models", "memory", "pages")]
    before = _all(client, [*names, shop.state.ubi_events, shop.state.ubi_queries])
    with guarded(shop, "setup") as (ours, refusals, _):
        assert typed(ours, tmp_path, "doctor").exit_code == 0
    assert not refusals
    assert _all(client, [*names, shop.state.ubi_events, shop.state.ubi_queries]) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_is_printed_as_the_security_plugin_takes_it(
    kind: Kind, settings: Settings, name: str, tmp_path: Path
) -> None:
    printed = orjson.loads(typed(settings, tmp_path, "role", kind).output)
    assert printed == role(kind, settings)
    assert printed.keys() == {"description", "cluster_permissions", "index_permissions"}
    assert all(p.keys() == {"index_patterns", "allowed_actions"} for p in printed["index_permissions"])
    assert "{" not in orjson.dumps(printed["index_permissions"]).decode().replace('{"', "")
    assert path_of(kind, settings) == f"/_plugins/_security/api/roles/{name}_{kind}"


def _searched(proxy: Any, key: str) -> str:
    answer = proxy.search(key, BODY, CLIENT)
    assert answer.status == 200
    query_id: str = answer.headers["x-ltrr"]
    event = {
        "action_name": "click",
        "query_id": query_id,
        "client_id": query_id,
        "event_attributes": {"object": {"object_id": answer.json["hits"]["hits"][0]["_id"]}},
    }
    assert call(proxy.url, "POST", "/_ltrr/events", orjson.dumps(event)).status == 202
    return query_id


def _count(client: OpenSearch, index: str) -> int:
    client.indices.refresh(index=index, ignore_unavailable=True)
    return int(client.count(index=index, ignore_unavailable=True)["count"])


def _all(client: OpenSearch, names: list[str]) -> Any:
    client.indices.refresh(index=",".join(names), ignore_unavailable=True)
    hits = client.search(index=",".join(names), body={"size": 1000}, ignore_unavailable=True)["hits"]["hits"]
    return sorted((hit["_index"], hit["_id"]) for hit in hits)
