import numpy as np
import pytest

from ltrr_opensearch.propose.classifier import MOST, Classifier
from ltrr_opensearch.types import Matrix


def clouds(centres: Matrix, each: int) -> Matrix:
    noise = np.random.default_rng(0).normal(0, 0.1, (each * len(centres), 3))
    return (np.repeat(centres, each, axis=0) + noise).astype(np.float32)


CENTRES = np.eye(3)[:2].astype(np.float32)


def test_gaussians_of_one_covariance_are_told_apart_with_their_true_chances() -> None:
    """With equal shares the chances are those of a logistic function of the way between the means."""
    made = Classifier.learned(clouds(CENTRES, 5_000), ["a"] * 5_000 + ["b"] * 5_000)
    assert made is not None
    half, near = np.exp(made.posterior(np.array([[0.5, 0.5, 0.0], [0.51, 0.49, 0.0]], np.float32)))
    assert half == pytest.approx([0.5, 0.5], abs=0.05)
    assert near[0] == pytest.approx(1 / (1 + np.exp(-0.02 / 0.01)), abs=0.06)


def test_a_rare_value_needs_more_likeness() -> None:
    vectors = np.concatenate([clouds(CENTRES[:1], 900), clouds(CENTRES[1:], 100)])
    made = Classifier.learned(vectors, ["often"] * 900 + ["seldom"] * 100)
    assert made is not None
    assert made.values == ("often", "seldom")
    chances = np.exp(made.posterior(np.array([[0.5, 0.5, 0.0]], np.float32)))[0]
    assert chances[0] > 0.8
    assert chances.sum() == pytest.approx(1)


def test_values_of_few_documents_are_not_learned_nor_more_than_are_kept() -> None:
    vectors = clouds(CENTRES, 4)
    assert Classifier.learned(vectors, ["a"] * 4 + ["b", "b", "c", "d"]) is None, "a alone is no choice"
    many = np.random.default_rng(0).normal(size=(4 * (MOST + 5), 3)).astype(np.float32)
    made = Classifier.learned(many, [f"v{i // 4}" for i in range(len(many))])
    assert made is not None
    assert len(made.values) == MOST


def test_documents_that_are_all_the_same_are_no_fault() -> None:
    made = Classifier.learned(np.ones((6, 3), np.float32), ["a"] * 3 + ["b"] * 3)
    assert made is not None
    assert np.exp(made.posterior(np.ones((1, 3), np.float32)))[0] == pytest.approx([0.5, 0.5])
