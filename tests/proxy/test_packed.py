"""Packed bodies: gzip and deflate are read, anything doubtful is not."""

from __future__ import annotations

import gzip
import zlib

import pytest

from ltrr_opensearch.proxy.packed import readable, unpacked

PLAIN = b'{"query":{}}'


@pytest.mark.parametrize(
    ("raw", "encoding", "plain"),
    [
        (PLAIN, None, PLAIN),
        (gzip.compress(PLAIN, mtime=0), b"gzip", PLAIN),
        (gzip.compress(PLAIN, mtime=0), b" GZIP ", PLAIN),
        (zlib.compress(PLAIN), b"deflate", PLAIN),
        (gzip.compress(PLAIN, mtime=0)[:-3], b"gzip", None),
        (gzip.compress(PLAIN, mtime=0) + b"x", b"gzip", None),
        (PLAIN, b"gzip", None),
        (gzip.compress(b"x" * 1_000_000, mtime=0), b"gzip", None),
    ],
)
def test_unpacked(raw: bytes, encoding: bytes | None, plain: bytes | None) -> None:
    assert unpacked(raw, encoding, limit=100_000) == plain


def test_readable() -> None:
    assert [readable(e) for e in (None, b"gzip", b"deflate", b"zstd", b"gzip, gzip")] == [
        True,
        True,
        True,
        False,
        False,
    ]
