"""Indexes that the learning suite plays on: made and set up by our own commands if they are not there, then recorded.

A recording is kept beside the node's data and taken again when queries, strategies, the application's search or depth
change.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opensearchpy import OpenSearch
from rich.console import Console

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.record import Recorder, Template
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo.cluster import holds
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.mentions import sample_documents
from ltrr_opensearch.index.terms import count_terms
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.node.places import asked_home
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json, Vector
from ltrr_opensearch.understand.encoders import load_encoder

DEPTH = 200
PREFIX = "ltrr_arena"
Part = Callable[[Console, bool, Stack], list[Figure]]
"""What measures on the node that parts share."""


@dataclass(frozen=True)
class Recorded:
    settings: Settings
    recording: Recording
    gazetteer: Gazetteer
    terms: Terms


@contextmanager
def arena_stack() -> Iterator[Stack]:
    """The node and configuration that the parts of the learning suite share; what was started is stopped again."""
    stack = Stack(asked_home(os.environ), name="arena")
    try:
        yield stack
    finally:
        stack.close()


def as_suite(part: Part) -> Callable[[Console, bool], list[Figure]]:
    """A part as a suite of its own."""

    def measure(console: Console, quick: bool) -> list[Figure]:
        with arena_stack() as stack:
            return part(console, quick, stack)

    return measure


def prepare(console: Console, stack: Stack, index: str, body: Json, products: Sequence[Json], content: Json) -> None:
    """The index with all its products, by our own commands, under the configuration `content`."""
    client = connect_to(stack)
    if not client.indices.exists(index=index):
        client.indices.create(index=index, body=body)
    stack.configure(content | {"cluster": {"url": stack.node()}, "state": {"prefix": PREFIX}})
    if not holds(client, index, len(products)):
        file = stack.folder / f"{index}.jsonl"
        file.write_text("".join(json.dumps(p) + "\n" for p in products), encoding="utf-8")
        failed = str(stack.folder / "failed.jsonl")
        stack.run("load", index, str(file), "--id-field", "id", "--failed", failed, shown=True)
    with waiting(console, f"Setting {index} up"):
        stack.run("setup", index)


def connect_to(stack: Stack) -> OpenSearch:
    return OpenSearch(stack.node(), timeout=120)


def recorded(
    console: Console,
    stack: Stack,
    index: str,
    queries: Sequence[str],
    template: Template,
    also: Mapping[str, Iterable[str]],
) -> Recorded:
    """What every strategy answers to the queries; `also` names documents whose features are wanted besides."""
    settings = load_settings(stack.config)
    client = connect(settings.cluster)
    configured = settings.indexes[index]
    gazetteer = build_gazetteer(client, index, configured)
    terms = count_terms(sample_documents(client, index, configured), configured)
    file = stack.home / "arena" / f"{index}-{_digest(settings, index, queries, template)}.npz"
    if file.exists():
        return Recorded(settings, Recording.load(file), gazetteer, terms)
    with waiting(console, f"Encoding {len(queries)} queries"):
        vectors = dict(zip(queries, load_encoder(settings.encoder, None).encode(queries), strict=True))
    learner = Learner(settings, index, gazetteer, {}, terms=terms)
    with bar(console, f"Recording {index}", len(queries)) as done:
        recording = asyncio.run(_record(settings, learner, template, queries, vectors, also, done))
    recording.save(file)
    return Recorded(settings, recording, gazetteer, terms)


async def _record(
    settings: Settings,
    learner: Learner,
    template: Template,
    queries: Sequence[str],
    vectors: Mapping[str, Vector],
    also: Mapping[str, Iterable[str]],
    done: Callable[[int], None],
) -> Recording:
    upstream = Upstream(settings.cluster)
    await upstream.open()
    try:
        recorder = Recorder(upstream, learner.serving(), learner.key, template, DEPTH, vectors)
        return await recorder.record(queries, done, also)
    finally:
        await upstream.close()


def _digest(settings: Settings, index: str, queries: Sequence[str], template: Template) -> str:
    asked = [template(query)["query"] for query in queries]
    content = [settings.indexes[index].model_dump(mode="json"), settings.encoder.model, DEPTH, asked]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def folder(stack: Stack) -> Path:
    path = stack.home / "arena"
    path.mkdir(parents=True, exist_ok=True)
    return path
