"""SLURP: what five systems that heard speech made of it, as utterances with their truth.

Systems that read the gold text are left out. A recording counts where all five answered: 12,392 of 13,078.
Bastianelli et al., "SLURP: A Spoken Language Understanding Resource Package" (EMNLP 2020).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.bench.datasets import folder
from ltrr_opensearch.hypotheses.values import Hypothesis, Slot, Truth, Utterance
from ltrr_opensearch.types import Json

SYSTEMS = ("google_hermit", "google_sfid", "multi_hermit", "multi_sfid", "multi_slurp_hermit")
HEARD = "multi_slurp_hermit"
"""The one whose recognised text is given."""


@dataclass(frozen=True, slots=True)
class Slurp:
    utterances: Sequence[Utterance]
    said: Sequence[str]
    """Of each utterance, the sentence that the person read out. No system knew it."""
    annotated: Sequence[tuple[str, str]]
    """Sentences that nobody recorded here, each with its `domain_intent`."""


def read_slurp() -> Slurp:
    predicted = [f"slurp/predictions_{system}.jsonl.gz" for system in SYSTEMS]
    names = [*predicted, "slurp/test.jsonl.gz", "slurp/devel.jsonl.gz"]
    base = folder(map(Path, names))
    rows = {name: list(_rows(base / name)) for name in names}
    heard = [{row["file"]: row for row in rows[name]} for name in predicted]
    sentences = {one["file"]: row for row in rows["slurp/test.jsonl.gz"] for one in row["recordings"]}
    files = sorted(file for file in sentences if all(file in by for by in heard))
    utterances = [_utterance(file, sentences[file], [by[file] for by in heard]) for file in files]
    annotated = [(row["sentence"], meant(_truth(row))) for row in rows["slurp/devel.jsonl.gz"]]
    return Slurp(utterances, [sentences[file]["sentence"] for file in files], annotated)


def meant(one: Hypothesis | Truth) -> str:
    return f"{one.domain}_{one.intent}"


def _rows(file: Path) -> Iterator[Json]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _utterance(file: str, sentence: Json, said: Sequence[Json]) -> Utterance:
    hypotheses = tuple(_hypothesis(system, row) for system, row in zip(SYSTEMS, said, strict=True))
    text = said[SYSTEMS.index(HEARD)]["text"]
    return Utterance(file, hypotheses, text, truth=_truth(sentence), group=str(sentence["slurp_id"]))


def _hypothesis(system: str, row: Json) -> Hypothesis:
    slots = tuple(Slot(entity["type"], entity["filler"]) for entity in row["entities"])
    return Hypothesis(system, row["scenario"], row["action"], slots)


def _truth(sentence: Json) -> Truth:
    words = [token["surface"] for token in sentence["tokens"]]
    slots = (Slot(e["type"], " ".join(words[place] for place in e["span"])) for e in sentence["entities"])
    return Truth(sentence["scenario"], sentence["action"], tuple(slots))
