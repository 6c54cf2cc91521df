"""SNIPS: utterances with intent and slots, and the two peers: a linear classifier and a CRF tagger for each intent.

Coucke et al., "Snips Voice Platform" (2018). An intent is a domain of its own here, since each has its own tagger.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ltrr_opensearch.bench.datasets import folder
from ltrr_opensearch.hypotheses.values import Slot, Truth

ITERATIONS = 60
PRIORS = {"close": (0.1, 0.01), "loose": (1.0, 0.1)}
"""(L1, L2) of the two taggers of an intent, which disagree where neither is sure."""


@dataclass(frozen=True, slots=True)
class Sentence:
    words: tuple[str, ...]
    tags: tuple[str, ...]
    """B-slot, I-slot or O of each word."""
    truth: Truth


@dataclass(frozen=True, slots=True)
class Tagged:
    slots: tuple[Slot, ...]
    confidence: float
    """Of the whole sequence."""


def read_snips() -> tuple[list[Sentence], list[Sentence]]:
    """What is learned from, and what judges."""
    names = ("snips/train.jsonl.gz", "snips/validate.jsonl.gz")
    base = folder(map(Path, names))
    learned, judging = (list(_sentences(base / name)) for name in names)
    return learned, judging


def _sentences(file: Path) -> Iterator[Sentence]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield _sentence(row["text"], row["intent"], row["slots"])


def _sentence(text: str, intent: str, slots: Sequence[Any]) -> Sentence:
    words, tags, at = [], [], 0
    for word in text.split():
        at = text.index(word, at)
        slot = next((s for s in slots if s["start"] < at + len(word) and at < s["end"]), None)
        inside = slot is not None and slot["start"] < at
        tags.append("O" if slot is None else f"{'I' if inside else 'B'}-{slot['slot']}")
        words.append(word)
        at += len(word)
    return Sentence(tuple(words), tuple(tags), Truth(intent, intent, spans(words, tags)))


def spans(words: Sequence[str], tags: Sequence[str], sure: Sequence[float] = ()) -> tuple[Slot, ...]:
    """Slots of a tagged sentence; a slot is as sure as its least sure word."""
    found: list[tuple[str, list[str], list[float]]] = []
    for place, (word, tag) in enumerate(zip(words, tags, strict=True)):
        if tag.startswith("B-") or (tag != "O" and (not found or tags[place - 1] == "O")):
            found.append((tag[2:], [], []))
        if tag != "O":
            found[-1][1].append(word)
            found[-1][2].append(sure[place] if sure else 1.0)
    return tuple(Slot(name, " ".join(said), min(of) if sure else None) for name, said, of in found)


class Tagger:
    """A linear-chain CRF of one intent (python-crfsuite)."""

    def __init__(self, sentences: Sequence[Sentence], l1: float, l2: float) -> None:
        import pycrfsuite

        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({"c1": l1, "c2": l2, "max_iterations": ITERATIONS})
        for one in sentences:
            trainer.append(_seen(one.words), one.tags)
        with TemporaryDirectory() as place:
            trainer.train(f"{place}/model")
            self._model = Path(place, "model").read_bytes()
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._model)

    def tag(self, words: Sequence[str]) -> Tagged:
        self._tagger.set(_seen(words))
        tags = self._tagger.tag()
        sure = [self._tagger.marginal(tag, place) for place, tag in enumerate(tags)]
        return Tagged(spans(words, tags, sure), float(self._tagger.probability(tags)))


def _seen(words: Sequence[str]) -> list[list[str]]:
    """The word, its ending and form, and two neighbours on either side."""
    low = ["", "", *(word.lower() for word in words), "", ""]
    features = []
    for place, word in enumerate(words):
        near = [f"{offset}={low[place + 2 + offset]}" for offset in (-2, -1, 0, 1, 2)]
        form = "".join("X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word[:4])
        pair = f"-1,0={low[place + 1]} {low[place + 2]}"
        features.append([*near, pair, f"end={word[-3:].lower()}", f"start={word[:3].lower()}", f"form={form}"])
    return features
