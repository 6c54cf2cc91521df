"""Bad JSON in well-framed searches: nesting, numbers, characters, JSON that is none, keys given twice, types."""

from __future__ import annotations

import random
from copy import deepcopy

import orjson

from tests.fuzz.case import Made, Place, asked, request

MATCH = b'{"match":{"title":"red"}}'
NDJSON = b"Content-Type: application/x-ndjson"


def _searched(rng: random.Random, place: Place, body: bytes) -> Made:
    """The body to one of the routes that read searches; half of the time to one that is not ours."""
    route = rng.choice(("_search", "_search", "_count", "_msearch"))
    if route == "_msearch":
        lines = b"{}\n" + body.replace(b"\n", b" ") + b"\n" + b'{}\n{"query":{"match_all":{}},"size":1}\n'
        return Made(request("POST", f"/{place.index}/_msearch", (NDJSON,), lines))
    method = rng.choice(("POST", "GET"))
    return Made(asked(method, f"/{place.index}/{route}", body))


_NESTS = ((b"[", b"]"), (b'{"a":', b"}"), (b'{"a":[', b"]}"))
_BOOLS = ((b'{"bool":{"must":', b"}}"), (b'{"bool":{"filter":[', b"]}}"), (b'{"constant_score":{"filter":', b"}}"))


def deep(rng: random.Random, place: Place) -> Made:
    """JSON nested from a little to far beyond what any reader takes.

    Queries are nested 100 deep and no more: from some 300 on, a node of version 3.6 dies of them (StackOverflowError).
    """
    depth = rng.choice((15, 19, 20, 21, 40, 100, 300, 990, 1_000, 1_023, 1_024, 1_030, 3_000, 9_000))
    opened, closed = rng.choice((*_NESTS, *_BOOLS)) if depth <= 100 else rng.choice(_NESTS)
    ends = rng.choice((depth, depth, depth - 1, 0))
    inside = opened * depth + rng.choice((b"1", MATCH, b"{}")) + closed * ends
    around = rng.choice(
        (
            b'{"query":%s}',
            b"%s",
            b'{"query":%s,"aggs":%%s}' % MATCH,
            b'{"query":%s,"ext":%%s}' % MATCH,
            b'{"query":{"bool":{"must":%s,"filter":%%s}}}' % MATCH,
            b'{"query":%s,"post_filter":%%s}' % MATCH,
        )
    )
    return _searched(rng, place, around % inside)


_NUMBERS = (
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"+1",
        b"01",
        b"1.",
        b".5",
        b"-",
        b"1e",
        b"1e999",
        b"-1e999",
        b"1e-999",
        b"-0",
    ),
    *(
        b"9" * 19,
        b"9" * 20,
        b"9" * 400,
        b"-" + b"9" * 40,
        b"18446744073709551616",
        b"9223372036854775808",
        b"1e400",
        b"0x10",
    ),
    *(
        b"2147483648",
        b"-2147483649",
        b"1.0",
        b"1.5",
        b"1e2",
        b"1E+2",
        b"0.1e1",
        b"0." + b"3" * 400,
        b"1_0",
        b"nan",
        b"true",
    ),
    *(
        b'"10"',
        b'"1.0"',
        b'"NaN"',
        b"null",
        b"[1]",
        b"4.9e-324",
        b"1.7976931348623159e308",
        b"0e0",
        b"-1",
        b"10000",
        b"10001",
    ),
)


def numbers(rng: random.Random, place: Place) -> Made:
    """Numbers that are none, too large, or of the wrong kind, wherever a search takes one."""
    number = rng.choice(_NUMBERS)
    body = rng.choice(
        (
            *(b'{"query":%s,"size":%s}' % (MATCH, number), b'{"query":%s,"from":%s}' % (MATCH, number)),
            b'{"query":{"match":{"title":{"query":"red","boost":%s}}}}' % number,
            b'{"query":{"match":{"title":%s}}}' % number,
            b'{"query":{"bool":{"must":%s,"filter":{"range":{"price":{"gte":%s}}}}}}' % (MATCH, number),
            b'{"query":{"bool":{"must":%s,"filter":{"term":{"price":%s}}}}}' % (MATCH, number),
            b'{"query":{"bool":{"must":%s,"filter":{"term":{"price":{"value":3,"boost":%s}}}}}}' % (MATCH, number),
            b'{"query":%s,"track_total_hits":%s}' % (MATCH, number),
            b'{"query":%s,"aggs":{"p":{"avg":{"field":"price","missing":%s}}}}' % (MATCH, number),
            b'{"query":%s,"highlight":{"fields":{"title":{"fragment_size":%s}}}}' % (MATCH, number),
            b'{"query":%s,"indices_boost":[{"%s":%s}]}' % (MATCH, place.index.encode(), number),
        )
    )
    return _searched(rng, place, body)


BYTES = (
    *(
        b"\xff",
        b"\xc0\xaf",
        b"\xe2\x82",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xfe\xff",
        b"\xc3\x28",
        b"\xf0\x9f",
    ),
    *(
        b"\0",
        b"\x01",
        b"\t",
        b"\n",
        b"\x7f",
        b"\\u0000",
        b"\\ud800",
        b"\\udfff\\ud800",
        b"\\ud83d",
        b"\\x41",
        b"\\u12",
        b"\\",
    ),
    *(
        "\ufeff".encode(),
        "\u202e".encode(),
        "\u2028".encode(),
        "\U0010ffff".encode(),
        b"\\u0022",
        b'"',
        b"\\/",
        "é".encode("latin-1"),
    ),
)


