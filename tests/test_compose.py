"""Docker cannot run everywhere, so what can be judged without it is judged here."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from docker.accounts import OURS, main
from ltrr_opensearch.cluster.roles import role
from ltrr_opensearch.configuration import load_settings

ROOT = Path(__file__).parents[1]


@pytest.fixture
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def test_the_proxy_waits_for_a_healthy_and_secured_cluster(services: dict[str, Any]) -> None:
    assert services["proxy"]["depends_on"] == {
        "opensearch": {"condition": "service_healthy"},
        "accounts": {"condition": "service_completed_successfully"},
    }
    assert "healthcheck" in services["opensearch"]
    assert "DISABLE_SECURITY_PLUGIN" not in services["opensearch"]["environment"]
    assert "OPENSEARCH_INITIAL_ADMIN_PASSWORD" in services["opensearch"]["environment"]


def test_the_version_is_that_of_the_local_node(services: dict[str, Any]) -> None:
    version = services["opensearch"]["image"].partition(":")[2]
    pom = (ROOT / "ltrr_opensearch" / "node" / "pom.xml").read_text()
    assert f"<opensearch.version>{version}</opensearch.version>" in pom


def test_mounted_and_copied_files_exist(services: dict[str, Any]) -> None:
    volumes = [volume for service in services.values() for volume in service.get("volumes", ())]
    mounted = [volume.split(":")[0] for volume in volumes if volume.startswith("./")]
    copied = [
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    ]
    assert [name for name in mounted + copied if not (ROOT / name).exists()] == []


def test_the_proxy_has_a_health_check() -> None:
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_only_the_accounts_service_is_given_the_administrator(services: dict[str, Any]) -> None:
    """The proxy has an account of its own, and no password of anybody else."""
    assert services["proxy"]["environment"]["OPENSEARCH_USERNAME"] == OURS
    assert "INITIAL_ADMIN" not in str(services["proxy"])
    assert "INITIAL_ADMIN" in str(services["accounts"])


def test_no_port_is_open_to_other_machines(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert [port for port in ports if port.endswith("9202")] == []


def test_accounts_are_put_as_the_security_plugin_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each user exists before a role is mapped to it; the people see their own part of the index and no more."""
    put: dict[str, Any] = {}
    authorizations = set()

    class Security(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            put[self.path] = json.loads(self.rfile.read(int(self.headers["content-length"])))
            authorizations.add(self.headers["authorization"])
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Security) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            "OPENSEARCH_URL": f"http://127.0.0.1:{server.server_address[1]}",
            "OPENSEARCH_INITIAL_ADMIN_PASSWORD": "a",
            "LTRR_PASSWORD": "b",
            "LTRR_CONFIG": str(ROOT / "docker" / "ltrr.yml"),
            "PEOPLE": "shop",
            "PEOPLE_PASSWORD": "c",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        main()
        server.shutdown()
    api = "/_plugins/_security/api"
    assert authorizations == {"Basic YWRtaW46YQ=="}
    assert put[f"{api}/roles/ltrr_serve"] == role("serve", load_settings(ROOT / "docker" / "ltrr.yml", {}))
    assert put[f"{api}/internalusers/ltrr"] == {"password": "b"}
    assert put[f"{api}/rolesmapping/ltrr_serve"] == {"users": ["ltrr"]}
    for name in ("alice", "bob"):
        (reads,) = put[f"{api}/roles/{name}_reads"]["index_permissions"]
        assert (reads["index_patterns"], reads["allowed_actions"]) == (["shop"], ["read"])
        assert json.loads(reads["dls"]) == {"terms": {"group.keyword": [name, "both"]}}
        assert put[f"{api}/rolesmapping/{name}_reads"] == {"users": [name]}
