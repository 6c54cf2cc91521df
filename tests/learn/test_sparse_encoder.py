"""Making a sparse encoder: a tiny one learns words that are never said together with their document's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.errors import DataError, EncoderError
from ltrr_opensearch.learn.imagined import Imagined, Shown, found_first, shown
from ltrr_opensearch.learn.sparse_encoder import Example, Lessons, teach
from ltrr_opensearch.settings import SparseEncoderSettings
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.sparse_encoders import SpladeEncoder, load_sparse_encoder

COLOURS = ("red", "blue", "green")
THINGS = ("shoe", "sofa", "lamp")
SAID = {"footwear": "shoe", "couch": "sofa", "light": "lamp"}
"""What people call a thing, which no document does."""
DOCUMENTS = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]
LESSONS = Lessons(steps=150, batch=6, layers=2, sparsity=0.001, unsaid=0.5, max_tokens=16, rate=3e-3, head_rate=3e-3)


def dense(texts: Sequence[str]) -> Vector:
    """An axis a thing and a colour, whatever the thing is called."""
    axes = [*COLOURS, *THINGS]
    rows = np.array([[float(axis in [SAID.get(w, w) for w in text.split()]) for axis in axes] for text in texts])
    unit: Vector = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def drawn(rng: np.random.Generator) -> Example:
    document = DOCUMENTS[int(rng.integers(len(DOCUMENTS)))]
    colour, thing = document.split()
    called = next(word for word, means in SAID.items() if means == thing)
    return Example(f"{colour} {called if rng.random() < 0.5 else thing}", document)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Weights by chance, with more words than the documents use."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *COLOURS, *THINGS, *SAID, "never", "a", "##b"]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def made(base: str, tmp_path_factory: pytest.TempPathFactory) -> SpladeEncoder:
    told: list[int] = []
    model = teach(base, [*DOCUMENTS, *(["footwear couch light"] * 3)], drawn, dense, LESSONS, told.append)
    assert sum(told) == LESSONS.steps
    folder = tmp_path_factory.mktemp("made")
    model.save_pretrained(str(folder))
    return load_sparse_encoder(SparseEncoderSettings(model=str(folder), max_tokens=16))


def score(encoder: SpladeEncoder, query: str) -> dict[str, float]:
    (asked,) = encoder.encode([query])
    found = zip(DOCUMENTS, encoder.encode_documents(DOCUMENTS), strict=True)
    return {text: sum(w * terms.get(term, 0.0) for term, w in asked.items()) for text, terms in found}


def test_documents_are_found_by_what_people_call_them(made: SpladeEncoder) -> None:
    for called, thing in SAID.items():
        for colour in COLOURS:
            scores = score(made, f"{colour} {called}")
            assert max(scores, key=lambda text: scores[text]) == f"{colour} {thing}"


def test_what_it_says_is_the_same_again_and_cut_to_the_heaviest_terms(made: SpladeEncoder, tmp_path: Path) -> None:
    whole = made.encode_documents(["red shoe", ""])
    assert whole == made.encode_documents(["red shoe", ""])
    assert list(whole[0].values()) == sorted(whole[0].values(), reverse=True)
    assert all(term.isdigit() and weight > 0 for term, weight in whole[0].items())
    made._model.save_pretrained(str(tmp_path / "model"))
    cut = load_sparse_encoder(SparseEncoderSettings(model=str(tmp_path / "model"), max_tokens=16, document_terms=2))
    assert cut.encode_documents(["red shoe"]) == [dict(list(whole[0].items())[:2])]
    assert cut.digest != made.digest
    assert made.encode([]) == made.encode_documents([]) == []
    assert made.encode(["никто"]) == [{}]


def test_the_vocabulary_is_that_of_the_documents(made: SpladeEncoder) -> None:
    tokens = made._model.tokenizer.get_vocab()
    assert {*COLOURS, *THINGS} <= tokens.keys()
    assert "never" not in tokens


def test_nothing_to_begin_with_is_said(base: str, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="nothing to begin a sparse encoder with"):
        teach(str(tmp_path), DOCUMENTS, drawn, dense, LESSONS, lambda _: None)
    with pytest.raises(DataError, match="no token is in 3 of the 1 documents"):
        teach(base, ["red shoe"], drawn, dense, LESSONS, lambda _: None)
    with pytest.raises(EncoderError, match=r"not a folder with a sparse encoder .* `ltrr sparse-encoder` makes one"):
        load_sparse_encoder(SparseEncoderSettings(model=str(tmp_path)))
    with pytest.raises(EncoderError, match=r"set sparse_encoder\.model"):
        load_sparse_encoder(SparseEncoderSettings())


def test_queries_are_imagined_from_title_slots_and_what_was_asked() -> None:
    fields = {"title": ["Red leather shoe"], "brand": ["ACME"]}
    document = shown(fields, "Red leather shoe ACME", "title", ("brand", "size"))
    assert document == Shown("Red leather shoe ACME", ("Red", "leather", "shoe"), ("ACME",))
    assert shown({}, "", "title", ()) is None
    rng = np.random.default_rng(0)
    lessons = Imagined([document], [("pumps", ["high shoe"])])
    seen = {lessons.draw(rng) for _ in range(200)}
    assert {Example("pumps", "high shoe"), Example("ACME", "Red leather shoe ACME")} <= seen
    words = {one.query for one in seen} - {"pumps", "ACME"}
    assert words == {"Red", "leather", "shoe", "Red leather", "Red shoe", "leather shoe", "Red leather shoe"}


def test_ranks_of_the_own_document_share_their_ties() -> None:
    near = np.array([[3, 1, 1], [2, 1, 0], [0, 0, 0]], dtype=np.float32)
    assert found_first(near) == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
