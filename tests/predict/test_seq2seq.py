"""The path through `transformers`, with a tiny model of random weights: what it says is noise, that it says is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.errors import EncoderError
from ltrr_opensearch.predict.predictor import Described
from ltrr_opensearch.predict.seq2seq import Seq2Seq

WORDS = ["red", "shoes", "blue", "hat", "for", "men", "running"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    made = tmp_path_factory.mktemp("t5")
    vocabulary = {word: i for i, word in enumerate(["<pad>", "</s>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers has no types here
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64
    )
    fast.save_pretrained(str(made))
    config = T5Config(vocab_size=len(vocabulary), d_model=8, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    config.decoder_start_token_id = 0
    T5ForConditionalGeneration(config).save_pretrained(str(made))
    return made


def test_queries_are_sampled_counted_and_the_same_for_the_same_seed(folder: Path) -> None:
    documents = [Described(str(i), "red running shoes for men", {}, np.ones(1, np.float32)) for i in range(3)]
    predicted = Seq2Seq(str(folder), samples=4, seed=1).predict(documents)
    assert len(predicted) == 3
    for some in predicted:
        assert some
        assert sum(one.score for one in some) <= 1.0 + 1e-9
        assert all(set(one.query.split()) <= {*WORDS, "unk"} for one in some)
    assert Seq2Seq(str(folder), samples=4, seed=1).predict(documents) == predicted


def test_what_is_no_such_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no model that makes queries"):
        Seq2Seq(str(tmp_path))
