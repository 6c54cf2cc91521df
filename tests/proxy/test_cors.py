"""Browsers on other origins: what they ask before they post events, and what they are told."""

from __future__ import annotations

import pytest

from ltrr_opensearch.proxy.cors import allowed, preflight
from tests.proxy.listening import call, listening
from tests.wire.ends import none_ours, settings_for

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("origin", "origins", "granted"),
    [
        (SHOP, (SHOP,), SHOP),
        (SHOP, ("*",), "*"),
        (SHOP, (), None),
        ("https://evil.example", (SHOP,), None),
        ("https://shop.example.evil", (SHOP,), None),
        ("null", (SHOP,), None),
        (None, (SHOP,), None),
    ],
)
def test_only_named_origins_are_granted(origin: str | None, origins: tuple[str, ...], granted: str | None) -> None:
    sent = origin.encode() if origin else None
    told = dict(allowed(sent, origins))
    assert told.get(b"access-control-allow-origin") == (granted.encode() if granted else None)
    asked = dict(preflight(sent, origins).headers)
    assert (b"access-control-allow-methods" in asked) == (granted is not None)
    assert b"access-control-allow-credentials" not in asked


def test_a_page_asks_and_posts() -> None:
    settings = settings_for("http://127.0.0.1:1")
    serve = settings.serve.model_copy(update={"event_origins": (SHOP,)})
    with listening(settings.model_copy(update={"serve": serve}), none_ours) as proxy:
        asks = {"origin": SHOP, "access-control-request-method": "POST"}
        before = call(proxy.url, "OPTIONS", "/_ltrr/events", headers=asks)
        posted = call(proxy.url, "POST", "/_ltrr/events", b"[]", {"origin": SHOP})
        other = call(proxy.url, "POST", "/_ltrr/events", b"[]", {"origin": "https://other.example"})
    assert (before.status, before.headers["access-control-allow-origin"]) == (204, SHOP)
    assert before.headers["access-control-allow-headers"] == "content-type"
    assert posted.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-origin" not in other.headers
    assert other.headers["vary"] == "Origin"