def characters(rng: random.Random, place: Place) -> Made:
    """Bytes that are no UTF-8, lone surrogates, controls: in texts, keys, values, around the body, in the URL."""
    odd = b"".join(rng.choice(BYTES) for _ in range(rng.randrange(1, 4)))
    body = rng.choice(
        (
            b'{"query":{"match":{"title":"red%s"}}}' % odd,
            b'{"query":{"match":{"title%s":"red"}}}' % odd,
            b'{"query":{"bool":{"must":%s,"filter":{"term":{"title":"%s"}}}}}' % (MATCH, odd),
            b'{"query":%s,"_source":["%s"]}' % (MATCH, odd),
            b'{"query":%s}%s' % (MATCH, odd),
            b'%s{"query":%s}' % (odd, MATCH),
            b'{"query":%s,"timeout":"%s"}' % (MATCH, odd),
            b'{"query":%s,"post_filter":{"match":{"title":"%s"}}}' % (MATCH, odd),
        )
    )
    if rng.random() < 0.1:
        body = (
            (b'{"query":%s}' % MATCH)
            .decode()
            .encode(rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp500")))
        )
    return _searched(rng, place, body)


def malformed(rng: random.Random, place: Place) -> Made:
    """Nearly JSON: a sound search with bytes cut out, put in, swapped or repeated; comments, other quotes, commas."""
    body = bytearray(b'{"query":{"bool":{"must":%s,"filter":[{"term":{"price":3}}]}},"size":5,"_source":false}' % MATCH)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(body))
        match rng.randrange(6):
            case 0:
                del body[at : at + rng.randrange(1, 9)]
            case 1:
                body[at:at] = rng.choice(
                    (b",", b"'", b"/* */", b"//\n", b"#", b"{", b"}", b"[", b"]", b":", b'"', b" ", b"null")
                )
            case 2:
                body[at] = rng.randrange(256)
            case 3:
                body[at:at] = body[at : at + 12]
            case 4:
                body = body[: at + 1]
            case _:
                body = bytearray(bytes(body).replace(b'"', b"'", rng.randrange(1, 9)))
        body = body or bytearray(b"{")
    return _searched(rng, place, bytes(body))


_DOUBLED = (
    b'{"query":{"match":{"title":"red"}},"query":{"match":{"title":"shoe"}}}',
    b'{"query":{"match":{"title":"red","title":"shoe"}}}',
    b'{"query":{"match":{"title":"red"},"match_all":{}}}',
    b'{"query":{"match":{"title":"red"}},"size":1,"size":2}',
    b'{"query":{"match":{"title":"red"}},"s\\u0069ze":1,"size":2}',
    b'{"query":{"bool":{"must":{"match":{"title":"red"}},"filter":{"term":{"price":3}},"filter":{"term":{"price":5}}}}}',
    b'{"query":{"bool":{"must":{"match":{"title":"red"}},"must":{"match":{"title":"shoe"}}}}}',
    b'{"query":{"match":{"title":{"query":"red","query":"shoe"}}}}',
    b'{"query":{"match":{"title":"red"}},"post_filter":{"term":{"price":3}},"post_filter":{"match_all":{}}}',
    b'{"query":{"match":{"title":"\\u0022red"}},"_source":false,"_source":true}',
    b'{"query":{"match":{"title":"red"}},"aggs":{"a":{"avg":{"field":"price"}},"a":{"max":{"field":"price"}}}}',
    b'{"query":{"match":{"title":"red"}}}{"query":{"match_all":{}}}',
    b'{"query":{"match":{"title":"red"}}} []',
)


def doubled(rng: random.Random, place: Place) -> Made:
    """A key given twice, of which one reader would take the first and another the last."""
    body = rng.choice(_DOUBLED)
    if rng.random() < 0.5:
        body = body.replace(b'"red"', orjson.dumps(rng.choice(("red", "shoe", "red boot", '"', "a\\b", "é"))))
    if rng.random() < 0.3:
        body = body.replace(b":", rng.choice((b" :", b": ", b"\t:\n")))
    return _searched(rng, place, body)


VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    "",
    "red",
    "10",
    [],
    [1],
    {},
    {"a": 1},
    [[]],
    [{}],
    "x" * 3_000,
    ["red", "shoe"],
)
_PLACES = (
    *(
        ("query",),
        ("query", "match"),
        ("query", "match", "title"),
        ("size",),
        ("from",),
        ("sort",),
        ("post_filter",),
        ("aggs",),
    ),
    *(
        ("highlight",),
        ("_source",),
        ("fields",),
        ("stored_fields",),
        ("docvalue_fields",),
        ("script_fields",),
        ("timeout",),
    ),
    *(
        ("explain",),
        ("version",),
        ("track_total_hits",),
        ("suggest",),
        ("indices_boost",),
        ("ext",),
        ("profile",),
        ("collapse",),
    ),
    *(
        ("query", "bool"),
        ("query", "bool", "filter"),
        ("query", "bool", "must"),
        ("query", "bool", "minimum_should_match"),
    ),
)


def wrong_types(rng: random.Random, place: Place) -> Made:
    """JSON values of every other type where a search wants one of its own."""
    body: dict[str, object] = {"query": {"match": {"title": "red"}}}
    for path in rng.sample(_PLACES, rng.randrange(1, 3)):
        inner: dict[str, object] = body
        for name in path[:-1]:
            below = inner.get(name)
            inner[name] = below = below if isinstance(below, dict) else {}
            inner = below
        inner[path[-1]] = deepcopy(rng.choice(VALUES))
    return _searched(rng, place, orjson.dumps(rng.choice((body, body, body, [body], "red", 7, None))))
