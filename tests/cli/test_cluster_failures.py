"""Commands against a cluster that is not well: one line that says what and what to do, never a trace."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from opensearchpy import NotFoundError, RequestError

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.settings import ClusterSettings
from tests.conftest import TestNode

ROOT = {"name": "n", "cluster_name": "c", "version": {"number": "3.6.0", "distribution": "opensearch"}}
COMMANDS = (
    ("setup", "shop"),
    ("setup", "shop", "--dry-run"),
    ("setup", "shop", "--discover", "--output", "-"),
    ("load", "shop", "documents.jsonl"),
    ("sync", "shop"),
    ("learn", "policy"),
    ("models", "list"),
    ("models", "rollback"),
)


@contextmanager
def cluster(status: int) -> Iterator[str]:
    """Greets as OpenSearch does, and answers everything else with the status."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            known = self.path == "/"
            error = {"type": "some_exception", "reason": "shards are red"}
            body = json.dumps(ROOT if known else {"error": error, "status": status}).encode()
            self.send_response(200 if known else status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 as http.server calls them

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run(folder: Path, url: str, *arguments: str) -> Result:
    configuration = folder / "ltrr.yml"
    cluster = {"url": url, "timeout_ms": 300}
    configuration.write_text(json.dumps({"cluster": cluster, "indexes": {"shop": {"text_fields": {"title": 1}}}}))
    (folder / "documents.jsonl").write_text('{"id": "1", "title": "shoe"}\n')
    with chdir(folder):
        return CliRunner().invoke(main, ["--config", "ltrr.yml", *arguments])


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("status", [500, 503])
def test_a_cluster_that_is_not_well(tmp_path: Path, status: int, arguments: tuple[str, ...]) -> None:
    with cluster(status) as url:
        got = run(tmp_path, url, *arguments)
    assert (got.exit_code, type(got.exception)) == (1, SystemExit), got.exception
    last = got.stderr.splitlines()[-1]
    assert last.startswith("Error: "), got.stderr
    assert str(status) in last
    assert "shards are red" in last


def test_a_cluster_that_does_not_answer_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        got = run(tmp_path, url, "models", "list")
    assert got.exit_code == 1
    assert got.stderr.startswith(f"Error: no answer from {url} in time to ")
    assert "cluster.timeout_ms" in got.stderr


def test_what_is_expected_to_be_absent_is_not_logged(node: TestNode, caplog: pytest.LogCaptureFixture) -> None:
    with connect(ClusterSettings(url=node.url)) as client, caplog.at_level(logging.WARNING, "opensearch"):
        with pytest.raises(NotFoundError):
            client.get(index="test_no_such_index", id="1")
        assert caplog.messages == []
        with pytest.raises(RequestError):
            client.search(body={"no_such_key": 1})
    assert len(caplog.messages) == 1
    assert "[status:400" in caplog.messages[0]
