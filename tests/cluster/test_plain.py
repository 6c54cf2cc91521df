"""What may travel as the bytes that came, and all that may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.cluster.plain import plain_answer, plain_request

GET = b"GET /a/_doc/1?x=%20 HTTP/1.1\r\nAccept: */*\r\nHost: me:1\r\nX-Y:  z \r\n\r\n"
POST = b"POST /_bulk HTTP/1.1\r\nhost:me\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n"


def test_a_plain_request_goes_to_another_host_and_is_else_the_same() -> None:
    got = plain_request(GET)
    assert got is not None
    assert (got.method, got.target) == ("GET", "/a/_doc/1?x=%20")
    assert got.addressed(b"node:9200") == GET.replace(b"Host: me:1", b"Host: node:9200")
    assert got.headers == ((b"Accept", b"*/*"), (b"Host", b"me:1"), (b"X-Y", b"z"))
    body = plain_request(POST)
    assert body is not None
    assert body.addressed(b"node") == POST.replace(b"host:me", b"host: node")


def with_header(line: bytes) -> bytes:
    return GET.replace(b"\r\nAccept", b"\r\n" + line + b"\r\nAccept")


@pytest.mark.parametrize(
    "data",
    [
        GET + GET,
        GET[:-1],
        POST + b"x",
        POST[:-1],
        GET.replace(b"GET", b"HEAD"),
        GET.replace(b"GET", b"CONNECT"),
        GET.replace(b"/a", b"http://x/a"),
        GET.replace(b"/a", b"/a b"),
        GET.replace(b"/a", b"/a#b"),
        GET.replace(b"/a", "/ä".encode()),
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"\r\nHost: me:1", b""),
        with_header(b"Host: other"),
        with_header(b"Transfer-Encoding: chunked"),
        with_header(b"TE: trailers"),
        with_header(b"Connection: close"),
        with_header(b"Connection: keep-alive, x-y"),
        with_header(b"Upgrade: h2c"),
        with_header(b"Expect: 100-continue"),
        with_header(b"Keep-Alive: 5"),
        with_header(b"Authorization: AWS4-HMAC-SHA256 x"),
        with_header(b"Content-Length: 2"),
        with_header(b"Content-Length: +0"),
        with_header(b"Content-Length: 0\r\ncontent-length: 0"),
        with_header(b"X : y"),
        with_header(b"X: a\r\n b"),
        with_header(b"X: a\nY: b"),
        with_header(b"X: a\x00b"),
        b"\r\n" + GET,
        b"",
    ],
)
def test_anything_else_wants_a_closer_look(data: bytes) -> None:
    assert plain_request(data) is None


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (ANSWER + b"hello", len(ANSWER) + 5),
        (ANSWER, len(ANSWER) + 5),
        (ANSWER.replace(b"200 OK", b"404 Not Found"), len(ANSWER) + 12),
        (ANSWER.replace(b"content-type: text/plain", b"Connection: keep-alive"), len(ANSWER) + 3),
        (ANSWER.replace(b"content-type: text/plain", b"connection: close"), 0),
        (ANSWER.replace(b"content-type: text/plain", b"content-length: 5"), 0),
        (ANSWER.replace(b"content-length: 5", b"transfer-encoding: chunked"), 0),
        (ANSWER.replace(b"content-length: 5", b"x: 5"), 0),
        (ANSWER.replace(b"200 OK", b"204 No Content"), 0),
        (ANSWER.replace(b"200 OK", b"100 Continue"), 0),
        (ANSWER.replace(b"200 OK", b"400 Bad Request"), 0),
        (ANSWER.replace(b"1.1", b"1.0"), 0),
        (ANSWER[:-2], 0),
    ],
)
def test_plain_answers(data: bytes, whole: int) -> None:
    assert plain_answer(data) == whole


@given(st.binary(max_size=60), st.integers(0, len(GET)))
def test_noise_never_passes_as_a_header_of_ours(noise: bytes, at: int) -> None:
    got = plain_request(GET[:at] + noise + GET[at:])
    if got is not None:
        sent = got.addressed(b"node")
        assert sent.count(b"\r\n\r\n") == 1
        assert sent.lower().count(b"\r\nhost:") == 1
        assert b"\n" not in sent.replace(b"\r\n", b"")
