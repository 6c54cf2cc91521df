"""Signatures: AWS' published example, a verifier written from the specification, and what a proxy sends."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError

from ltrr_opensearch.cluster import sigv4
from ltrr_opensearch.cluster.connections import Origin
from ltrr_opensearch.cluster.sigv4 import Signer
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.types import Answer, SearchRequest
from ltrr_opensearch.wire_settings import SigV4Settings
from tests.proxy.listening import call, listening
from tests.wire.ends import OK, always, cluster, none_ours, settings_for

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SETTINGS = {"region": "eu-central-1"}
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=another/x", "X-Amz-Date": "20260101T000000Z"}
SEARCH = b'{"query":{"match":{"title":"red"}}}'


@pytest.fixture(autouse=True)
def _role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def digest(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def verified(request: bytes, service: str = "es") -> bool:
    """Whether a request that arrived is signed with our key: the algorithm of AWS' specification, step by step."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    said = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/aws4_request, SignedHeaders=(\S+), Signature=(\S+)",
        headers["authorization"],
    )
    assert said, headers["authorization"]
    key, day, region, named_service, names, signature = said.groups()
    path, _, query = target.partition("?")
    asked = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    payload = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/~"),
            "&".join(f"{k}={v}" for k, v in asked),
            *(f"{name}:{headers[name]}" for name in names.split(";")),
            "",
            names,
            payload,
        ]
    )
    scope = f"{day}/{region}/{named_service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = digest(digest(digest(digest(f"AWS4{SECRET}".encode(), day), region), named_service), "aws4_request")
    own = (key, region, named_service) == (KEY, "eu-central-1", service)
    return own and digest(secret, to_sign).hex() == signature and headers["x-amz-content-sha256"] == payload


@pytest.mark.parametrize(
    ("asked", "signature"),
    [
        ((), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            (("Param2", "value2"), ("Param1", "value1")),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
    ids=["get-vanilla", "get-vanilla-query-order-key-case"],
)
def test_aws_own_examples(asked: tuple[tuple[str, str], ...], signature: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of AWS' Signature Version 4 test suite, by the signer that we use."""
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: datetime(2015, 8, 30, 12, 36))
    request = AWSRequest("GET", "https://example.amazonaws.com/", params=asked)
    request.headers["host"] = "example.amazonaws.com"
    botocore.auth.SigV4Auth(Credentials(KEY, SECRET), "service", "us-east-1").add_auth(request)
    assert request.headers["Authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/", b""),
        ("POST", "/shop/_search?typed_keys=true&filter_path=hits.*,took&q=a+b", SEARCH),
        ("PUT", "/a%2Fb/_doc/%C3%A4?routing=x%20y", b"{}"),
        ("GET", "/logs-*,shop/_search?size=", b""),
    ],
)
async def test_our_signature_holds_by_the_specification(method: str, target: str, body: bytes) -> None:
    signer = Signer(SigV4Settings(region="eu-central-1", service="aoss"))
    origin = Origin("h", 443, None, b"search.example")
    headers = ((b"Content-Type", b"application/json"), (b"Authorization", b"AWS4-x"), (b"X-Opaque-Id", b"7"))
    signed = signer.signed(await signer.key(), method, origin, target, headers, body)
    lines = b"\r\n".join(name + b": " + value for name, value in ((b"host", b"search.example"), *signed))
    request = f"{method} {target} HTTP/1.1\r\n".encode() + lines + b"\r\n\r\n" + body
    assert verified(request, "aoss")
    assert not verified(request + b"x", "aoss")
    assert b"AWS4-x" not in request


def test_signed_searches_are_ours_where_we_sign() -> None:
    asked: list[SearchRequest] = []

    def engine(request: SearchRequest) -> Answer | None:
        asked.append(request)
        return None

    received: list[bytes] = []
    with cluster(always(OK, received)) as url:
        with listening(settings_for(url), engine) as proxy:
            call(proxy.url, "POST", "/shop/_search", SEARCH, SIGNED)
        assert asked == []
        host = proxy.url.partition("//")[2].encode()
        assert b"\r\nhost: " + host in received[-1].lower()  # what the client's signature covers
        with listening(settings_for(url, sigv4=SETTINGS), engine) as proxy:
            call(proxy.url, "POST", "/shop/_search", SEARCH, SIGNED)
            assert len(asked) == 1


def test_everything_is_signed_where_that_is_asked_for() -> None:
    received: list[bytes] = []
    with cluster(always(OK, received)) as url:
        settings = settings_for(url, sigv4={**SETTINGS, "sign": "everything", "max_body_mb": 0.1})
        with listening(settings, none_ours) as proxy:
            assert call(proxy.url, "PUT", "/other/_doc/1?refresh=true", b'{"a":1}', SIGNED).status == 200
            assert call(proxy.url, "GET", "/_cat/health").status == 200
            assert call(proxy.url, "POST", "/shop/_search", SEARCH).status == 200
            large = call(proxy.url, "POST", "/_bulk", b"x" * 200_000)
            relative = [call(proxy.url, "PUT", target, b"{}") for target in ("/a/../b/_doc/1", "/./b/_doc/1", "/a/..")]
    assert [verified(request) for request in received] == [True] * 3
    assert large.status == 413
    assert [answer.status for answer in relative] == [400] * 3
    assert "/a/../b/_doc/1 cannot be signed as it is sent" in relative[0].body.decode()


def test_a_role_that_cannot_be_renewed_is_told_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fresh: list[dict[str, str]] = []

    def renewed() -> dict[str, str]:
        if not fresh:
            raise CredentialRetrievalError(provider="instance", error_msg="no route")
        return fresh[0]

    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    role = RefreshableCredentials(KEY, SECRET, "t", long_ago, renewed, "instance")
    monkeypatch.setattr(sigv4, "_credentials", lambda: role)
    received: list[bytes] = []
    with (
        cluster(always(OK, received)) as url,
        listening(settings_for(url, sigv4={**SETTINGS, "sign": "everything"}), none_ours) as proxy,
    ):
        told = call(proxy.url, "PUT", "/other/_doc/1", b"{}")
        ready = call(proxy.admin, "GET", "/_ltrr/health/ready")
        assert received == []
        later = {"access_key": KEY, "secret_key": SECRET, "token": "t", "expiry_time": "2999-01-01T00:00:00Z"}
        fresh.append(later)
        assert call(proxy.url, "PUT", "/other/_doc/1", b"{}").status == 200
    assert (told.status, ready.status) == (503, 503)
    assert "cannot be renewed" in caplog.text
    assert "cannot be renewed" in ready.body.decode()
    assert [verified(request) for request in received] == [True]


def test_without_credentials_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(SettingsError, match=r"cluster\.sigv4: no AWS credentials"):
        Signer(SigV4Settings(region="eu-central-1"))
