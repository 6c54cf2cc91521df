"""`ltrr learn` and `ltrr models` as somebody types them, on the real node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.logged import Part
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
    settings = shop.settings().model_dump(
        mode="json", include={"choose": {"policy", "apprentice_rounds"}, "learn": {"ranker", "min_effective"}}
    )
    state = {"prefix": shop.prefix, "ubi_events": f"{shop.prefix}-events"}
    indexes = {"shop": {"text_fields": {"title": 1}}}
    config = tmp_path / "ltrr.yml"
    config.write_text(yaml.safe_dump({**settings, "cluster": {"url": node.url}, "state": state, "indexes": indexes}))
    wide = {"COLUMNS": "160"}  # for tables; the list of releases fits 80 columns by itself
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
    newest, oldest = (r.id for r in shop.store.history("shop"))
    listed = typed("models", "list").output.splitlines()
    assert listed[1].startswith(f"* {newest}"), listed
    assert "brought aggregates, exposure, policy, popularity; kept memory" in listed[2]
    assert listed[3].startswith(f"  {oldest}")
    assert max(map(len, listed)) <= 80
    assert "and 1 older: --most 2" in typed("models", "list", "--most", "1").output
    assert f"shop is served by {oldest} again and pinned to it" in typed("models", "rollback").output
    assert f"shop is served by {newest};" in typed("models", "promote", newest).output
    assert "shop is not pinned" in typed("models", "unpin").output


def test_what_was_rolled_back_is_not_undone_by_learning(typed: Typed, shop: Shop) -> None:
    typed("learn", "memory")
    typed("learn", "policy")
    newest, oldest = (r.id for r in shop.store.history("shop"))
    typed("models", "rollback")
    searches = decisions(240, seed=7)
    shop.put(searches, clicks(searches))
    said = typed("learn", "policy").output
    assert f"Pinned to release {oldest}: nothing was published. To go on: ltrr models unpin" in said
    assert shop.store.current_id("shop") == oldest
    assert f"pinned to {oldest}" in typed("models", "list").output
    assert f"shop is no longer pinned to {oldest}" in typed("models", "unpin").output
    assert "Published release" in typed("learn", "policy").output
    assert shop.store.current_id("shop") not in (oldest, newest)


def test_a_run_that_began_before_the_rollback_does_not_undo_it(shop: Shop) -> None:
    typed_parts = shop.store
    at = datetime(2026, 3, 1, tzinfo=UTC)
    part = Part("memory", "shop", "v1", "memory", b"x", sha256(b"x").hexdigest(), at)
    first = typed_parts.publish("shop", {"memory": part})
    typed_parts.publish("shop", {"aggregates": replace(part, kind="aggregates")})
    typed_parts.rollback("shop")
    with pytest.raises(Conflict, match=f"pinned to release {first}; to go on: ltrr models unpin"):
        typed_parts.publish("shop", {"memory": replace(part, version="v2")}, unless_pinned=True)
    typed_parts.publish("shop", {"memory": replace(part, version="v3")})
    assert typed_parts.pinned("shop") == first


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
