"""docs/extending.md, installed as a package and run."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError, SettingsError
from ltrr_opensearch.index_settings import IndexSettings, StrategySettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.load import load_ranker, verify_ranker
from ltrr_opensearch.settings import EncoderSettings
from ltrr_opensearch.types import Encoded, Slot
from ltrr_opensearch.understand.encoders import load_encoder
from tests.plan.conftest import Analyze
from tests.plan.pages import example

MINE = (StrategySettings(name="recent", use="newest", options={"origin": "2026-01-01"}),)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `pip install` would leave behind: the module and its metadata."""
    (tmp_path / "my_ltrr.py").write_text(example("extending.md", "python"), encoding="utf-8")
    metadata = tmp_path / "my_ltrr-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-ltrr\nVersion: 1.0\n", encoding="utf-8")
    groups = tomllib.loads(example("extending.md", "toml"))["project"]["entry-points"]
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items()) for group, names in groups.items()]
    (metadata / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("my_ltrr", None)


@pytest.mark.usefixtures("installed")
def test_a_strategy_from_elsewhere(ask: Analyze) -> None:
    index = IndexSettings(text_fields={"title": 1}, date_field="released", strategies=MINE)
    (strategy,) = build_strategies(index, Knowledge.empty())
    (plan,) = strategy.plan(ask("phone", index))
    clause = plan.clause(10, Encoded())
    assert plan.name == "recent"
    assert clause is not None
    assert clause["bool"]["should"][0]["distance_feature"]["origin"] == "2026-01-01"


@pytest.mark.usefixtures("installed")
def test_it_refuses_an_index_without_dates() -> None:
    with pytest.raises(SettingsError, match="'recent' needs date_field"):
        build_strategies(IndexSettings(text_fields={"title": 1}, strategies=MINE), Knowledge.empty())


@pytest.mark.usefixtures("installed")
def test_a_policy_from_elsewhere() -> None:
    policy = build_policy(ChooseSettings(policy="shallow"))
    ladder = (0, 10, 50)
    slot = Slot("knn", "knn", "dense", 0, {}, {}, (), ladder, (True, True, True))
    assert policy.pmf(slot) == (0.5, 0.5, 0.0)


@pytest.mark.usefixtures("installed")
def test_a_ranker_from_elsewhere() -> None:
    part = importlib.import_module("my_ltrr").liked_part("shop", 0.5)
    verify_ranker(part)
    rows = np.array([[1, 4], [2, np.nan]], dtype=np.float32)
    assert load_ranker(part).score(rows).tolist() == [3.0, 2.0]
    with pytest.raises(ModelError, match="does not give its stored scores"):
        verify_ranker(replace(part, payload=b"0.6"))
    with pytest.raises(ModelError, match="algorithm 'disliked'; known are linear, lambdamart, liked"):
        load_ranker(replace(part, algorithm="disliked"))


@pytest.mark.usefixtures("installed")
def test_an_encoder_from_elsewhere() -> None:
    encoder = load_encoder(EncoderSettings(model="plugin:letters"), dimension=26)
    assert np.linalg.norm(encoder.encode(["laptop bag"]), axis=1) == pytest.approx([1.0])
