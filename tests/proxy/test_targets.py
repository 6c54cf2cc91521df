"""Whose configuration applies to an index expression."""

from __future__ import annotations

import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.proxy.targets import owner
from ltrr_opensearch.settings import Settings

OURS = IndexSettings(text_fields={"title": 1.0})
SETTINGS = Settings(
    indexes=dict.fromkeys(["shop", "logs-*", "logs-special", "books,films", "<day-{now/d}>", "music,music_live*"], OURS)
)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("shop", "shop"),
        ("shop,shop", "shop"),
        ("logs-2026", "logs-*"),
        ("logs-*", "logs-*"),
        ("logs-2026-*", "logs-*"),
        ("logs-1,logs-2", "logs-*"),
        ("logs-1%2Clogs-2", "logs-*"),
        ("logs-*,-logs-old", "logs-*"),
        ("logs-*,-other*", "logs-*"),
        ("logs-special", "logs-special"),
        ("books,films", "books,films"),
        ("films,books", "books,films"),
        ("films", "books,films"),
        ("music_live_eu", "music,music_live*"),
        ("%3Cday-%7Bnow%2Fd%7D%3E", "<day-{now/d}>"),
        ("logs-special,logs-1", None),
        ("shop,logs-1", None),
        ("shop,absent", None),
        ("-shop", None),
        ("shop,-shop", None),
        ("_all", None),
        ("*", None),
        ("l*", None),
        ("", None),
        ("shop,", None),
        ("other:shop", None),
        ("logs-1,other:logs-2", None),
        ("%3Clogs-%7Bnow%2Fd%7D%3E", None),
        ("SHOP", None),
        ("music_liv", None),
    ],
)
def test_owner(target: str, key: str | None) -> None:
    found = owner(target, SETTINGS)
    assert (found[0] if found else None) == key


def test_a_key_that_lists_the_name_comes_before_a_pattern() -> None:
    index = {"text_fields": {"title": 1}}
    settings = Settings.model_validate({"indexes": {"shop*": index, "shop,shop_live": index}})
    found = owner("shop", settings)
    assert found is not None
    assert found[0] == "shop,shop_live"
