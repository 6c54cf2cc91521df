"""nginx as the peer for passing through, and as the upstream that always answers the same 4 KB."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ltrr_opensearch.bench.processes import connects, running, wait_until
from ltrr_opensearch.demo.stack import free_port
from ltrr_opensearch.errors import LtrrError

MISSING = (
    "nginx is what passing through is measured against, and is not here; install it "
    "(on Debian and Ubuntu: apt-get install nginx-light) and run this again"
)
ANSWER_BYTES = 4096
_COMMON = """
daemon off; master_process off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_timeout 600s; keepalive_requests 100000000; client_max_body_size 0;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}}}
"""
_FIXED = """
  open_file_cache max=10; default_type application/json;
  server {{ listen 127.0.0.1:{port}; root {folder}; location / {{ try_files /answer.json =404; }} }}
"""
_RELAY = """
  upstream there {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://there; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off;
    }}
  }}
"""


def binary() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise LtrrError(MISSING)
    return found


def version() -> str:
    said = subprocess.run([binary(), "-v"], capture_output=True, text=True, check=False).stderr  # noqa: S603
    return said.strip().rpartition("/")[2]


@contextmanager
def fixed_answer(folder: Path, on: int) -> Iterator[int]:
    """Answers every GET with the same 4 KB of JSON, which greet as OpenSearch; gives its port."""
    filler = '{"version": {"distribution": "opensearch", "number": "3.6.0"}, "filler": "%s"}'
    (folder / "answer.json").write_text(filler % ("x" * (ANSWER_BYTES - len(filler) + 2)), encoding="ascii")
    port = free_port()
    with _started(folder, "fixed", _FIXED.format(port=port, folder=folder), port, on):
        yield port


@contextmanager
def relay(folder: Path, upstream: int, on: int) -> Iterator[tuple[int, int]]:
    """`proxy_pass` to a port, kept-alive, request bodies streamed; gives its port and process id."""
    port = free_port()
    with _started(folder, f"relay-{port}", _RELAY.format(port=port, upstream=upstream), port, on) as pid:
        yield port, pid


@contextmanager
def _started(folder: Path, name: str, servers: str, port: int, on: int) -> Iterator[int]:
    file, log = folder / f"{name}.conf", folder / f"{name}.log"
    file.write_text(_COMMON.format(folder=folder, name=name, servers=servers), encoding="ascii")
    with running([binary(), "-p", str(folder), "-c", str(file)], log, (on,)) as process:
        wait_until(lambda: connects(port), process, log)
        yield process.pid
