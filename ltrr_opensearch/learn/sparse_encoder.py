"""Makes a small sparse encoder of a shop's own: queries by a table, documents by a short network, from dense weights.

Published sparse models are large and know no catalogue. Here the vocabulary of a dense encoder is cut to the tokens
that the documents use, its first layers and embeddings are kept, and a head that names terms is put upon them. Queries
weigh a token by its inverse document frequency (inference-free: Geng et al. 2024, arXiv 2411.04403). What is learned
is which terms stand for a document: those of texts that people would ask for it with, told by two losses, that each
text finds its own document in the batch, and that documents are as near as the dense encoder has them (distillation);
a third keeps the vectors sparse (FLOPS, Paria et al. 2020, as SPLADE has it, Formal et al. 2021).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ltrr_opensearch.errors import DataError, EncoderError, MissingExtra
from ltrr_opensearch.types import Vector

if TYPE_CHECKING:
    from sentence_transformers import SparseEncoder

LEAST_DOCUMENTS = 3
"""A token of fewer documents is spelled by its pieces."""
LETTERS = 0x250
"""Single characters up to here stay in the vocabulary, so that whatever is asked can be spelled."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SHARPNESS = 20.0
"""Factor of cosines before they become shares of a batch."""
WARM_UP = 50
SAMPLED = 64
"""Documents that tell where a term begins to be said."""


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody may ask, and the document that answers it."""

    query: str
    document: str


@dataclass(frozen=True, slots=True)
class Lessons:
    """`sparsity`: price of terms. `layers`: kept of the dense encoder.

    `unsaid`: share of the vocabulary that a token does not name to begin with; what is never said is never learned.
    """

    steps: int = 300
    batch: int = 16
    layers: int = 3
    sparsity: float = 0.01
    unsaid: float = 0.98
    max_tokens: int = 64
    rate: float = 1e-4
    head_rate: float = 5e-4
    seed: int = 0


def teach(
    base: str,
    documents: Sequence[str],
    drawn: Callable[[np.random.Generator], Example],
    dense: Callable[[Sequence[str]], Vector],
    lessons: Lessons,
    learned: Callable[[int], None],
) -> SparseEncoder:
    """`base`: a BERT, a folder or a hub's name, with which `dense` embeds texts. `learned` is told of steps."""
    torch = _torch(lessons.seed)
    tokenizer, network = _cut(base, documents, lessons)
    weights = torch.tensor(_query_weights(tokenizer, documents, lessons.max_tokens))
    rng = np.random.default_rng(lessons.seed)
    head = [p for name, p in network.named_parameters() if name.startswith("cls.")]
    body = [p for name, p in network.named_parameters() if not name.startswith("cls.")]
    optimizer = torch.optim.AdamW([{"params": head}, {"params": body}])
    network.train()
    for step in range(lessons.steps):
        batch = [drawn(rng) for _ in range(lessons.batch)]
        terms = _document_terms(network, tokenizer, [one.document for one in batch], lessons.max_tokens)
        scores = _query_terms(tokenizer, [one.query for one in batch], weights) @ terms.T
        loss = _loss(scores, batch, dense) + lessons.sparsity * _ramp(step, lessons) * (terms.mean(0) ** 2).sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for group, rate in zip(optimizer.param_groups, (lessons.head_rate, lessons.rate), strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARM_UP) * max(0.02, 1 - step / lessons.steps)
        optimizer.step()
        optimizer.zero_grad()
        learned(1)
    network.eval()
    return _model(network, tokenizer, weights)


def _loss(scores: Any, batch: Sequence[Example], dense: Callable[[Sequence[str]], Vector]) -> Any:
    """Cross-entropy on the own document, and divergence from how near the dense encoder has all of the batch."""
    import torch

    near = dense([one.query for one in batch]) @ dense([one.document for one in batch]).T
    wanted = torch.softmax(torch.tensor(near) * SHARPNESS, 1)
    told = torch.log_softmax(scores, 1)
    own = torch.nn.functional.nll_loss(told, torch.arange(len(batch)))
    return own + torch.nn.functional.kl_div(told, wanted, reduction="batchmean")


def _ramp(step: int, lessons: Lessons) -> float:
    """Terms are free at first: a price from the start leaves none (Formal et al. 2021)."""
    return min(1.0, (2 * step / lessons.steps) ** 2)


def _document_terms(network: Any, tokenizer: Any, texts: Sequence[str], max_tokens: int) -> Any:
    import torch

    told = tokenizer(list(texts), padding=True, truncation=True, max_length=max_tokens, return_tensors="pt")
    weights = torch.log1p(torch.relu(network(**told).logits))
    return torch.where(told["attention_mask"][:, :, None].bool(), weights, 0.0).max(1).values


