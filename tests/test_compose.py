"""Docker cannot run everywhere, so what can be judged without it is judged here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def test_the_proxy_waits_for_a_healthy_and_secured_cluster(services: dict[str, Any]) -> None:
    assert services["proxy"]["depends_on"] == {"opensearch": {"condition": "service_healthy"}}
    assert "healthcheck" in services["opensearch"]
    assert "DISABLE_SECURITY_PLUGIN" not in services["opensearch"]["environment"]
    assert "OPENSEARCH_INITIAL_ADMIN_PASSWORD" in services["opensearch"]["environment"]


def test_the_version_is_that_of_the_local_node(services: dict[str, Any]) -> None:
    version = services["opensearch"]["image"].partition(":")[2]
    pom = (ROOT / "ltrr_opensearch" / "node" / "pom.xml").read_text()
    assert f"<opensearch.version>{version}</opensearch.version>" in pom


def test_mounted_and_copied_files_exist(services: dict[str, Any]) -> None:
    mounted = [volume.split(":")[0] for volume in services["proxy"]["volumes"] if volume.startswith("./")]
    copied = [
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    ]
    assert [name for name in mounted + copied if not (ROOT / name).exists()] == []


def test_the_proxy_has_a_health_check() -> None:
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
