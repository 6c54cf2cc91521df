"""Our proxy as the process that users run: `ltrr serve`, with a configuration of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from ltrr_opensearch.bench.processes import running, wait_until
from ltrr_opensearch.demo.stack import free_port
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.types import Json

LTRR = str(Path(sys.executable).with_name("ltrr"))


@dataclass(frozen=True, slots=True)
class Proxy:
    port: int
    admin: int
    pid: int
    ready_s: float
    """From its start to the first ready answer of its health route."""


@contextmanager
def proxy(folder: Path, settings: Json, on: Sequence[int] = ()) -> Iterator[Proxy]:
    """A proxy with these settings, but for its ports and its spool, once it says that it is ready."""
    port, admin = free_port(), free_port()
    file, log = folder / f"ltrr-{port}.yml", folder / f"ltrr-{port}.log"
    own: Json = {"serve": {"port": port}, "admin": {"port": admin}, "log": {"spool_dir": str(folder / f"spool-{port}")}}
    merged = settings | {section: {**settings.get(section, {}), **values} for section, values in own.items()}
    file.write_text(yaml.safe_dump(merged), encoding="utf-8")
    started = time.perf_counter()
    with running([LTRR, "--config", str(file), "serve"], log, on) as process:
        wait_until(lambda: _ready(admin), process, log)
        ready_s = time.perf_counter() - started
        faults = json.loads(_told(admin, "health/ready")).get("faults")
        # without an index of its own a proxy only relays, and what answers need be no OpenSearch
        if faults and settings.get("indexes"):
            raise LtrrError(f"a proxy does not serve its release as it should: {faults}; run the demo again")
        yield Proxy(port, admin, process.pid, ready_s)


@asynccontextmanager
async def beside(folder: Path, settings: Json) -> AsyncIterator[Proxy]:
    """The same from within an event loop, which goes on while the proxy starts and stops."""
    running = proxy(folder, settings)
    started = await asyncio.to_thread(running.__enter__)
    try:
        yield started
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


def _ready(admin: int) -> bool:
    try:
        return bool(_told(admin, "health/ready"))
    except (URLError, OSError):  # a refusal is a URLError too
        return False


def _told(admin: int, route: str) -> str:
    with urlopen(f"http://127.0.0.1:{admin}/_ltrr/{route}", timeout=5) as reply:
        said: str = reply.read().decode()
    return said


def stage_ms(admin: int, stage: str) -> float:
    """Sum of the times that a proxy's searches have spent in a stage, as its metrics tell it."""
    lines = _told(admin, "metrics").splitlines()
    head = f'ltrr_stage_seconds_sum{{stage="{stage}"}} '
    return sum(float(line.removeprefix(head)) for line in lines if line.startswith(head)) * 1000
