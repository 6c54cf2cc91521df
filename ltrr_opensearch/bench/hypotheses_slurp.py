"""Line 2, SLURP: five systems' hypotheses, ordered by weights learned on other sentences.

Five folds by sentence, so that no recording of a sentence is judged by weights that learned from another one. What
judges takes part in nothing: text evidence, priors, losses and calibrations are chosen inside the four other folds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.slurp import SYSTEMS, Slurp, meant, read_slurp
from ltrr_opensearch.bench.text_evidence import CrossFitted
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.hypotheses.experiment import BEST, UNWEIGHTED, VARIANTS, folds_of, judged, train_all
from ltrr_opensearch.hypotheses.judge import Standing, Verdict, interval, standings
from ltrr_opensearch.hypotheses.losses import R1, R2, R3
from ltrr_opensearch.hypotheses.page import page
from ltrr_opensearch.hypotheses.reliability import of_a_perfect_predictor
from ltrr_opensearch.hypotheses.train import Fitted, best
from ltrr_opensearch.hypotheses.values import Utterance

FOLDS, SEEDS, QUICK_FOLDS, QUICK_SEEDS = 5, 2, 3, 1
ACCURACY, POOLED, BESIDE_PERFECT = 0.85, 0.03, 1.25
SHORT = {UNWEIGHTED: UNWEIGHTED, R1: "r1", R2: "r2", R3: "r3", BEST: "best"}
DRAWN = Path("understanding_hypotheses.html")
"""The reliability diagrams, in the folder from which the bench is run."""

Verdicts = Mapping[str, Sequence[Verdict]]
"""By variant, of every utterance once."""


@dataclass(frozen=True)
class Measured:
    slurp: Slurp
    by_seed: Sequence[Verdicts]
    losses: Counter[str]
    """How often each was chosen, over domains and folds."""
    folds: int


def measure(console: Console, quick: bool) -> list[Figure]:
    found = evaluated(console, QUICK_FOLDS if quick else FOLDS, QUICK_SEEDS if quick else SEEDS)
    DRAWN.write_text(page("SLURP: five systems, re-ranked", standings(found.by_seed[0][BEST])), encoding="utf-8")
    console.print(f"Reliability diagrams: {DRAWN}")
    return [*_known(found.slurp), *_ours(found), *_calibrated(found)]


def evaluated(console: Console, folds: int, seeds: int) -> Measured:
    slurp, by_seed, losses = read_slurp(), [], Counter[str]()
    with bar(console, "SLURP", folds * seeds) as done:
        for seed in range(seeds):
            fold = folds_of(slurp.utterances, folds, seed)
            texts = CrossFitted(slurp, fold)
            verdicts: dict[str, list[Verdict]] = defaultdict(list)
            for out in range(folds):
                told = texts.utterances(out)
                trained = train_all([one for one, of in zip(told, fold, strict=True) if of != out], seed)
                for name, some in judged(trained, [told[i] for i in np.flatnonzero(fold == out)]).items():
                    verdicts[name] += some
                losses.update(_best(of) for levels in trained.values() for of in levels.values())
                done(1)
            by_seed.append(verdicts)
    return Measured(slurp, by_seed, losses, folds)


def _best(fitted: Mapping[str, Fitted]) -> str:
    return best(fitted).weights.loss


def _known(slurp: Slurp) -> list[Figure]:
    """What there is without learning; the best single system, voting and the oracle have been counted by others."""
    rows = [([meant(one) for one in u.hypotheses], _wanted(u)) for u in slurp.utterances]
    single = max(float(np.mean([said[i] == wanted for said, wanted in rows])) for i in range(len(SYSTEMS)))
    voting = float(np.mean([Counter(said).most_common(1)[0][0] == wanted for said, wanted in rows]))
    oracle = float(np.mean([wanted in said for said, wanted in rows]))
    pairs = {"best_single": single, "voting": voting, "oracle": oracle}
    return [Figure(f"slurp_{name}", value, "intent accuracy", runs=len(rows)) for name, value in pairs.items()]


def _wanted(utterance: Utterance) -> str:
    assert utterance.truth
    return meant(utterance.truth)


def _ours(found: Measured) -> list[Figure]:
    figures = []
    made = f"{found.folds} folds by sentence, {len(found.by_seed)} seeds; intervals over sentences"
    for name in VARIANTS:
        each = [standings(of[name])[0] for of in found.by_seed]
        measures: dict[str, tuple[str, Callable[[Standing], float], Callable[[Verdict], float] | None, bool]] = {
            "intent_accuracy": ("intent accuracy", lambda s: s.accuracy, lambda v: float(v.intent_right), True),
            "semantic_error": ("SemER", lambda s: s.semantic_error, lambda v: v.error, False),
            "slot_f1": ("F1", lambda s: s.slot_f1, None, True),
            "calibration_error": ("ECE of intents", lambda s: s.ece, None, False),
            "whole_calibration_error": ("ECE of whole hypotheses", lambda s: s.whole_ece, None, False),
        }
        for what, (unit, of, single, higher) in measures.items():
            figures.append(
                Figure(
                    f"slurp_{SHORT[name]}_{what}",
                    float(np.mean([of(one) for one in each])),
                    unit,
                    target=ACCURACY if (name, what) == (BEST, "intent_accuracy") else None,
                    higher_is_better=higher,
                    interval=interval(found.by_seed[0][name], single) if single else None,
                    runs=len(found.slurp.utterances),
                    made_with=made,
                )
            )
    return figures


def _calibrated(found: Measured) -> list[Figure]:
    """Of what is chosen; a domain's ratio is the mean over seeds."""
    chosen = " ".join(f"{SHORT[name]} {count}" for name, count in found.losses.most_common())
    each = [standings(of[BEST]) for of in found.by_seed]
    pooled = float(np.mean([of[0].ece for of in each]))
    perfect = float(np.mean([of[0].perfect for of in each]))
    figures = [
        Figure("slurp_ece_pooled", pooled, "ECE", ("perfect predictor", perfect), POOLED, False, made_with=chosen)
    ]
    ratios: dict[str, list[float]] = defaultdict(list)
    clustered: dict[str, list[float]] = defaultdict(list)
    for verdicts, of in zip(found.by_seed, each, strict=True):
        for one in of[1:]:
            ratios[one.domain].append(one.ece / one.perfect)
            clustered[one.domain].append(one.ece / _of_sentences(verdicts[BEST], one.domain))
    means = {domain: float(np.mean(values)) for domain, values in ratios.items()}
    within = sum(value <= BESIDE_PERFECT for value in means.values())
    for domain, value in sorted(means.items()):
        figures.append(Figure(f"slurp_ece_{domain}", value, "x of a perfect predictor", None, BESIDE_PERFECT, False))
    as_one = {domain: float(np.mean(values)) for domain, values in clustered.items()}
    told = f"{sum(value <= BESIDE_PERFECT for value in as_one.values())} where a sentence's recordings are one draw"
    figures.append(Figure("slurp_domains_within", within, f"of {len(means)} domains", None, len(means), made_with=told))
    worst = max(as_one.values())
    figures.append(Figure("slurp_ece_worst_by_sentence", worst, "x of a perfect predictor", None, None, False))
    return figures


def _of_sentences(verdicts: Sequence[Verdict], domain: str) -> float:
    some = [one for one in verdicts if one.domain == domain]
    return of_a_perfect_predictor(np.array([one.intent_likelihood for one in some]), [one.group for one in some])
