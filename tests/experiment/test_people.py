"""Who takes part, and in which arm."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.experiment.people import arm_of
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.types import Asker

ARMS = ({"name": "usual"}, {"name": "fused", "ranker": False})


def experiment(**changes: Any) -> ExperimentSettings:
    return ExperimentSettings.model_validate({"name": "first", "arms": ARMS, **changes})


def dealt(settings: ExperimentSettings, secret: str = "s") -> list[int | None]:
    return [arm_of(settings, Asker(user=f"u{n}"), secret) for n in range(4000)]


def test_half_of_the_people_are_in_each_arm_always_the_same_ones() -> None:
    arms = dealt(experiment())
    assert arms == dealt(experiment())
    assert abs(arms.count(0) - 2000) < 150
    assert None not in arms


def test_another_experiment_or_secret_deals_anew() -> None:
    arms = dealt(experiment())
    for others in (dealt(experiment(name="second")), dealt(experiment(), secret="t")):
        together = Counter(zip(arms, others, strict=True))
        assert all(abs(count - 1000) < 120 for count in together.values())


def test_only_a_share_takes_part_and_a_larger_share_keeps_who_did() -> None:
    few, more = dealt(experiment(share=0.1)), dealt(experiment(share=0.4))
    assert abs(sum(a is not None for a in few) - 400) < 80
    assert all(b == a for a, b in zip(few, more, strict=True) if a is not None)
    assert set(dealt(experiment(share=0.0))) == {None}


def test_who_is_not_named_or_opted_out_takes_no_part() -> None:
    assert arm_of(experiment(), Asker(device="phone"), "s") is None
    assert arm_of(experiment(), Asker(user="u1", explore=False), "s") is None
    assert arm_of(experiment(), Asker(user="u1"), "s") == arm_of(experiment(), Asker(user="u1", session="new"), "s")


@pytest.mark.parametrize(
    ("asker", "who"),
    [
        (Asker(user="u", client="c", session="s"), "u"),
        (Asker(client="c", session="s"), "c"),
        (Asker(session="s"), "s"),
        (Asker(), None),
    ],
)
def test_a_person_is_who_the_application_says(asker: Asker, who: str | None) -> None:
    assert asker.person == who


@pytest.mark.parametrize(
    ("arms", "says"),
    [
        ([{"name": "a"}, {"name": "a", "ranker": False}], "both arms are called a; rename one"),
        ([{"name": "a"}, {"name": "b"}], "arms a and b serve the same; change one"),
        ([{"name": "a", "original": True}, {"name": "b", "original": True, "ranker": False}], "serve the same"),
        ([{"name": "a"}, {"name": "b", "original": True, "policy": "fixed"}], "keep one of them"),
        ([{"name": "a"}], "arms"),
    ],
)
def test_arms_that_make_no_experiment_are_refused(arms: list[dict[str, Any]], says: str, tmp_path: Path) -> None:
    index = {"text_fields": {"title": 1}, "experiment": {"name": "x", "arms": arms}}
    config = tmp_path / "ltrr.yml"
    config.write_text(yaml.safe_dump({"indexes": {"shop": index}}))
    with pytest.raises(SettingsError, match=says):
        load_settings(config, {})
