"""Teaching a cross-encoder: a tiny one learns which word is wanted."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from ltrr_opensearch.errors import EncoderError
from ltrr_opensearch.learn.cross_encoder import Graded, Lessons, held_out, teach
from ltrr_opensearch.stage_settings import SecondStageSettings
from ltrr_opensearch.understand.cross_encoder import CrossEncoderScorer, LatePairs

WORDS = ("red", "blue", "green", "black")


def graded(count: int) -> list[Graded]:
    chance = Random(1)
    found = []
    for _ in range(count):
        texts = tuple(chance.choice(WORDS) for _ in range(8))
        found.append(Graded(chance.choice(WORDS), texts, tuple(3.0 * (text == "blue") for text in texts)))
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Weights by chance, of a model of two small layers."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("base")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]))
    config = BertConfig(vocab_size=9, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertModel(config).save_pretrained(folder)
    return str(folder)


def test_it_learns_what_the_judgments_say_and_serves_from_its_folder(base: str, tmp_path: Path) -> None:
    told: list[int] = []
    lessons = Lessons(epochs=2, documents=8, rate=3e-3, max_tokens=16)
    model = teach(base, graded(60), lessons, told.append)
    assert sum(told) == len(told) > 100
    model.save_pretrained(str(tmp_path / "taught"))
    late = LatePairs(SecondStageSettings(model=str(tmp_path / "taught"), max_tokens=16))
    with pytest.raises(EncoderError, match="before it was loaded"):
        late.score([("red", "red")])
    late.warm()
    scores = np.array([late.score([(query, text) for text in WORDS]) for query in WORDS])
    assert set(scores.argmax(axis=1).tolist()) == {WORDS.index("blue")}
    assert late.score([]) == []


def test_queries_are_left_out_whole_and_none_is_lost() -> None:
    lessons, judging = held_out(graded(50), 0.2, seed=3)
    assert (len(lessons), len(judging)) == (40, 10)
    assert held_out(graded(50), 0.2, seed=3) == (lessons, judging)


@pytest.mark.parametrize("where", ["./nowhere", "/nowhere"])
def test_what_is_no_model_is_said(where: str) -> None:
    with pytest.raises(EncoderError, match="not a folder with a cross-encoder"):
        CrossEncoderScorer(SecondStageSettings(model=where))
