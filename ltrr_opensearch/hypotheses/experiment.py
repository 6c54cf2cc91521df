"""Losses beside each other on utterances that none of them has seen, and what is chosen of them.

Groups of utterances are either learned from or judged. The choice of a loss for a domain is made inside what is
learned from, so that "best" is as honest as the single ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.hypotheses.examples import Examples, examples_of
from ltrr_opensearch.hypotheses.features import Level, told
from ltrr_opensearch.hypotheses.judge import Verdict, verdict
from ltrr_opensearch.hypotheses.losses import LOSSES
from ltrr_opensearch.hypotheses.model import DomainWeights
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.train import LEAST_GROUPS, Fitted, best, train
from ltrr_opensearch.hypotheses.values import Utterance

UNWEIGHTED, BEST = "unweighted", "best"
VARIANTS = (UNWEIGHTED, *LOSSES, BEST)

Trained = Mapping[str, Mapping[Level, Mapping[str, Fitted]]]
"""By domain and level, the weights by loss."""


def folds_of(utterances: Sequence[Utterance], count: int, seed: int) -> NDArray[np.intp]:
    """Of each utterance; groups stay together."""
    names = sorted({one.together for one in utterances})
    if len(names) < count:
        raise DataError(f"{len(names)} groups of utterances cannot be split into {count} folds; give more")
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[place]: number % count for number, place in enumerate(order)}
    return np.array([fold[one.together] for one in utterances], dtype=np.intp)


def train_all(
    utterances: Sequence[Utterance],
    seed: int = 0,
    only: Sequence[str] = (),
    done: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Every domain by itself; those that are seen too rarely are left out unless they are named in `only`."""
    found: dict[str, dict[Level, Mapping[str, Fitted]]] = {}
    for level in Level:
        for examples in examples_of(utterances, level).values():
            if _is_wanted(examples, only):
                done(examples.domain)
                found.setdefault(examples.domain, {})[level] = train(examples, seed)
    return found


def _is_wanted(examples: Examples, only: Sequence[str]) -> bool:
    return examples.domain in only if only else len(set(examples.groups)) >= LEAST_GROUPS


def weights_by(trained: Trained, variant: str) -> dict[str, DomainWeights]:
    """By domain."""

    def chosen(fitted: Mapping[str, Fitted]) -> Fitted:
        return best(fitted) if variant == BEST else fitted[variant]

    found = {}
    for domain, levels in trained.items():
        weights = {level: chosen(of).weights for level, of in levels.items()}
        found[domain] = DomainWeights(domain, weights, max(chosen(of).utterances for of in levels.values()))
    return found


def judged(trained: Trained, utterances: Sequence[Utterance]) -> dict[str, list[Verdict]]:
    """By variant, of utterances that the weights have not seen."""
    rerankers = {name: Reranker(weights_by(trained, name) if name != UNWEIGHTED else {}) for name in VARIANTS}
    found: dict[str, list[Verdict]] = {name: [] for name in VARIANTS}
    for one in utterances:
        intents, whole = told(one, Level.INTENT), told(one, Level.WHOLE)
        for name, reranker in rerankers.items():
            found[name].append(verdict(one, reranker.order(one, intents, whole)))
    return found


def cross_judged(
    utterances: Sequence[Utterance],
    folds: int,
    seed: int,
    only: Sequence[str] = (),
    done: Callable[[int], None] = lambda _: None,
) -> dict[str, list[Verdict]]:
    """By variant, of every utterance once, by weights of the other folds; `done` is told how many folds there were.

    A domain too rare for its folds is left unweighted there.
    """
    fold = folds_of(utterances, folds, seed)
    found: dict[str, list[Verdict]] = {name: [] for name in VARIANTS}
    for out in range(folds):
        learned = [one for one, of in zip(utterances, fold, strict=True) if of != out]
        trained = train_all(learned, seed, only)
        for name, some in judged(trained, [one for one, of in zip(utterances, fold, strict=True) if of == out]).items():
            found[name] += some
        done(out + 1)
    return found
