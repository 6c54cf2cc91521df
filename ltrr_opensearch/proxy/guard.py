"""Who may ask on the operators' port: whoever bears the token; without one configured, programs of this machine. Pure.

A web page that a browser of this machine shows can reach the loopback too, so without a token whatever a browser sends
for a page is refused: a request with an `Origin`, and one whose `Host` is not a name of the loopback (DNS rebinding).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace

import orjson

from ltrr_opensearch.admin_settings import is_loopback
from ltrr_opensearch.cluster.headers import header
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.types import Answer, Headers

OPEN = frozenset(("/_ltrr/health/live", "/_ltrr/health/ready"))
"""Routes whose status alone may be known to everybody, by setting."""
_CHALLENGE = (b"www-authenticate", b'Bearer realm="ltrr"')


@dataclass(frozen=True, slots=True)
class Guard:
    token: bytes | None = field(default=None, repr=False)
    open_health: bool = False

    def refusal(self, headers: Headers) -> Answer | None:
        """Why a request is not answered; None where it may be."""
        if self.token is None:
            return None if _from_here(headers) else failure(403, "this port answers programs of this machine only")
        if hmac.compare_digest(_borne(headers), self.token):
            return None
        answer = failure(401, "the operators' port needs its token: Authorization: Bearer ...")
        return replace(answer, headers=(*answer.headers, _CHALLENGE))

    def says_status(self, path: str) -> bool:
        """Whether the status of this route is told without a token."""
        return self.open_health and path in OPEN


def bare(answer: Answer) -> Answer:
    """An answer of which only the status says anything."""
    return replace(answer, body=orjson.dumps({"status": answer.status}))


def _borne(headers: Headers) -> bytes:
    scheme, _, token = (header(headers, b"authorization") or b"").partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


def _from_here(headers: Headers) -> bool:
    hosts = [value.decode("latin-1") for name, value in headers if name.lower() == b"host"]
    return header(headers, b"origin") is None and all(is_loopback(_name(host)) for host in hosts)


def _name(host: str) -> str:
    """A `Host` without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