def _query_terms(tokenizer: Any, texts: Sequence[str], weights: Any) -> Any:
    import torch

    rows = torch.zeros(len(texts), len(weights))
    for row, tokens in zip(rows, tokenizer(list(texts), add_special_tokens=False)["input_ids"], strict=True):
        row[tokens] = weights[tokens]
    return rows


def _query_weights(tokenizer: Any, documents: Sequence[str], max_tokens: int) -> list[float]:
    """Inverse document frequencies, 1 at the mean; special tokens weigh nothing."""
    told = tokenizer(list(documents), add_special_tokens=False, truncation=True, max_length=max_tokens)["input_ids"]
    counts = Counter(token for tokens in told for token in set(tokens))
    rarity = [math.log(1 + (len(told) - counts[t] + 0.5) / (counts[t] + 0.5)) for t in range(len(tokenizer))]
    mean = sum(rarity) / len(rarity)
    return [0.0 if t in tokenizer.all_special_ids else value / mean for t, value in enumerate(rarity)]


def _cut(base: str, documents: Sequence[str], lessons: Lessons) -> tuple[Any, Any]:
    """A tokenizer of the documents' own vocabulary, and the network that names its terms."""
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM, BertModel, BertTokenizer

    try:
        whole, known = BertModel.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(f"{base} is nothing to begin a sparse encoder with: {first}") from error
    kept = _kept(known, documents, lessons.max_tokens)
    tokenizer = BertTokenizer(vocab={token: i for i, token in enumerate(kept)}, do_lower_case=True)
    tokenizer.model_max_length = lessons.max_tokens
    config = deepcopy(whole.config)
    config.vocab_size, config.num_hidden_layers = len(kept), min(lessons.layers, config.num_hidden_layers)
    config.tie_word_embeddings = True
    network = BertForMaskedLM(config)
    state = {name: value for name, value in whole.state_dict().items() if "word_embeddings" not in name}
    network.bert.load_state_dict(state, strict=False)
    rows = torch.tensor(known.convert_tokens_to_ids(kept))
    with torch.no_grad():
        network.bert.embeddings.word_embeddings.weight.copy_(whole.embeddings.word_embeddings.weight[rows])
    network.tie_weights()
    _say_what_is_said(network, tokenizer, documents[:: max(1, len(documents) // SAMPLED)], lessons)
    return tokenizer, network


def _say_what_is_said(network: Any, tokenizer: Any, documents: Sequence[str], lessons: Lessons) -> None:
    """Begins with a document's own tokens as its terms, and what is near them: the early layers still know them.

    A head by chance has to learn that first, in thousands of steps, and starts with every term in every document.
    """
    import torch

    head = network.cls.predictions
    told = tokenizer(list(documents), padding=True, truncation=True, max_length=lessons.max_tokens, return_tensors="pt")
    with torch.no_grad():
        head.transform.dense.weight.copy_(torch.eye(head.transform.dense.weight.shape[0]))
        head.transform.dense.bias.zero_()
        network.eval()
        logits = network(**told).logits[told["attention_mask"].bool()].numpy()
        head.decoder.bias.fill_(-float(np.quantile(logits, lessons.unsaid)))


def _kept(tokenizer: Any, documents: Sequence[str], max_tokens: int) -> list[str]:
    told = tokenizer(list(documents), add_special_tokens=False, truncation=True, max_length=max_tokens)["input_ids"]
    counts = Counter(token for tokens in told for token in set(tokens))
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    if missing := [token for token in SPECIAL if token not in vocabulary]:
        raise EncoderError(f"the base model has no WordPiece vocabulary: {', '.join(missing)} is not in it")
    used = [token for token, number in vocabulary.items() if counts[number] >= LEAST_DOCUMENTS]
    if not used:
        raise DataError(f"no token is in {LEAST_DOCUMENTS} of the {len(documents)} documents; give more of them")
    letters = [token for token in vocabulary if len(token.removeprefix("##")) == 1 and ord(token[-1]) < LETTERS]
    return list(dict.fromkeys([*SPECIAL, *sorted(letters), *sorted(used)]))


def _model(network: Any, tokenizer: Any, weights: Any) -> SparseEncoder:
    from tempfile import TemporaryDirectory

    from sentence_transformers import SparseEncoder
    from sentence_transformers.base.modules import Router, Transformer
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding, SpladePooling

    with TemporaryDirectory(prefix="ltrr-sparse-") as folder:
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        reads = Transformer(str(Path(folder)), transformer_task="fill-mask")
    queries = SparseStaticEmbedding(tokenizer, weights, frozen=True)
    router = Router.for_query_document([queries], [reads, SpladePooling("max")])
    return SparseEncoder(modules=[router], device="cpu")


def _torch(seed: int) -> Any:
    try:
        import sentence_transformers  # noqa: F401  whether it is there
        import torch
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("sentence-transformers", "encoder") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers has no types here
    torch.manual_seed(seed)
    return torch
