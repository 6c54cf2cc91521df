"""What a value of a field is called in the `rank_features` field that holds proposals."""

from __future__ import annotations


def feature_name(field: str, key: str) -> str:
    """`key`: the value in the form of look-ups. A dot would silently be found by nothing, so it is written %2E."""
    return f"{field}={key}".replace("%", "%25").replace(".", "%2E")
