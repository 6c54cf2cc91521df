"""A body that two readers would read differently is not ours to read."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.proxy.strict_json import loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_the_same_to_everybody_is_read(value: object) -> None:
    raw = orjson.dumps(value)
    assert loads(raw) == orjson.loads(raw)


@given(st.text(), VALUES, VALUES, st.dictionaries(st.text(), VALUES, max_size=3))
def test_a_key_given_twice_is_not_read(key: str, first: object, second: object, rest: dict[str, object]) -> None:
    name, others = orjson.dumps(key), orjson.dumps(rest | {key: first})
    doubled = others[:-1] + b"," + name + b":" + orjson.dumps(second) + b"}"
    with pytest.raises(ValueError, match="twice"):
        loads(b"[" + doubled + b"]")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"\\u0061":2}',
        b'{"a":"\\u0022\\u0022","a":1}',
        b"18446744073709551616",
        b'{"a":[-9223372036854775809]}',
        b"9" * 5_000,
        b"NaN",
        b"1e999",
        b'"\xff"',
        b'"\\ud800"',
        b"[" * 2_000,
        b"[" * 300 + b"]" * 300,
        b'["\\u0061",' + b"[" * 1_000 + b"]" * 1_000 + b"]",
        b"",
    ],
)
def test_what_is_doubtful_is_not_read(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 any reason will do
        loads(raw)


@pytest.mark.parametrize(
    "raw", [b"18446744073709551615", b"-9223372036854775808", b'"\\u0061"', b"0.1234567890123456789012"]
)
def test_what_only_looks_doubtful_is_read(raw: bytes) -> None:
    assert loads(raw) == orjson.loads(raw)
