"""What the proxy's tests share: settings of a shop, the dialect with a fixed clock, a proxy that really listens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.proxy.dialect import parse_search
from ltrr_opensearch.proxy.foreign import NotOurs
from ltrr_opensearch.proxy.parameters import parse_query_string
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Headers, SearchRequest

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHOP = Settings(indexes={"shop": IndexSettings(text_fields={"title": 2.0, "body": 1.0})})

Read = Callable[..., SearchRequest | NotOurs]


@pytest.fixture(scope="session")
def read() -> Read:
    """The dialect on the index `shop`, with the URL's query as a string."""

    def read(
        body: object, query: str = "", headers: Headers = (), target: str = "shop", settings: Settings = SHOP
    ) -> SearchRequest | NotOurs:
        params = parse_query_string(query)
        return parse_search(target, params, headers, body, settings=settings, now=NOW, new_id=lambda: "new")

    return read
