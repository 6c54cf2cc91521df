"""TLS to the cluster, ended by a relay before a real node, and TLS for clients."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import orjson
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.tls import for_clients, to_cluster
from ltrr_opensearch.errors import SettingsError, Unreachable
from ltrr_opensearch.settings import ClusterSettings, ServeSettings
from tests.proxy.listening import call, listening
from tests.wire.certificates import Authority, relay
from tests.wire.ends import Wire, none_ours, settings_for


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def reason(url: str, **tls: Any) -> tuple[int, str]:
    """Status and, for an error, its reason, through a proxy with these settings."""
    with listening(settings_for(url, **tls), none_ours) as proxy:
        got = call(proxy.url, "GET", "/_cluster/health")
        search = call(proxy.url, "POST", "/shop/_search", b'{"query":{"match":{"title":"red"}}}')
    assert (got.status == 503) == (search.status == 503)
    return got.status, "" if got.status == 200 else got.json["error"]["reason"]


def test_the_cluster_is_verified_by_its_authority_and_by_default(
    node: Any, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(node.url, authority.serving("127.0.0.1")) as front:
        assert reason(front.url, ca_certs=authority.file) == (200, "")
        assert reason(front.url)[0] == 503
        assert "certificate verify failed" in caplog.text
        assert reason(front.url, verify_certs=False) == (200, "")


def test_a_certificate_for_another_name_is_refused(
    node: Any, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    with relay(node.url, authority.serving("search.example")) as front:
        assert reason(front.url, ca_certs=authority.file)[0] == 503
        assert "certificate is not valid for '127.0.0.1'" in caplog.text
        assert reason(front.url, ca_certs=authority.file, tls_server_name="search.example")[0] == 200
        assert reason(front.url, ca_certs=authority.file, verify_hostname=False)[0] == 200


def test_an_old_tls_version_is_refused(node: Any, authority: Authority) -> None:
    old = authority.serving("127.0.0.1")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with relay(node.url, old) as front:
        assert reason(front.url, ca_certs=authority.file)[0] == 200
        assert reason(front.url, ca_certs=authority.file, tls_min_version="1.3")[0] == 503


def test_our_certificate_is_shown_where_the_cluster_asks_for_one(node: Any, authority: Authority) -> None:
    cert, key = authority.issue("proxy.example")
    with relay(node.url, authority.serving("127.0.0.1", asks_for_certificates=True)) as front:
        assert reason(front.url, ca_certs=authority.file)[0] in (502, 503)
        mine = {"ca_certs": authority.file, "client_cert": cert, "client_key": key}
        assert reason(front.url, **mine)[0] == 200
        settings = ClusterSettings.model_validate({"url": front.url, **mine})
        assert connect(settings).info()["version"]["distribution"] == "opensearch"


def test_commands_follow_the_same_settings(node: Any, authority: Authority) -> None:
    with relay(node.url, authority.serving("search.example")) as front:
        named = ClusterSettings(url=front.url, ca_certs=authority.file, tls_server_name="search.example")
        assert connect(named).info()["version"]["distribution"] == "opensearch"
        with pytest.raises(Unreachable, match="does not speak trusted TLS"):
            connect(ClusterSettings(url=front.url, ca_certs=authority.file)).info()


def test_clients_may_speak_tls_with_us(node: Any, authority: Authority) -> None:
    cert, key = authority.issue("127.0.0.1")
    serve = ServeSettings(tls_cert=cert, tls_key=key)
    with listening(settings_for(node.url, serve), none_ours) as proxy:
        url = proxy.url.replace("http:", "https:")
        with OpenSearch(url, ca_certs=authority.file) as client:
            assert client.info()["version"]["distribution"] == "opensearch"
        with Wire(proxy.url, authority.trusting()) as wire:
            wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
            assert [orjson.loads(wire.answer()[1])["version"]["distribution"] for _ in range(2)] == ["opensearch"] * 2
        with Wire(proxy.url) as plain:
            plain.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionError):
                plain.answer()


def test_files_that_cannot_be_used_are_named_with_their_setting(authority: Authority, tmp_path: Path) -> None:
    cert, key = authority.issue("a.example")
    _, other = authority.issue("b.example")
    (tmp_path / "text").write_text("no PEM")
    text, none = str(tmp_path / "text"), str(tmp_path / "none.pem")
    cases = [
        ({"ca_certs": none}, rf"cluster\.ca_certs: cannot read authorities from '{none}' \(No such file"),
        ({"ca_certs": text}, r"cluster\.ca_certs: cannot read authorities"),
        ({"client_cert": none}, r"cluster\.client_cert: cannot read a certificate"),
        ({"client_cert": cert, "client_key": none}, r"cluster\.client_key: cannot read a key"),
        ({"client_cert": cert, "client_key": other}, r"cluster\.client_cert: .* are no certificate with its key"),
    ]
    for given, said in cases:
        with pytest.raises(SettingsError, match=said):
            to_cluster(ClusterSettings.model_validate({"url": "https://x", **given}))
    with pytest.raises(SettingsError, match=r"serve\.tls_cert: .* are no certificate with its key"):
        for_clients(ServeSettings(tls_cert=cert, tls_key=other))
    assert for_clients(ServeSettings()) is None
    assert for_clients(ServeSettings(tls_cert=cert, tls_key=key)) is not None
