"""Heads that repeat: whatever came before on a connection, the verdict is that of `plain.py`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.cluster.familiar import LARGEST, FamiliarAnswers, FamiliarRequests
from ltrr_opensearch.cluster.plain import plain_answer, plain_request

HEADERS = (
    *(b"Host: me:1", b"host:me", b"Host: 7", b"HOST:  other", b"Content-Length: 2", b"content-length:12"),
    *(b"Content-Length: 012", b"Content-Length: 1234567890123456", b"Content-Length: +2", b"Content-Length : 2"),
    *(
        b"X-A: 1",
        b"X-Content-Length: 3",
        b"Connection: keep-alive",
        b"Connection: close",
        b"Transfer-Encoding: chunked",
    ),
    *(b"Content-Length: 2\r\n ", b"X: a\nContent-Length: 3", b"Authorization: Basic eA=="),
)
BODIES = (b"", b"{}", b"{}" * 6, b"{}x", b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: me\r\n\r\n")
heads = st.lists(st.sampled_from(HEADERS), max_size=4).map(lambda lines: b"".join(line + b"\r\n" for line in lines))
requests = st.builds(
    b"%b HTTP/1.1\r\n%b\r\n%b".__mod__,
    st.tuples(st.sampled_from((b"GET /a", b"POST /b/_doc?x=1", b"PUT /", b"HEAD /")), heads, st.sampled_from(BODIES)),
)
answers = st.builds(
    b"HTTP/1.1 %b\r\n%b\r\n%b".__mod__,
    st.tuples(st.sampled_from((b"200 OK", b"404 Not Found", b"204 No", b"400 Bad")), heads, st.sampled_from(BODIES)),
)


@settings(max_examples=500)
@given(st.lists(requests, max_size=6))
def test_requests_are_read_as_if_each_were_the_first(several: list[bytes]) -> None:
    familiar = FamiliarRequests()
    for data in several:
        plain, line = plain_request(data), familiar.line(data)
        assert (line is None) == (plain is None)
        if plain is not None and line is not None:
            assert [part.decode() for part in line.groups()] == [plain.method, plain.target]
            assert familiar.addressed(data, line.end(), b"node:9200") == plain.addressed(b"node:9200")


@settings(max_examples=500)
@given(st.lists(answers, max_size=6))
def test_answers_are_read_as_if_each_were_the_first(several: list[bytes]) -> None:
    familiar = FamiliarAnswers()
    assert [familiar.whole(data) for data in several] == [plain_answer(data) for data in several]


@given(st.binary(max_size=40), st.integers(0, 60), st.integers(0, 60))
def test_noise_in_a_head_that_was_seen_is_noise(noise: bytes, first: int, last: int) -> None:
    seen = b"POST /a HTTP/1.1\r\nHost: me:1\r\nContent-Length: 2\r\n\r\n{}"
    data = seen[:first] + noise + seen[last:]
    familiar = FamiliarRequests()
    assert familiar.line(seen) is not None
    assert (familiar.line(data) is None) == (plain_request(data) is None)


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 11, b"x" * 9])
def test_a_host_behind_the_length_is_found_again(body: bytes) -> None:
    familiar = FamiliarRequests()
    for each in (b"x" * 10, body):
        data = b"PUT / HTTP/1.1\r\nContent-Length: %d\r\nHost: me\r\nX: y\r\n\r\n%b" % (len(each), each)
        line = familiar.line(data)
        assert line is not None
        assert familiar.addressed(data, line.end(), b"node") == data.replace(b"me", b"node")


def test_a_first_header_of_length_is_one() -> None:
    familiar = FamiliarRequests()
    whole = b"PUT / HTTP/1.1\r\nContent-Length: 2\r\nHost: me\r\n\r\n{}"
    assert familiar.line(whole) is not None
    assert familiar.line(whole[:-2]) is None
    assert familiar.line(whole[:-1]) is None


def test_large_heads_are_read_each_time() -> None:
    familiar = FamiliarRequests()
    large = b"GET / HTTP/1.1\r\nHost: me\r\nX: %b\r\n\r\n" % (b"x" * LARGEST)
    assert [familiar.line(data) is not None for data in (large, large, large[:-1])] == [True, True, False]
