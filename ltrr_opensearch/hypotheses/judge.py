"""How good an order of claims is, domain by domain and over all: what the first claim of each utterance is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.hypotheses.claims import Filled, filled
from ltrr_opensearch.hypotheses.examples import known_truth
from ltrr_opensearch.hypotheses.reliability import Bin, bins, calibration_error, of_a_perfect_predictor
from ltrr_opensearch.hypotheses.rerank import Believed
from ltrr_opensearch.hypotheses.semantic_error import intent_right, semantic_error, slot_f1
from ltrr_opensearch.hypotheses.values import Utterance

ALL = "all domains"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of the first claim of one utterance."""

    group: str
    domain: str
    """The claim's."""
    likelihood: float
    intent_likelihood: float
    intent_right: bool
    error: float
    """Semantic error."""
    found: Filled
    wanted: Filled


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one domain's claims that came first, or of all."""

    domain: str
    utterances: int
    accuracy: float
    """Share whose domain and intent are right."""
    whole: float
    """Share of which all is right."""
    semantic_error: float
    slot_f1: float
    ece: float
    """Of the intents' likelihoods."""
    perfect: float
    """What a perfect predictor would show in a sample of this size."""
    whole_ece: float
    bins: tuple[Bin, ...]


def verdict(utterance: Utterance, order: Sequence[Believed]) -> Verdict:
    truth, first = known_truth(utterance), order[0]
    return Verdict(
        utterance.together,
        first.claim.domain,
        first.likelihood,
        first.intent_likelihood,
        intent_right(first.claim, truth),
        semantic_error(first.claim, truth),
        first.claim.slots,
        filled(truth),
    )


def standings(verdicts: Sequence[Verdict]) -> list[Standing]:
    """All together first, then every domain in alphabetical order."""
    domains = sorted({one.domain for one in verdicts})
    return [standing(ALL, verdicts), *(standing(d, [one for one in verdicts if one.domain == d]) for d in domains)]


def standing(domain: str, verdicts: Sequence[Verdict]) -> Standing:
    likelihood = np.array([one.intent_likelihood for one in verdicts])
    right = np.array([one.intent_right for one in verdicts], dtype=np.bool_)
    whole = np.array([one.error == 0 for one in verdicts], dtype=np.bool_)
    return Standing(
        domain,
        len(verdicts),
        _mean(one.intent_right for one in verdicts),
        float(whole.mean()),
        _mean(one.error for one in verdicts),
        slot_f1((one.found, one.wanted) for one in verdicts),
        calibration_error(likelihood, right),
        of_a_perfect_predictor(likelihood),
        calibration_error(np.array([one.likelihood for one in verdicts]), whole),
        bins(likelihood, right),
    )


def interval(
    verdicts: Sequence[Verdict], measure: Callable[[Verdict], float], resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % of the mean, by bootstrap over groups: utterances of one group say little more than one of them."""
    _, places = np.unique([one.group for one in verdicts], return_inverse=True)
    values = np.array([measure(one) for one in verdicts], dtype=np.float64)
    sums, counts = np.bincount(places, values), np.bincount(places).astype(np.float64)
    chance = np.random.default_rng(seed)
    weights = (chance.multinomial(len(sums), np.full(len(sums), 1 / len(sums))) for _ in range(resamples))
    low, high = np.quantile([(w @ sums) / (w @ counts) for w in weights], [0.025, 0.975])
    return float(low), float(high)


def _mean(values: Iterable[float]) -> float:
    return float(np.mean([float(value) for value in values]))
