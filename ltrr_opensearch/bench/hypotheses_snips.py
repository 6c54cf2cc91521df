"""Line 2, SNIPS: the taggers of every intent compete; the re-ranker beside "classifier first, then its tagger".

Its confidences are learned from taggers and a classifier that have not seen the sentence (two folds), and it is judged
on the 700 sentences that nobody learned from. Peers are the same classifier and taggers, trained in the same run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.snips import PRIORS, Sentence, Tagger, read_snips
from ltrr_opensearch.bench.text_evidence import TextModel
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.hypotheses.experiment import BEST, train_all, weights_by
from ltrr_opensearch.hypotheses.judge import Verdict, interval, standing, verdict
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.values import Hypothesis, Utterance

FOLDS, QUICK = 2, 3000
LEAST = 0.001
"""An intent less likely than this by the classifier is not tagged, unless it is the likeliest or the second."""
PEER = "close"


@dataclass(frozen=True)
class Pipeline:
    """A classifier of intents and the taggers of each."""

    classifier: TextModel
    taggers: Mapping[tuple[str, str], Tagger]
    """By intent and prior."""

    @staticmethod
    def fit(sentences: Sequence[Sentence]) -> Pipeline:
        texts = [" ".join(one.words).lower() for one in sentences]
        intents = [one.truth.intent for one in sentences]
        of = {intent: [s for s in sentences if s.truth.intent == intent] for intent in sorted(set(intents))}
        taggers = {(i, prior): Tagger(some, *PRIORS[prior]) for i, some in of.items() for prior in PRIORS}
        return Pipeline(TextModel.fit(texts, intents), taggers)

    def utterance(self, id: str, one: Sentence) -> Utterance:
        """What every likely intent's taggers say; the classifier's likeliest first."""
        (chances,) = self.classifier.chances([" ".join(one.words).lower()])
        order = sorted(chances, key=lambda intent: -chances[intent])
        likely = [intent for place, intent in enumerate(order) if place < 2 or chances[intent] >= LEAST]
        hypotheses = [self._said(intent, prior, one, chances) for intent in likely for prior in (PEER, "loose")]
        return Utterance(id, tuple(hypotheses), " ".join(one.words), truth=one.truth)

    def _said(self, intent: str, prior: str, one: Sentence, chances: Mapping[str, float]) -> Hypothesis:
        tagged = self.taggers[intent, prior].tag(one.words)
        evidence = {f"sequence_{prior}": float(np.log(max(tagged.confidence, 1e-6)))}
        return Hypothesis(prior, intent, intent, tagged.slots, chances[intent], None, evidence)


def measure(console: Console, quick: bool) -> list[Figure]:
    learned, judging = read_snips()
    if quick:
        learned = [learned[i] for i in np.random.default_rng(0).permutation(len(learned))[:QUICK]]
    with bar(console, "SNIPS", FOLDS + 2) as done:
        fold = np.random.default_rng(0).permutation(len(learned)) % FOLDS
        seen: list[Utterance] = []
        for out in range(FOLDS):
            of_others = Pipeline.fit([one for one, of in zip(learned, fold, strict=True) if of != out])
            left_out = [one for one, of in zip(learned, fold, strict=True) if of == out]
            seen += [of_others.utterance(f"{out}-{n}", one) for n, one in enumerate(left_out)]
            done(1)
        reranker = Reranker(weights_by(train_all(seen), BEST))
        done(1)
        pipeline = Pipeline.fit(learned)
        judged = [pipeline.utterance(str(n), one) for n, one in enumerate(judging)]
        done(1)
    ours = [verdict(one, reranker.rerank(one)) for one in judged]
    return _figures(ours, [_plain(one) for one in judged], len(learned))


def _plain(one: Utterance) -> Verdict:
    """The classifier's intent and the slots of its tagger."""
    return verdict(one, Reranker().rerank(Utterance(one.id, one.hypotheses[:1], truth=one.truth)))


def _figures(ours: Sequence[Verdict], theirs: Sequence[Verdict], learned: int) -> list[Figure]:
    we, they = standing("", ours), standing("", theirs)
    made = f"{learned:,} sentences learned from, 2 taggers an intent; beside: linear classifier, then its CRF tagger"
    low, high = interval(ours, lambda one: float(one.intent_right))
    return [
        Figure(
            "snips_intent_accuracy",
            we.accuracy,
            "intent accuracy",
            ("linear classifier", they.accuracy),
            they.accuracy,
            interval=(low, high),
            runs=len(ours),
            made_with=made,
        ),
        Figure("snips_slot_f1", we.slot_f1, "F1", ("CRF tagger", they.slot_f1), they.slot_f1, made_with=made),
        Figure(
            "snips_semantic_error",
            we.semantic_error,
            "SemER",
            ("classifier, then tagger", they.semantic_error),
            they.semantic_error,
            higher_is_better=False,
            interval=interval(ours, lambda one: one.error),
            runs=len(ours),
        ),
        Figure("snips_ece", we.ece, "ECE of intents", ("perfect predictor", we.perfect), None, False, runs=len(ours)),
    ]
