"""`ltrr learn` and `ltrr models` as somebody types them, on the real node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from tests.learn.shop import Shop
from tests.learn.synthetic import clicks, decisions

Typed = Callable[..., Result]


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    made = Shop.create(client, index_name)
    searches = decisions(240)
    made.put(searches, clicks(searches))
    return made


@pytest.fixture
def typed(shop: Shop, node: Any, tmp_path: Path) -> Typed:
    settings = shop.settings().model_dump(mode="json", include={"choose": {"policy"}, "learn": {"ranker"}})
    state = {"prefix": shop.prefix, "ubi_events": f"{shop.prefix}_events"}
    indexes = {"shop": {"text_fields": {"title": 1}}}
    config = tmp_path / "ltrr.yml"
    config.write_text(yaml.safe_dump({**settings, "cluster": {"url": node.url}, "state": state, "indexes": indexes}))
    wide = {"COLUMNS": "160"}
    return lambda *words: CliRunner(env=wide).invoke(main, ["--config", str(config), *words])


def test_learning_is_told_and_published_and_taken_back(typed: Typed, shop: Shop) -> None:
    dry = typed("learn", "memory", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "8 queries have actions to remember" in dry.output
    assert "Dry run: nothing was published." in dry.output
    first = typed("learn", "memory")
    assert "Published release" in first.output
    assert "rounds with a gain" in first.output
    assert "Nothing new since the last run" in typed("learn", "memory").output
    assert "Published release" in typed("learn", "policy", "--index", "shop").output
    listed = typed("models", "list")
    assert "serves" in listed.output
    assert "aggregates, policy" in listed.output, listed.output
    newest, oldest = (r.id for r in shop.store.history("shop"))
    assert f"shop is served by {oldest} again" in typed("models", "rollback").output
    assert f"shop is served by {newest}" in typed("models", "promote", newest).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("learn", "--index", "nope"), "no index 'nope' in the configuration; configured: shop"),
        (("models", "promote", "r9"), "index 'shop' has no release 'r9'; known: none"),
        (("models", "rollback"), "index 'shop' has no release before the first"),
    ],
)
def test_what_cannot_be_done_is_said(typed: Typed, words: tuple[str, ...], says: str) -> None:
    result = typed(*words)
    assert result.exit_code == 1
    assert says in result.output


def test_nothing_published_is_said(typed: Typed) -> None:
    assert "Nothing was published for shop" in typed("models", "list", "--index", "shop").output
