"""The administrative client: opensearch-py, for set-up, jobs and stores, never for the proxy's own path.

Its connection and permission failures become our errors, with the address and what to do. What a caller may expect
and handle stays as opensearch-py has it (`NotFoundError`, `ConflictError`, `RequestError`, ...), with a note that names
the request; where nobody handled it, `unhandled` says it in a line.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import orjson
from opensearchpy import OpenSearch, Transport
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    SerializationError,
    SSLError,
    TransportError,
)
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.serializer import JSONSerializer

from ltrr_opensearch.cluster.capabilities import check_version
from ltrr_opensearch.cluster.hits import answer
from ltrr_opensearch.cluster.sigv4 import account
from ltrr_opensearch.cluster.tls import to_cluster
from ltrr_opensearch.errors import ClusterError, Unreachable
from ltrr_opensearch.settings import ClusterSettings

EXPECTED = (404, 409, "N/A")
"""Absent, changed by somebody else, no connection: our callers handle these, or they are told in our own words."""
HINTS = {
    400: "the cluster does not take the request; see whether the index fits the configuration: ltrr doctor",
    404: "it does not exist; `ltrr setup INDEX` makes what is ours",
    409: "somebody else changed it at the same moment; try again",
    429: "the cluster has too much to do, or its disks are full (`ltrr doctor`); try again later",
}
UNWELL = "the cluster is not well; see ltrr doctor and the cluster's own log"


def connect(settings: ClusterSettings, *, reads_much: bool = False) -> OpenSearch:
    """A client for the configured cluster. Connects when first used.

    One that `reads_much` takes answers as they are: packing them costs the cluster, and both sides, more than it saves.
    """
    logging.getLogger("opensearch").addFilter(_is_news)
    auth = (
        (settings.username, settings.password.get_secret_value()) if settings.username and settings.password else None
    )
    secure = settings.url.startswith("https")
    return OpenSearch(
        hosts=list(settings.urls),
        http_auth=account(settings.sigv4) if settings.sigv4 else auth,
        timeout=settings.timeout_ms / 1000,
        max_retries=1,
        http_compress=not reads_much,
        serializer=_FastSerializer() if reads_much else JSONSerializer(),
        transport_class=_Transport,
        **(_tls(settings) if secure else {}),
    )


def _tls(settings: ClusterSettings) -> dict[str, Any]:
    if settings.tls_server_name is None:
        return {"ssl_context": to_cluster(settings)}
    return {  # only so can the library be told another name than the host's
        "verify_certs": settings.verify_certs,
        "ca_certs": settings.ca_certs,
        "client_cert": settings.client_cert,
        "client_key": settings.client_key,
        "ssl_assert_hostname": settings.tls_server_name if settings.verify_hostname else False,
        "ssl_show_warn": False,
    }


class _FastSerializer(JSONSerializer):
    """Writes and reads with orjson, which takes a third of the time, and reads hits when they are looked at (`hits`).

    Whole numbers beyond 64 bits become floats.
    """

    def dumps(self, data: Any) -> Any:
        try:
            return data if isinstance(data, str | bytes) else orjson.dumps(data)
        except TypeError:  # what orjson does not know, as whole numbers beyond 64 bits
            return super().dumps(data)

    def loads(self, s: str) -> Any:
        return answer(s, self._parse)

    def _parse(self, text: str) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:  # half a surrogate pair, say, which clients may have sent
            return super().loads(text)


class _Transport(Transport):
    """opensearch-py's transport, failures told in our words. Greets first, so that no other system is written to."""

    _known = False

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if not self._known and (method, url) != ("GET", "/"):
            self._greet()
        answer = self._asked(method, url, *args, **kwargs)
        if (method, url) == ("GET", "/"):
            self._recognise(answer)
        return answer

    def _greet(self) -> None:
        try:
            self._recognise(self._asked("GET", "/"))
        except ClusterError as error:
            if not isinstance(error.__cause__, AuthorizationException):  # not every account may ask for the version
                raise
            self._known = True

    def _recognise(self, root: Any) -> None:
        try:
            check_version(root if isinstance(root, dict) else {})
        except ClusterError as error:
            raise type(error)(f"{self._address()}: {error}") from None
        self._known = True

    def _asked(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().perform_request(method, url, *args, **kwargs)
        except SerializationError as error:
            raise ClusterError(
                f"{self._address()} answers {method} {url} with something other than JSON ({error}), as no OpenSearch "
                "does; set cluster.url or OPENSEARCH_URL to the cluster itself"
            ) from error
        except (NoConnection, AuthenticationException, AuthorizationException) as error:
            raise translate(error, f"{method} {url}", str(self.hosts[0].get("host")), self._address()) from error
        except TransportError as error:
            error.add_note(f"{method} {url} at {self._address()}")
            raise

    def _address(self) -> str:
        host = self.hosts[0]
        scheme = "https" if host.get("use_ssl") else "http"
        return f"{scheme}://{host.get('host')}:{host.get('port', 9200)}"


def translate(error: Exception, request: str, host: str, address: str) -> ClusterError:
    """What a failure of the connection or of a permission means, and what to do about it."""
    match error:
        case SSLError():
            return Unreachable(
                f"{address} does not speak trusted TLS ({_cause(error)}); set cluster.ca_certs to the file with its "
                "authority, or use http:// if the cluster has no TLS"
            )
        case ConnectionTimeout():
            return Unreachable(
                f"no answer from {address} in time to {request}; if the cluster is busy, raise cluster.timeout_ms"
            )
        case NoConnection():
            return Unreachable(
                f"no OpenSearch answers at {address} ({_cause(error)}); start it (`ltrr node start` for a local one), "
                "or set cluster.url or OPENSEARCH_URL"
            )
        case AuthenticationException():
            return ClusterError(
                f"{address} refuses our account (401) on {request}; set OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, "
                "or cluster.username and cluster.password"
            )
        case AuthorizationException():
            return ClusterError(f"our account may not do this on {host} (403): {request}: {reason(error)}")
        case _:
            return ClusterError(f"{address}: {request}: {error}")


def unhandled(error: Exception) -> str:
    """An answer of the cluster that ends a command: the request, what came back, and what to do about it."""
    request = "; ".join(getattr(error, "__notes__", [])) or "a request to the cluster"
    if not isinstance(error, TransportError) or not isinstance(error.status_code, int):
        return f"{request}: {error}"
    hint = HINTS.get(error.status_code, UNWELL)
    return f"{request} was answered with {error.status_code}: {reason(error)}; {hint}"


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of opensearch-py tells what nobody else does. It warns of every failed request as it happens."""
    status = record.args[2] if isinstance(record.args, tuple) and len(record.args) > 2 else None
    return status not in EXPECTED


def reason(error: Exception) -> str:
    """The cluster's own explanation of a refused request, without the JSON around it."""
    info = getattr(error, "info", None)
    found = info.get("error") if isinstance(info, dict) else None
    if isinstance(found, dict):
        return str(found.get("reason") or found.get("type"))
    return str(found or getattr(error, "error", error))


def _cause(error: Exception) -> str:
    """The operating system's or TLS' own words, without the Python around them."""
    inner = getattr(error, "info", None)
    if not isinstance(inner, Exception):
        return str(error)
    said = re.findall(r"\[(?:Errno -?\d+|SSL: [A-Z_]+)\] ([^(\[\])'\"]+)", str(inner))
    return str(said[-1]).strip() if said else type(inner).__name__
