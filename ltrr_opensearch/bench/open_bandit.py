"""Open Bandit (Saito et al. 2021): a random and a learned policy showed fashion items to the same shop's visitors.

From the random policy's log the learned one's value is estimated; its own log says what it was. One slot, a target that
is random itself: the estimators' simplest form. The learned policy's probabilities are not on record for what it did
not show, so they are taken as the mean of those that it logged, by position and item.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ltrr_opensearch.bench import datasets
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.estimators import ESTIMATORS
from ltrr_opensearch.evaluate.evidence import Evidence
from ltrr_opensearch.evaluate.intervals import Interval, Sample, student
from ltrr_opensearch.evaluate.people import FOLDS
from ltrr_opensearch.evaluate.table import Floats, Numbers

FOLDER, CAMPAIGNS, POLICIES = "open_bandit", ("men", "women"), ("random", "bts")
POSITIONS = 3
_SHRINKAGE = 200.0
"""Rows of the overall share of clicks that an item's own are mixed with: 1 in 200 is clicked."""


@dataclass(frozen=True)
class Log:
    positions: Numbers
    """From 0."""
    items: Numbers
    clicks: Floats
    propensities: Floats


@dataclass(frozen=True)
class Estimate:
    """`truth` is the mean of the learned policy's own log, with the interval of that mean."""

    value: float
    interval: Interval
    truth: float
    truth_interval: Interval

    @property
    def relative_width(self) -> float:
        return (self.interval.high - self.interval.low) / self.truth


def find() -> Path:
    """The folder of the data."""
    files = [Path(FOLDER) / policy / f"{campaign}.csv.gz" for policy in POLICIES for campaign in CAMPAIGNS]
    return datasets.folder(files) / FOLDER


def load(file: Path) -> Log:
    columns = ("position", "item_id", "click", "propensity_score")
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            rows = np.array([[float(row[c]) for c in columns] for row in csv.DictReader(lines)])
    except (EOFError, OSError, KeyError, ValueError) as error:
        raise DataError(f"{file} is not a log with {', '.join(columns)} ({error})") from error
    return Log(rows[:, 0].astype(np.int64) - 1, rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3])


def estimate(folder: Path, campaign: str, estimator: str = "dr") -> Estimate:
    """The learned policy's clicks a view, from the random policy's log."""
    seen, own = (load(folder / policy / f"{campaign}.csv.gz") for policy in POLICIES)
    alone = Sample(own.clicks, np.arange(len(own.clicks)), 1.0)
    sample = ESTIMATORS[estimator].sample(evidence(seen, probabilities(own)))
    return Estimate(sample.mean, student(sample), alone.mean, student(alone))


def probabilities(log: Log) -> Floats:
    """[position, item]: what the policy that made the log draws, normalised over the items."""
    items = int(log.items.max()) + 1
    at = log.positions * items + log.items
    shown = np.bincount(at, minlength=POSITIONS * items)
    mean = (np.bincount(at, log.propensities, POSITIONS * items) / np.maximum(shown, 1)).reshape(POSITIONS, items)
    return np.asarray(mean / mean.sum(axis=1, keepdims=True))


def evidence(log: Log, target: Floats) -> Evidence:
    """Of a target with the same probabilities for everyone."""
    rows = np.arange(len(log.clicks))
    predicted = _predicted(log, target.shape[1])
    chance = target[log.positions, log.items]
    weights = chance / log.propensities
    by_item = (predicted * target[log.positions]).sum(axis=1)
    return Evidence(
        predicted=by_item,
        weights=weights[:, None],
        steps=(log.clicks - predicted[rows, log.items])[:, None],
        rewards=log.clicks,
        # what a row weighs on average over what might have been shown: the square of the target's by the log's
        possible=np.square(target).sum(axis=1)[log.positions] / log.propensities,
        unsupported=np.zeros(len(rows)),
        people=rows,
        most=1.0,
    )


def _predicted(log: Log, items: int) -> Floats:
    """[row, item]: share of clicks of the item on the other folds, mixed with the share over all items."""
    fold = np.arange(len(log.clicks)) % FOLDS
    made = np.empty((FOLDS, items))
    for number in range(FOLDS):
        others = fold != number
        clicks, shown = (np.bincount(log.items[others], w, items) for w in (log.clicks[others], None))
        made[number] = (clicks + _SHRINKAGE * log.clicks[others].mean()) / (shown + _SHRINKAGE)
    return made[fold]


def figures(folder: Path) -> list[Figure]:
    made = []
    for campaign in CAMPAIGNS:
        got = estimate(folder, campaign)
        own = f"own log, {got.truth_interval.low:.4f} to {got.truth_interval.high:.4f}"
        covers = float(got.interval.low <= got.truth <= got.interval.high)
        made += [
            Figure(
                f"open bandit, {campaign}: value of bts from random",
                got.value,
                "",
                (own, got.truth),
                None,
                True,
                got.interval,
            ),
            Figure(f"open bandit, {campaign}: interval holds the value of its own log", covers, "", None, 1.0),
            Figure(f"open bandit, {campaign}: relative width", got.relative_width, "of the value", None, None, False),
        ]
    return made
