"""Addresses, certificates and origins: what is wrong with them is said before anything is connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import ClusterSettings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('cluster: {url: "http://a:99999"}', r"x\.yml:1: cluster\.url: the port must be a number from 1 to 65535"),
        ('cluster: {url: "http://a:x"}', r"cluster\.url: the port must be"),
        ('cluster: {url: "http://:9200"}', r"cluster\.url: names no host"),
        ('cluster: {url: "http://a:1/?x=1"}', r"cluster\.url: must end with the host, port and path"),
        ('cluster: {url: "http://u:p@a:1"}', r"cluster\.url: names an account"),
        ('cluster: {nodes: ["http://a:1", "http://b:0"]}', r"cluster\.nodes\.1: the port must be"),
        ("cluster: {client_key: k.pem}", r"client_key is given without client_cert"),
        ("serve: {tls_key: k.pem}", r"tls_key is given without tls_cert"),
        ("cluster: {sigv4: {}}", r"cluster\.sigv4\.region"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "x.yml"
    file.write_text(text + "\n")
    with pytest.raises(SettingsError, match=said):
        load_settings(file, {})


def test_a_bad_port_of_the_environment_is_said_too() -> None:
    with pytest.raises(SettingsError, match="the port must be a number from 1 to 65535"):
        load_settings(None, {"OPENSEARCH_URL": "http://a:99999"})


def test_every_address_is_named_once() -> None:
    settings = ClusterSettings(url="http://a:1/", nodes=("http://b:2", "http://a:1"))
    assert settings.urls == ("http://a:1", "http://b:2")
