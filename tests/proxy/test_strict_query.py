"""The query of a URL is ours to read only where OpenSearch reads the same."""

from __future__ import annotations

import pytest

from ltrr_opensearch.proxy.strict_query import is_plain


@pytest.mark.parametrize(
    "query", ["", "q=red", "q=red+shoe&size=%31", "a=%C3%A9&&b", "filter_path=-hits.*,took", "q=a/b?c:d@e~"]
)
def test_plain(query: str) -> None:
    assert is_plain(query)


@pytest.mark.parametrize(
    "query", ["q=red;size=1", "q=%", "q=%zz", "q=%f", "q=%ff", "q=a b", "q=é", "q=\x7f", "q=a\r\nb", "a#b", "%"]
)
def test_not_plain(query: str) -> None:
    assert not is_plain(query)
