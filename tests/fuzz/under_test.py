"""A real proxy process before a witness before a real node, and every case sent to the proxy and to the node."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from tests.fuzz.bodies import LARGEST_SEARCH
from tests.fuzz.case import Case
from tests.fuzz.wire import GRACE_S, Seen, converse
from tests.fuzz.witness import Witness

AT_ONCE = 128
"""Cases under way at the same time."""
START_S = 30.0


@dataclass(frozen=True)
class Heard:
    case: Case
    node: Seen
    proxy: Seen


@dataclass(frozen=True)
class Proxy:
    process: subprocess.Popen[bytes]
    port: int
    admin: int
    log: Path

    @property
    def ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.admin}/_ltrr/health/ready", timeout=5) as reply:
                return bool(reply.status == 200)
        except (URLError, OSError):
            return False

    @property
    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


@contextmanager
def proxy_before(port: int, index: str, folder: Path, ports: tuple[int, int], **serve: object) -> Iterator[Proxy]:
    """`ltrr serve` before the cluster at this port of the loopback, ready."""
    config = {
        "cluster": {"url": f"http://127.0.0.1:{port}"},
        "serve": {"port": ports[0], "max_search_kb": LARGEST_SEARCH / 1024, **serve},
        "admin": {"port": ports[1]},
        "state": {
            "prefix": f"{index}-own",
            "ubi_queries": f"{index}-q",
            "ubi_events": f"{index}-e",
            "secret": "fuzzed",
        },
        "log": {"spool_dir": str(folder / "spool")},
        "indexes": {index: {"text_fields": {"title": 1}}},
    }
    (folder / "ltrr.yml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--config", str(folder / "ltrr.yml"), "serve"]
    log = folder / "serve.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        proxy = Proxy(process, *ports, log)
        try:
            until = time.monotonic() + START_S
            while not proxy.ready:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
            yield proxy
        finally:
            process.terminate()
            process.wait(40)


async def hear(cases: Sequence[Case], node: int, proxy: int) -> list[Heard]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def both(case: Case) -> Heard:
        async with gate:
            straight = Seen() if case.events else await converse(node, case, GRACE_S)
            return Heard(case, straight, await converse(proxy, case))

    return list(await asyncio.gather(*map(both, cases)))


async def witnessed(cases: Sequence[Case], node: int, witness: Witness, proxy: int) -> list[Heard]:
    """All cases, one class after the other, so that a complaint points at one."""
    heard: list[Heard] = []
    for kind in dict.fromkeys(case.kind for case in cases):
        heard += await hear([case for case in cases if case.kind == kind], node, proxy)
    return heard
