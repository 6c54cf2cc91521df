"""Secrets are planted wherever one can stand, then everything that leaves the proxy is searched for them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import SettingsError
from tests.faults.world import until
from tests.proxy.listening import call
from tests.security import world
from tests.security.authority import OWN, Authority, authorising, basic
from tests.security.world import Serving, serving

TOKEN = "planted-admin-token-0123"
SECRETS = {
    "our password": f"password-of-{OWN}",
    "a caller's password": "password-of-alice",
    "the admin token": TOKEN,
    "the key of draws": "planted-state-secret",
    "a bearer token": "planted-bearer",
    "a cookie": "planted-cookie",
    "a signature": "planted-signature",
    "a session token": "planted-session-token",
    "a token in a URL": "planted-url-token",
    "a proxy's password": "planted-proxy-auth",
}
CREDENTIALS: tuple[dict[str, str], ...] = (
    {"authorization": basic("alice")},
    {"authorization": basic("alice"), "cookie": "security_authentication=planted-cookie", "securitytenant": "x"},
    {"authorization": "Bearer planted-bearer"},
    {"authorization": "AWS4-HMAC-SHA256 Credential=A, Signature=planted-signature"},
    {"authorization": basic("alice"), "x-amz-security-token": "planted-session-token"},
    {"proxy-authorization": "Basic planted-proxy-auth", "authorization": basic("alice")},
)


_QUERY_ID = re.compile(rb"'x-ltrr': '([^']+)'")


@dataclass(frozen=True)
class Left:
    """Everything that the proxy said, wrote or answered, by where it stands."""

    said: dict[str, bytes]


@pytest.fixture(scope="module")
def left(node: Any, client: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    index, folder = "test_secrets", tmp_path_factory.mktemp("secrets")
    client.indices.delete(index=f"{index}*", ignore_unavailable=True)
    world.fill(client, index)
    world.publish_what_was_learned(client, index, f"{index}-own")
    said: dict[str, bytes] = {}
    authority = world.authority_for(node.url, index)
    with authorising(authority) as relay, collecting(said) as collector:
        planted = {"secret": "planted-state-secret", "token": TOKEN, "collector": collector}
        with serving(relay.url, index, folder, encoder=False, rules=(), **planted) as proxy:
            _use(proxy, authority, said)
            said |= _of_operators(proxy)
            _written(client, index, said)
            relay.stop()
            _use(proxy, authority, said, "without a cluster ")
            said |= {f"{name}, cluster away": body for name, body in _of_operators(proxy).items()}
            until(lambda: any(path.stat().st_size for path in (folder / "spool").rglob("*.spool")))
            said |= {str(path): path.read_bytes() for path in (folder / "spool").rglob("*") if path.is_file()}
    said["log"] = (folder / "serve.log").read_bytes()
    said["doctor"] = _ltrr(folder / "ltrr.yml", "doctor", "--json")
    said["learn"] = _ltrr(folder / "ltrr.yml", "learn", "all")
    settings = load_settings(folder / "ltrr.yml", {})
    said["settings"] = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}".encode()
    yield Left(said)
    client.indices.delete(index=f"{index}*", ignore_unavailable=True)


@contextmanager
def collecting(said: dict[str, bytes]) -> Iterator[str]:
    """The address of a collector of spans, which keeps what it is sent."""

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said["spans"] = said.get("spans", b"") + self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _use(proxy: Serving, authority: Authority, said: dict[str, bytes], when: str = "") -> None:
    """Good and bad requests with every kind of credentials; what came back is kept."""
    search = orjson.dumps({"query": {"match": {"title": "red"}}, "explain": True, "ext": {"ltrr": {"explain": True}}})
    lines = b"{}\n" + orjson.dumps({"query": {"match": {"title": "red"}}}) + b"\n"
    event = orjson.dumps({"action_name": "click", "query_id": "q", "user_id": "u", "position": {"ordinal": -1}})
    requests = {
        "search": ("POST", f"/{authority.index}/_search?jwt_preference=planted-url-token", search),
        "ours": ("POST", f"/{authority.index}/_search?preference=planted-url-token", search),
        "refused": ("POST", f"/{authority.index}/_search", b'{"query":{"mtach":{}}}'),
        "msearch": ("POST", f"/{authority.index}/_msearch", lines),
        "passing": ("GET", f"/{authority.index}/_count?jwt=planted-url-token", None),
        "absent": ("GET", "/nowhere/_doc/1?jwt=planted-url-token", None),
        "events": ("POST", "/_ltrr/events", event),
    }
    for number, headers in enumerate(CREDENTIALS):
        for name, (method, target, body) in requests.items():
            got = call(proxy.url, method, target, body, headers)
            said[f"{when}{name} {number}"] = got.body + repr(got.headers).encode()


def _of_operators(proxy: Serving) -> dict[str, bytes]:
    routes = ("metrics", "health/ready", "health/live", "explain/q", "nothing")
    said = {}
    for route in routes:
        for name, headers in {"with": {"authorization": f"Bearer {TOKEN}"}, "without": {}}.items():
            said[f"{route} {name} token"] = call(proxy.admin, "GET", f"/_ltrr/{route}", None, headers).body
    return said


def _written(client: OpenSearch, index: str, said: dict[str, bytes]) -> None:
    """All documents that the proxy wrote, when there is one for each search that we answered."""
    searches = {id for answer in said.values() for id in _QUERY_ID.findall(answer)}
    assert searches

    def logged() -> bool:
        client.indices.refresh(index=f"{index}-*")
        found = client.search(index=f"{index}-own_decisions-*", body={"size": 1000}, ignore_unavailable=True)
        return all(id in orjson.dumps(found) for id in searches)

    until(logged)
    for name in ("own_decisions-*", "own_pages", "ubi_queries", "ubi_events"):
        found = client.search(index=f"{index}-{name}", body={"size": 1000}, params={"ignore_unavailable": "true"})
        said[f"documents of {name}"] = orjson.dumps(found["hits"]["hits"])


def _ltrr(config: Path, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--config", str(config), *arguments]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return ended.stdout + ended.stderr


def spellings(secret: str) -> set[bytes]:
    """As it is, as Basic authentication and as a URL would spell it."""
    names = ("", "alice:", "bob:", f"{OWN}:", ":")
    encoded = {b64encode(f"{name}{secret}".encode()).rstrip(b"=")[:-1] for name in names}
    return {secret.encode(), quote(secret).encode(), *encoded}


def test_everything_was_collected(left: Left) -> None:
    assert b'"query_id"' in left.said["documents of own_decisions-*"]
    assert b'"user_query"' in left.said["documents of ubi_queries"]
    assert any("spool" in name and body for name, body in left.said.items())
    assert b"no connection to the cluster" in left.said["log"]
    assert b"ltrr_" in left.said["metrics with token"]
    assert b'"what"' in left.said["doctor"]
    assert b"retrieve" in left.said["spans"]
    assert b"slow search" in left.said["log"]
    assert len(left.said) > 80


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_leaves_nowhere(left: Left, what: str) -> None:
    forms = spellings(SECRETS[what])
    assert [name for name, body in left.said.items() if any(form in body for form in forms)] == []


@pytest.mark.parametrize(
    "text",
    [
        "cluster: {url: 'http://me:planted-in-url@x:9200'}",
        "cluster: {username: u, password: [planted-in-list]}",
        "state: {secret: {a: planted-in-map}}",
        "admin: {token: planted-and-short, token_file: x}",
        "admin: {token: [planted-in-list]}",
        "admin: {token: planted-twice, token: planted-twice}",
        "cluster: {password: planted-plain, pasword: planted-misspelled}",
    ],
)
def test_a_mistake_in_the_settings_shows_no_secret(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ltrr.yml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_settings(path, {"OPENSEARCH_PASSWORD": "planted-in-environment", "LTRR_ADMIN_TOKEN": "planted-there"})
    assert "planted" not in str(refused.value)
