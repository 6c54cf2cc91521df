from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from ltrr_opensearch.evaluate.intervals import INTERVALS, Sample, bernstein, bootstrap, freedom, student
from ltrr_opensearch.evaluate.people import FOLDS, effective_people, folds
from ltrr_opensearch.evaluate.student import quantile

ALONE = np.arange(100)


def skewed(seed: int) -> Sample:
    return Sample(np.random.default_rng(seed).beta(2, 5, 100), ALONE, 1.0)


@pytest.mark.parametrize("p", [0.9, 0.975, 0.98, 0.999])
@pytest.mark.parametrize("of", [2.0, 2.5, 3.7, 5.0, 12.0, 400.0, 1e6])
def test_the_quantile_is_that_of_students_t(p: float, of: float) -> None:
    assert quantile(p, of) == pytest.approx(t.ppf(p, of), rel=1e-3)


def test_intervals_cover_and_bernstein_always_does() -> None:
    missed = {
        name: sum(not low <= 2 / 7 <= high for low, high in (of(skewed(seed)) for seed in range(200)))
        for name, of in INTERVALS.items()
    }
    assert missed["student"] <= 16
    assert missed["bootstrap"] <= 20
    assert missed["bernstein"] == 0


def test_searches_of_one_person_count_once() -> None:
    values = np.random.default_rng(1).normal(size=200)
    once = student(Sample(values, np.arange(200), 9.0))
    often = Sample(np.repeat(values, 5), np.repeat(np.arange(200), 5), 9.0)
    assert student(often) == pytest.approx(once)
    assert bootstrap(often, seed=3) == pytest.approx(bootstrap(Sample(values, np.arange(200), 9.0), seed=3))
    ignored = student(often._replace(people=np.arange(1000)))
    assert ignored.high - ignored.low < 0.6 * (once.high - once.low)


def test_a_spread_that_few_make_up_has_few_degrees_of_freedom() -> None:
    even, rare = np.tile([0.0, 1.0, 2.0, 3.0], 250), np.r_[np.zeros(997), [50.0, 60.0, 70.0]]
    assert freedom(Sample(even, np.arange(1000), 9.0)) == 999
    assert freedom(Sample(rare, np.arange(1000), 70.0)) < 8


def test_what_two_have_in_common_cancels_out() -> None:
    one = skewed(1)
    more = one._replace(values=one.values + 0.1)
    assert student(more.less(one)) == pytest.approx((0.1, 0.1))
    assert more.less(one).bound == 2


def test_one_person_tells_no_spread() -> None:
    alone = Sample(np.ones(5), np.zeros(5, int), 1.0)
    assert student(alone) == (-np.inf, np.inf)
    assert bernstein(alone) == (-1, 1)


def test_folds_keep_people_whole_and_are_even() -> None:
    people = np.random.default_rng(2).integers(0, 90, 1000)
    people = np.unique(people, return_inverse=True)[1]
    fold = folds(people)
    assert len({(int(p), int(f)) for p, f in zip(people, fold, strict=True)}) == people.max() + 1
    assert np.bincount(fold, minlength=FOLDS).min() > 200
    assert effective_people(np.repeat(np.arange(10), 3)) == pytest.approx(10)
