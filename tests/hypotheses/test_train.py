"""Weights learned from utterances whose truth is known: better than voting, calibrated, domain by domain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.errors import DataError, ModelError
from ltrr_opensearch.hypotheses.examples import examples_of
from ltrr_opensearch.hypotheses.experiment import (
    BEST,
    UNWEIGHTED,
    cross_judged,
    folds_of,
    judged,
    train_all,
    weights_by,
)
from ltrr_opensearch.hypotheses.features import Level
from ltrr_opensearch.hypotheses.judge import interval, standings
from ltrr_opensearch.hypotheses.losses import LOSSES, R1, R2, R3
from ltrr_opensearch.hypotheses.model import DomainWeights
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.hypotheses.train import train
from tests.hypotheses.made import made, said

LEARNED = made(300)
TRAINED = train_all(LEARNED)
OTHERS = made(300, seed=1)


def test_every_loss_orders_better_than_voting_and_its_likelihoods_are_true() -> None:
    found = {name: standings(verdicts)[0] for name, verdicts in judged(TRAINED, OTHERS).items()}
    for name in (*LOSSES, BEST):
        assert found[name].accuracy > found[UNWEIGHTED].accuracy + 0.3
        assert found[name].semantic_error < found[UNWEIGHTED].semantic_error - 0.1
    assert max(found[name].ece for name in (R2, R3, BEST)) < 0.06 < found[R1].ece


def test_a_domain_is_trained_without_the_others() -> None:
    alone = train_all(LEARNED, only=("books",))
    assert set(alone) == {"books"}
    together = weights_by(TRAINED, BEST)
    assert weights_by(alone, BEST)["books"].to_bytes() == together["books"].to_bytes()
    assert together["books"].to_bytes() != together["music"].to_bytes()
    assert together["books"].utterances > 100


def test_bytes_and_back() -> None:
    weights = weights_by(TRAINED, BEST)["music"]
    again = DomainWeights.from_bytes(weights.to_bytes())
    assert again.to_bytes() == weights.to_bytes()
    features = {"bias": 1.0, "by=careful": 1.0, "never seen": 1.0}
    for level in Level:
        assert again.levels[level].likelihood(features) == pytest.approx(
            weights.levels[level].likelihood(features), rel=1e-3
        )
    assert again.levels[Level.INTENT].score(features) == pytest.approx(
        np.exp(again.levels[Level.INTENT].logarithm(features))
    )


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format": "other"}', b"[]", b"\xff"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match="ltrr readings train"):
        DomainWeights.from_bytes(data)


def test_a_domain_without_weights_is_believed_as_it_states_itself() -> None:
    music = {"music": weights_by(TRAINED, BEST)["music"]}
    said_by_two = (said("careful", "music.play", ("title", "t1")), said("bold", "music.stop", ("title", "t1")))
    one = replace(OTHERS[0], hypotheses=(*said_by_two, said("third", "books.buy")))
    play, buy, stop = Reranker(music).rerank(one)
    assert play.intent_likelihood > 0.7 > 0.2 > stop.intent_likelihood
    assert (play.claim.meant, play.weighted) == (("music", "play"), True)
    assert (buy.likelihood, buy.intent_likelihood, buy.weighted) == (1 / 3, 1 / 3, False)


def test_groups_are_never_on_both_sides() -> None:
    fold = folds_of(LEARNED, 5, 0)
    assert all(len({fold[i] for i in (n, n + 1)}) == 1 for n in range(0, 300, 2))
    assert np.bincount(fold).tolist() == [60] * 5
    with pytest.raises(DataError, match=r"3 groups .* 5 folds"):
        folds_of(made(6), 5, 0)


def test_every_utterance_is_judged_once_by_weights_of_others() -> None:
    told: list[int] = []
    found = cross_judged(made(120), 2, 0, done=told.append)
    assert {len(verdicts) for verdicts in found.values()} == {120}
    assert told == [1, 2]
    low, high = interval(found[BEST], lambda v: float(v.intent_right))
    assert low < standings(found[BEST])[0].accuracy < high


def test_what_cannot_be_learned_from_is_named() -> None:
    with pytest.raises(DataError, match="'u0' has no truth"):
        examples_of([replace(LEARNED[0], truth=None)], Level.INTENT)
    few = examples_of(made(6), Level.INTENT)["music"]
    with pytest.raises(DataError, match="domain 'music' is claimed in 3 utterances; needed: 6"):
        train(few)
