"""The shop that the scenarios search, and a proxy before it: `ltrr serve` as a process, four plans asked every time."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.logged import Part
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.types import EntityScore, Json
from tests.parity.encoder import DIMENSION, WordEncoder

HERE = Path(__file__).parent
START = datetime(2025, 1, 1, tzinfo=UTC)
KINDS = ("shoes", "boots", "laptop", "bag", "lamp", "jacket")
COLOURS = ("red", "blue", "green", "black", "white")
MATERIALS = ("leather", "canvas", "steel", "cotton")
BRANDS = ("Acme", "Globex", "Initech", "Umbrella", "Hooli", "Stark", "Wayne")


@dataclass(frozen=True, slots=True)
class World:
    """The node, the proxy before it, its operators' port, and the real names of what scenarios call `{shop}` and so on.

    `deals` is an alias of `shop` with a filter, `news` a data stream, `raw` not configured.
    """

    node: str
    proxy: str
    admin: str
    names: dict[str, str]


def product(number: int) -> Json:
    """Product `number`; every attribute cycles with a period of its own."""
    kind, colour, material = (words[number % len(words)] for words in (KINDS, COLOURS, MATERIALS))
    title = f"{colour} {material} {kind}"
    document: Json = {
        "title": title,
        "description": f"{material} {kind} number {number} for {'work' if number % 3 else 'holidays and red carpets'}",
        "brand": BRANDS[number % len(BRANDS)],
        "colour": colour,
        "category": kind,
        "tags": [material, "new" if number % 10 == 0 else "classic"],
        "price": round(5 + (number * 37) % 200 + 0.5, 2),
        "stock": number % 4,
        "in_stock": number % 4 != 0,
        "sales": (number * 13) % 97,
        "released": (START + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "location": {"lat": 40 + number % 20, "lon": number % 50},
        "variants": [{"sku": f"{number}-{size}", "size": size} for size in range(36 + number % 3, 39 + number % 3)],
        "embedding": WordEncoder().encode([title])[0].tolist(),
    }
    return document if number % 9 else {k: v for k, v in document.items() if k != "brand"}


def make_indexes(client: OpenSearch, names: dict[str, str]) -> None:
    mapping = yaml.safe_load((HERE / "mapping.yml").read_text())
    for name, shards, numbers in (("shop", 2, range(240)), ("outlet", 1, range(240, 300)), ("raw", 1, range(12))):
        settings = {"number_of_shards": shards, "number_of_replicas": 0, "knn": True}
        client.indices.create(index=names[name], body={"settings": settings, "mappings": mapping})
        helpers.bulk(client, ({"_index": names[name], "_id": str(n), "_source": product(n)} for n in numbers))
    in_stock = {"term": {"in_stock": True}}
    client.indices.update_aliases(
        body={
            "actions": [
                {"add": {"index": names["shop"], "alias": names["deals"], "filter": in_stock}},
                {"add": {"index": names["shop"], "alias": names["strict"]}},
                {"add": {"index": names["shop"], "alias": names["flawed"]}},
            ]
        }
    )
    stream = {"number_of_shards": 1, "number_of_replicas": 0, "index.knn": True}
    template = {"settings": stream, "mappings": mapping}
    body = {"index_patterns": [names["news"]], "data_stream": {}, "priority": 500, "template": template}
    client.indices.put_index_template(name=names["news"], body=body)
    client.indices.create_data_stream(name=names["news"])
    news = ({**product(n), "@timestamp": product(n)["released"]} for n in range(40))
    helpers.bulk(client, ({"_index": names["news"], "_op_type": "create", "_source": n} for n in news))
    client.indices.refresh(index=",".join(names[n] for n in ("shop", "outlet", "raw", "news")))


def configuration(node: str, names: dict[str, str], spool: Path) -> Json:
    text = (HERE / "proxy.yml").read_text()
    for name, real in {**names, "node": node, "spool": str(spool), "dimension": str(DIMENSION)}.items():
        text = text.replace("{" + name + "}", real)
    settings: Json = yaml.safe_load(text)
    return settings


def publish(client: OpenSearch, settings: Json) -> None:
    """What set-up and learning would have published: slot values and a memory, for every configured index."""
    entities = tuple(EntityScore(str(n), 0.9 - n / 1000) for n in (7, 19, 101, 222))
    memory = Memory.from_rows([MemoryRow("red shoes", entities), MemoryRow("laptop", entities[:2])]).to_bytes()
    for key, index in settings["indexes"].items():
        values = build_gazetteer(client, key, IndexSettings(**index)).to_bytes()
        parts = {"gazetteer": _part("gazetteer", key, values), "memory": _part("memory", key, memory)}
        ReleaseStore(client, settings["state"]["prefix"]).publish(key, parts)


def _part(kind: str, key: str, payload: bytes) -> Part:
    digest = hashlib.sha256(payload).hexdigest()
    return Part(kind, key, digest[:12], "values", payload, digest, START)


def install_encoder(folder: Path) -> None:
    """What `pip install` would leave behind for `encoder.model: plugin:words`."""
    metadata = folder / "words-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: words\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ltrr_opensearch.encoders]\nwords = tests.parity.encoder:load\n")


@contextmanager
def serving(settings: Json, folder: Path) -> Iterator[tuple[str, str]]:
    """A proxy in a process of its own; gives where it and its operators' port listen."""
    install_encoder(folder)
    file = folder / "ltrr.yml"
    file.write_text(yaml.safe_dump(settings))
    run = [sys.executable, "-c", "from ltrr_opensearch.cli.main import main; main()", "--config", str(file)]
    path = os.pathsep.join((str(folder), str(HERE.parents[1])))
    command = [*run, "serve", "--port", "0", "--admin-port", "0"]
    with (
        (folder / "stderr").open("w") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=os.environ | {"PYTHONPATH": path}
        ) as process,
    ):
        assert process.stdout is not None
        try:
            printed = "".join(process.stdout.readline() for _ in range(4))
            found = re.findall(r"^(?:proxy|operators) +(http://[0-9.]+:\d+)", printed, re.MULTILINE)
            assert len(found) == 2, (folder / "stderr").read_text()
            yield found[0], found[1]
        finally:
            process.terminate()
            process.wait(20)
