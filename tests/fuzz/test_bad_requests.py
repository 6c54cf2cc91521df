"""Bad requests of twenty classes, each sent to the node and, through a witness, by way of the proxy, and compared.

No crash, no hang, no 5xx that the node would not give, never two answers for one request, never a request that the node
sees differently from us. `scripts/test --fuzz` sends a thousand of each class, a plain run fewer.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from opensearchpy import OpenSearch, helpers

from tests.fuzz import bodies, framing, heads, json_bodies
from tests.fuzz.case import Case, cases
from tests.fuzz.judge import complaint
from tests.fuzz.under_test import Heard, Proxy, hear, proxy_before
from tests.fuzz.witness import Witness

EACH = int(os.environ.get("LTRR_FUZZ_EACH", "250"))
"""Requests of each class."""
SEED = int(os.environ.get("LTRR_FUZZ_SEED", "1"))
GENERATORS = {
    generate.__name__: generate
    for generate in (
        *(framing.both_lengths, framing.odd_lengths, framing.folded, framing.bare_breaks, framing.codings),
        *(heads.injected, heads.foreign_forms, heads.path_tricks, heads.request_lines, heads.oversized_heads),
        *(json_bodies.deep, json_bodies.numbers, json_bodies.characters, json_bodies.malformed),
        *(bodies.packed, bodies.events),
        *(json_bodies.doubled, json_bodies.wrong_types, bodies.lines, bodies.oversized),
    )
}
GROWTH_KB = 200 * 1024
"""Resident memory that the proxy may gain over all of them; pools and caches fill, bodies must not stay."""


@dataclass(frozen=True)
class Outcome:
    heard: dict[str, list[Heard]]
    witness: Witness
    grown_kb: int
    crashed: bool
    ready: bool
    log: str


@pytest.fixture(scope="module")
def index(client: OpenSearch) -> Iterator[str]:
    name = f"test_fuzz_{os.getpid()}"
    mapping = {"properties": {"title": {"type": "text"}, "price": {"type": "integer"}}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    client.indices.create(index=name, body={"settings": settings, "mappings": mapping})
    titles = ("red shoe", "blue boot", "red boot")
    documents = [{"_index": name, "_id": str(n), "title": f"{titles[n % 3]} {n}", "price": n % 9} for n in range(60)]
    helpers.bulk(client, documents, refresh=True)
    yield name
    client.indices.delete(index=f"{name}*", ignore_unavailable=True)


@pytest.fixture(scope="module")
def outcome(node: Any, index: str, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("fuzz")
    port = urlsplit(node.url).port or 9200

    async def run() -> Outcome:
        witness = Witness(port)
        await witness.open()
        before = proxy_before(witness.port, index, folder, (free_port(), free_port()))
        proxy = await asyncio.to_thread(before.__enter__)
        try:
            return await _sent(index, port, proxy, witness)
        finally:
            await asyncio.to_thread(before.__exit__, None, None, None)
            witness.close()

    return asyncio.run(run())


async def _sent(index: str, port: int, proxy: Proxy, witness: Witness) -> Outcome:
    heard = {}
    before = proxy.resident_kb
    for kind, generate in GENERATORS.items():
        made = cases(kind, generate, EACH, index, SEED, events=kind == "events")
        heard[kind] = await hear(made, port, proxy.port)
    grown = proxy.resident_kb - before
    ready = await asyncio.to_thread(lambda: proxy.ready)
    return Outcome(heard, witness, grown, proxy.process.poll() is not None, ready, proxy.log.read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_answer_is_one_that_the_node_could_have_given(outcome: Outcome, kind: str) -> None:
    heard = outcome.heard[kind]
    assert len(heard) == EACH
    wrong = [(one.case, why) for one in heard if (why := complaint(one.case, one.node, one.proxy))]
    said = "\n".join(f"{case.place.marker}: {why}: {case.raw[:300]!r}" for case, why in wrong[:5])
    assert not wrong, f"{len(wrong)} of {EACH}:\n{said}"


def test_the_node_saw_what_we_saw(outcome: Outcome) -> None:
    """Each request that reached it was unambiguous; a hidden one came only where the node, too, takes it for one."""
    assert outcome.witness.violations == []
    asked_twice = {one.case.place.smuggled for one in _all(outcome) if len(one.node.answers) > 1 or one.node.hung}
    hidden = [target.decode("latin-1") for target in outcome.witness.targets if b"-smuggled-" in target]
    assert [target for target in hidden if target not in asked_twice] == []


def test_the_proxy_is_as_well_as_before(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    assert not outcome.crashed, outcome.log
    assert outcome.ready
    assert outcome.grown_kb < GROWTH_KB
    with capsys.disabled():
        for kind, heard in outcome.heard.items():
            answered = Counter(str(one.proxy.statuses[0]) if one.proxy.answers else "closed" for one in heard)
            print(f"\n{kind:16} {len(heard):5}  {dict(answered.most_common())}", end="")  # noqa: T201 counts, asked for
        print()  # noqa: T201


def test_classes_hold_bad_and_sound_requests(outcome: Outcome) -> None:
    """A class whose every request is refused at the first look would test nothing behind it."""
    searched = {kind for kind, heard in outcome.heard.items() if any(one.proxy.statuses[:1] == [200] for one in heard)}
    assert searched >= {"codings", "injected", "path_tricks", "deep", "numbers", "characters", "doubled", "oversized"}


def _all(outcome: Outcome) -> list[Heard]:
    return [one for heard in outcome.heard.values() for one in heard]


def test_the_same_seed_makes_the_same_requests() -> None:
    def made() -> list[Case]:
        return [case for kind, generate in GENERATORS.items() for case in cases(kind, generate, 3, "shop", SEED)]

    assert made() == made()
