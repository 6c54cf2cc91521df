"""`ltrr serve` as a process: what it prints, how it starts without a cluster, how it stops."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.proxy.listening import call

SECRET = "warning: state.secret is the default"
CONFIGURATION = """
cluster: {{url: "{url}"}}
log: {{spool_dir: "{spool}"}}
state: {{prefix: test_serve{secret}}}
indexes:
  serve_shop: {{text_fields: {{title: 1}}}}
"""
LTRR = [sys.executable, "-c", "from ltrr_opensearch.cli.main import main; main()"]


@pytest.fixture
def configuration(tmp_path: Path) -> Any:
    def write(url: str, secret: str = "", more: str = "") -> Path:
        path = tmp_path / "ltrr.yml"
        path.write_text(CONFIGURATION.format(url=url, spool=tmp_path / "spool", secret=secret) + more)
        return path

    return write


@contextmanager
def serving(configuration: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and what it printed until it was ready."""
    command = [*LTRR, "--config", str(configuration), "serve", "--port", "0", "--admin-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, [process.stdout.readline() for _ in range(3)]
        finally:
            process.kill()


def address(line: str) -> str:
    found = re.search(r"http://[0-9.]+:\d+", line)
    assert found, line
    return found[0]


def test_it_says_where_it_listens_and_stops_when_told(node: Any, configuration: Any) -> None:
    with serving(configuration(node.url)) as (process, printed):
        proxy, admin, indexes = address(printed[0]), address(printed[1]), printed[2]
        assert "serve_shop" in indexes
        assert process.stdout is not None
        assert "OpenSearch 3." in process.stdout.readline()
        assert call(proxy, "GET", "/").json["version"]["distribution"] == "opensearch"
        assert call(admin, "GET", "/_ltrr/health/ready").status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_without_a_cluster_it_starts_warns_and_is_not_ready(configuration: Any) -> None:
    with serving(configuration("http://127.0.0.1:1")) as (process, printed):
        assert call(address(printed[0]), "GET", "/_cat/health").status == 503
        assert call(address(printed[1]), "GET", "/_ltrr/health/ready").status == 503
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        said = process.stderr.read()
        assert "warning: no connection to the cluster at http://127.0.0.1:1" in said
        assert said.count(SECRET) == 1


def test_a_secret_of_ones_own_is_no_reason_to_warn(configuration: Any) -> None:
    with serving(configuration("http://127.0.0.1:1", secret=", secret: mine")) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert SECRET not in process.stderr.read()


def test_an_encoder_without_its_extra_ends_the_start(configuration: Any) -> None:
    dense = "    vector: {dimension: 4}\nencoder: {model: some/model}\n"
    path = configuration("http://127.0.0.1:1", more=dense)
    path.write_text(path.read_text().replace("{text_fields: {title: 1}}", "\n    text_fields: {title: 1}"))
    missing = "import sys; sys.modules['sentence_transformers'] = None; " + LTRR[-1]
    command = [*LTRR[:-1], missing, "--config", str(path), "serve", "--port", "0", "--admin-port", "0"]
    got = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert got.returncode == 1
    said = "sentence-transformers is not installed; install it with: pip install 'ltrr-opensearch[encoder]'"
    assert said in got.stderr
    assert "Traceback" not in got.stderr
    assert got.stderr.endswith("Error: the proxy could not start; the log says why\n")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("choose: {policy: magic}\n", "choose.policy is 'magic'; allowed: vowpal, lints"),
        (
            "    strategies: [{name: original, use: original}, {name: nope, use: nope}]\n",
            "there is no 'nope' to use; there are: ",
        ),
        ("", "cannot be written"),
    ],
)
def test_what_cannot_be_served_ends_the_start_without_a_trace(configuration: Any, more: str, said: str) -> None:
    path = configuration("http://127.0.0.1:1", more=more)
    path.write_text(path.read_text().replace("{text_fields: {title: 1}}", "\n    text_fields: {title: 1}"))
    if not more:
        (path.parent / "spool").write_text("a file")
    command = [*LTRR, "--config", str(path), "serve", "--port", "0", "--admin-port", "0"]
    got = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert got.returncode == 1
    assert "the proxy cannot start: " in got.stderr
    assert said in got.stderr
    assert "Traceback" not in got.stderr
    assert got.stderr.endswith("Error: the proxy could not start; the log says why\n")


def test_a_port_that_is_taken_is_named(configuration: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*LTRR, "--config", str(configuration("http://127.0.0.1:1")), "serve", "--port", port]
        got = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert got.returncode == 1
    assert f"serve.port: cannot listen on 127.0.0.1:{port}" in got.stderr
