"""Real logs of two policies: the one's log must tell what the other earned."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.bench import open_bandit
from ltrr_opensearch.errors import DataError


@pytest.mark.parametrize("campaign", open_bandit.CAMPAIGNS)
@pytest.mark.parametrize("estimator", ["dr", "snips", "ips"])
def test_the_random_log_tells_what_the_learned_policy_earned(campaign: str, estimator: str) -> None:
    got = open_bandit.estimate(open_bandit.find(), campaign, estimator)
    assert got.interval.low <= got.truth <= got.interval.high
    assert got.interval.low > 0, "an interval that holds everything would hold this too"
    assert got.relative_width < 2


def test_the_learned_policy_is_told_from_the_random_one() -> None:
    learned = open_bandit.load(open_bandit.find() / "bts" / "men.csv.gz")
    chances = open_bandit.probabilities(learned)
    assert chances.sum(axis=1) == pytest.approx(1)
    assert chances.max() > 3 / chances.shape[1]
    random = open_bandit.load(open_bandit.find() / "random" / "men.csv.gz")
    weights = open_bandit.evidence(random, chances).weights
    assert weights.mean() == pytest.approx(1, abs=4 * float(weights.std()) / len(weights) ** 0.5)
    assert np.ptp(random.propensities) == 0


def test_data_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LTRR_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"there is no .*random.men.csv.gz.*"):
        open_bandit.find()
    broken = tmp_path / "men.csv.gz"
    with gzip.open(broken, "wt") as out:
        out.write("position,item_id\n1,2\n")
    with pytest.raises(DataError, match=r"men.csv.gz is not a log with position, item_id, click"):
        open_bandit.load(broken)
