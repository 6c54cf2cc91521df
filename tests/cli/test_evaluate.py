"""`ltrr evaluate policy` as somebody types it, on the real node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_learn_and_models import Typed, shop, typed
from tests.learn.shop import Shop

__all__ = ["shop", "typed"]
TIME = ("--since", "2026-03-01", "--until", "2026-03-02")
LEXICAL = "fixed:lexical=10"


def test_policies_are_compared_beside_the_simple_ones(typed: Typed, shop: Shop, tmp_path: Path) -> None:
    assert "Published release" in typed("learn", "policy").output
    release = shop.store.current_id("shop") or ""
    file = tmp_path / "report.json"
    words = (
        "--policy",
        f"lexical={LEXICAL}",
        "--policy",
        "blind=fixed:knn=10",
        "--policy",
        "serving",
        "--policy",
        release,
        "--policy",
        "fixed:200",
    )
    result = typed("evaluate", "policy", *TIME, *words, "--json", str(file))
    assert result.exit_code == 0, result.output
    told = json.loads(file.read_text())
    policies = told["policies"]
    assert list(policies) == [
        "as logged",
        "lexical",
        "blind",
        "serving",
        release,
        "fixed:200",
        "best constant",
        "untouched query",
    ]
    assert policies["serving"] == policies[release] | {"differences": policies["serving"]["differences"]}
    assert (told["rounds"], told["people"]) == (240, 20)
    assert policies["lexical"]["value"] > policies["as logged"]["value"]
    low, high = policies["blind"]["differences"]["untouched query"]["interval"]
    assert low < high < 0, "the plan knn never has what is wanted"
    assert policies["lexical"]["candidates"] == 10
    assert policies["fixed:200"]["value"] is None
    assert "no number for fixed:200: the 240 searches weigh as" in result.output
    assert "serving has learned from 240 of these searches, which flatters it; --since 2026-03-01T" in result.output


@pytest.mark.parametrize("policy", ["thompson", "vowpal", "direct"])
def test_a_policy_that_nobody_trained_learns_the_older_half(typed: Typed, tmp_path: Path, policy: str) -> None:
    assert "Published release" in typed("learn", "memory").output
    file = tmp_path / "report.json"
    words = ("--policy", "serving", "--policy", policy, "--policy", LEXICAL, "--json", str(file))
    result = typed("evaluate", "policy", *TIME, *words)
    assert result.exit_code == 0, result.output
    told = json.loads(file.read_text())
    learned = f"{policy} (learned from the older 120 searches)"
    assert list(told["policies"])[1:4] == ["serving (nothing learned: the safe plan)", learned, LEXICAL]
    assert told["rounds"] == 120
    assert told["held_out"].startswith("120 searches before 2026-03-01 13:00:00 UTC are learned from; the 120 from")
    assert told["held_out"] in " ".join(result.output.split())
    assert "flatters" not in result.output


def test_of_too_few_searches_nothing_is_learned_and_the_name_says_so(typed: Typed) -> None:
    assert "Published release" in typed("learn", "memory").output
    late = ("--since", "2026-03-01T13:00", "--until", "2026-03-02")
    result = typed("evaluate", "policy", *late, "--policy", "mine=lints")
    said = " ".join(result.output.split())
    assert "The older half of the searches teaches no policy: 59 searches, fewer than learn.min_rounds 100" in said
    assert "for mine (nothing learned: the safe plan): the 119 searches weigh as" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--policy", "nope"), "no policy 'nope'"),
        (("--policy", "fixed:11"), "11 is no depth of choose.ladder [0, 10, 50, 200]"),
        (("--policy", "fixed:deep"), "write fixed:10 or fixed:original=50,knn=10"),
        (("--policy", "uniform:3"), "only fixed takes depths"),
        (("--policy", "a="), "names nothing"),
        (("--policy", "uniform", "--policy", "uniform"), "two policies are called 'uniform'"),
        (("--index", "nope"), "no index 'nope' in the configuration; configured: shop"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "nothing lies between"),
        (("--days", "3", "--since", "2026-03-02"), "--days and --since say the same thing"),
        (("--since", "2025-03-01", "--until", "2025-03-02"), "no searches are logged in this time"),
        (("--estimator", "best"), "'best' is not one of"),
    ],
)
def test_what_cannot_be_done_is_said(typed: Typed, words: tuple[str, ...], says: str) -> None:
    result = typed("evaluate", "policy", *words)
    assert result.exit_code != 0
    assert says in " ".join(result.output.split())


def test_the_names_of_the_command_are_those_of_the_estimators() -> None:
    from ltrr_opensearch.cli import evaluate
    from ltrr_opensearch.evaluate.estimators import ESTIMATORS
    from ltrr_opensearch.evaluate.intervals import INTERVALS
    from ltrr_opensearch.evaluate.weights import WEIGHINGS

    assert tuple(ESTIMATORS) == evaluate.ESTIMATORS
    assert tuple(WEIGHINGS) == evaluate.WEIGHTS
    assert tuple(INTERVALS) == evaluate.INTERVALS
