"""A linear text classifier as one more opinion about what systems say, never seen by what it is trained on.

It adds no hypothesis: it only says, of each intent that a system claims, how well the recognised words fit it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.bench.slurp import Slurp, meant
from ltrr_opensearch.hypotheses.values import Hypothesis, Utterance

LEAST = 1e-5
ITERATIONS = 60


@dataclass(frozen=True)
class TextModel:
    vectorizer: Any
    classifier: Any

    @staticmethod
    def fit(texts: Sequence[str], labels: Sequence[str]) -> TextModel:
        """Words and pairs of words, TF-IDF, multinomial logistic regression."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, sublinear_tf=True, tokenizer=str.split, token_pattern=None
        )
        classifier = LogisticRegression(C=10, max_iter=ITERATIONS, tol=1e-3)
        with warnings.catch_warnings():
            # it ends after so many iterations on purpose
            warnings.simplefilter("ignore")
            classifier.fit(vectorizer.fit_transform(texts), labels)
        return TextModel(vectorizer, classifier)

    def chances(self, texts: Sequence[str]) -> list[dict[str, float]]:
        found = self.classifier.predict_proba(self.vectorizer.transform(texts))
        return [dict(zip(self.classifier.classes_, map(float, row), strict=True)) for row in found]


class CrossFitted:
    """Chances of intents by text, for every pair of folds left out; fitted once each and kept."""

    def __init__(self, slurp: Slurp, folds: NDArray[np.intp]) -> None:
        self._slurp, self._folds = slurp, folds
        self._known: dict[frozenset[int], tuple[NDArray[np.intp], list[dict[str, float]]]] = {}

    def utterances(self, judged: int) -> list[Utterance]:
        """All with their evidence: the judged fold's from the others, each other fold's from all but it and the judged
        one."""
        chances: dict[int, Mapping[str, float]] = {}
        for fold in range(int(self._folds.max()) + 1):
            places, found = self._without(frozenset((fold, judged)))
            chances.update((p, of) for p, of in zip(places, found, strict=True) if self._folds[p] == fold)
        return [with_evidence(one, chances[place]) for place, one in enumerate(self._slurp.utterances)]

    def _without(self, out: frozenset[int]) -> tuple[NDArray[np.intp], list[dict[str, float]]]:
        if out not in self._known:
            left_out = np.isin(self._folds, list(out))
            model = TextModel.fit(*zip(*self._taught(np.flatnonzero(~left_out)), strict=True))
            places = np.flatnonzero(left_out)
            self._known[out] = places, model.chances([self._slurp.utterances[int(p)].text for p in places])
        return self._known[out]

    def _taught(self, places: NDArray[np.intp]) -> list[tuple[str, str]]:
        """Annotated sentences, those said and what was heard of them, each text once an intent."""
        taught = dict.fromkeys(self._slurp.annotated)
        for place in places:
            one = self._slurp.utterances[place]
            assert one.truth
            taught.update(dict.fromkeys((text, meant(one.truth)) for text in (self._slurp.said[place], one.text)))
        return list(taught)


def with_evidence(utterance: Utterance, chances: Mapping[str, float]) -> Utterance:
    in_domain: dict[str, float] = {}
    for label, chance in chances.items():
        domain = label.split("_")[0]
        in_domain[domain] = in_domain.get(domain, 0.0) + chance
    best = max(chances.values())

    def told(one: Hypothesis) -> Hypothesis:
        fits = log(max(chances.get(meant(one), 0.0), LEAST))
        domain = log(max(in_domain.get(one.domain, 0.0), LEAST))
        evidence = {"text": fits, "text_domain": domain, "text_behind": fits - log(best)}
        return replace(one, evidence=evidence)

    return replace(utterance, hypotheses=tuple(map(told, utterance.hypotheses)))
