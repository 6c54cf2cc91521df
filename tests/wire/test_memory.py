"""Large bodies through a proxy process, both ways: its memory stays flat."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.wire.ends import OK, Wire, cluster

BODY_MB = 256
GROWTH_MB = 64
CHUNK = b"x" * (1 << 20)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Where a proxy listens, and its process id; the cluster counts what it is sent, or sends much."""

    def converse(wire: Wire) -> None:
        while True:
            head = wire.until(b"\r\n\r\n")
            if head.startswith(b"POST /_bulk"):
                left = BODY_MB << 20
                left -= len(wire.read)
                wire.read = b""
                while left:
                    left -= len(wire.socket.recv(1 << 20))
                wire.send(OK)
            elif head.startswith(b"GET /large"):
                wire.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (BODY_MB << 20))
                for _ in range(BODY_MB):
                    wire.send(CHUNK)
            else:
                wire.send(OK)

    with cluster(converse) as url:
        (tmp_path / "ltrr.yml").write_text(
            yaml.safe_dump({"cluster": {"url": url}, "log": {"spool_dir": str(tmp_path / "spool")}})
        )
        run = [sys.executable, "-c", "from ltrr_opensearch.cli.main import main; main()"]
        command = [*run, "--config", str(tmp_path / "ltrr.yml"), "serve", "--port", "0", "--admin-port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                found = re.search(r"http://[0-9.]+:\d+", process.stdout.readline())
                assert found
                yield found[0], process.pid
            finally:
                process.terminate()
                process.wait(20)


def peak_mb(pid: int) -> float:
    said = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert said
    return int(said[1]) / 1024


@pytest.mark.parametrize("parsed", [False, True])
def test_memory_stays_flat(serving: tuple[str, int], parsed: bool) -> None:
    url, pid = serving
    with Wire(url) as wire:
        wire.send(b"GET /any HTTP/1.1\r\nHost: x\r\n\r\n")
        wire.answer()
        before = peak_mb(pid)
        if not parsed:
            wire.send(b"POST /_bulk HTTP/1.1\r\nHost: x\r\ncontent-length: %d\r\n\r\n" % (BODY_MB << 20))
            for _ in range(BODY_MB):
                wire.send(CHUNK)
            assert wire.answer()[1] == b"{}"
        wire.send(b"GET /large HTTP/1.1\r\nHost: x\r\n%b\r\n" % (b"Connection: close\r\n" if parsed else b""))
        wire.until(b"\r\n\r\n")
        left = (BODY_MB << 20) - len(wire.read)
        wire.read = b""
        while left:
            left -= len(wire.socket.recv(1 << 20))
        assert peak_mb(pid) - before < GROWTH_MB
