"""Signing requests with the proxy's own AWS role (Signature Version 4), with botocore's signer and its credentials.

Only where `cluster.sigv4` asks for it: then our role, and no client, is who the cluster answers.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ltrr_opensearch.cluster.connections import Origin
from ltrr_opensearch.cluster.headers import without
from ltrr_opensearch.errors import MissingExtra, SettingsError, Unreachable
from ltrr_opensearch.types import Headers
from ltrr_opensearch.wire_settings import SigV4Settings

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials

LOOKED_AT_S = 60.0
"""How often the role's credentials are looked at; botocore renews them well before they expire."""
_ANOTHERS = (b"authorization", b"x-amz-date", b"x-amz-security-token", b"x-amz-content-sha256")
_SIGNED = (b"content-type",)


class Signer:
    def __init__(self, settings: SigV4Settings) -> None:
        """Raises `MissingExtra` without botocore, and `SettingsError` where no credentials are to be found."""
        self.settings = settings
        self._credentials = _credentials()
        self._key: ReadOnlyCredentials | None = None
        self._looked_at = 0.0

    async def key(self) -> ReadOnlyCredentials:
        """The credentials in force. Asking for new ones may take the network, hence a thread.

        Raises `Unreachable` where there are none for now.
        """
        now = time.monotonic()
        if self._key is None or now - self._looked_at > LOOKED_AT_S:
            try:
                self._key = await asyncio.to_thread(self._credentials.get_frozen_credentials)
            except Exception as error:  # of botocore, its HTTP client, or a bare RuntimeError for what came too old
                raise Unreachable(f"cluster.sigv4: the role's credentials cannot be renewed: {error}") from error
            self._looked_at = now
        return self._key

    def signed(
        self, key: ReadOnlyCredentials, method: str, origin: Origin, target: str, headers: Headers, body: bytes
    ) -> Headers:
        """The headers with our signature instead of the client's. Covered are host, target, body and their type."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        kept = without(headers, _ANOTHERS)
        covered = {name.decode(): value.decode("latin-1") for name, value in kept if name.lower() in _SIGNED}
        host = origin.authority.decode()
        path, _, query = target.partition("?")
        asked = parse_qsl(query, keep_blank_values=True)  # the signer encodes it in AWS' own way
        url = f"{'https' if origin.tls else 'http'}://{host}{origin.path}{path}"
        request = AWSRequest(method, url, {**covered, "host": host}, body, params=asked)
        before = set(request.headers.keys())
        signer = SigV4Auth(key, self.settings.service, self.settings.region)
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
        signer.add_auth(request)
        added = [(name, value) for name, value in request.headers.items() if name not in before]
        return (*kept, *((name.lower().encode(), str(value).encode("latin-1")) for name, value in added))


def is_relative(path: str) -> bool:
    """Whether it has segments that AWS' algorithm resolves: the signature would cover another path than is sent."""
    return any(part in (".", "..") for part in path.split("/"))


def account(settings: SigV4Settings) -> Any:
    """Our role for opensearch-py."""
    from opensearchpy import Urllib3AWSV4SignerAuth

    return Urllib3AWSV4SignerAuth(_credentials(), settings.region, settings.service)


def _credentials() -> Credentials:
    try:
        from botocore.session import Session
    except ModuleNotFoundError as error:
        raise MissingExtra("botocore", "aws") from error
    found = Session().get_credentials()
    if found is None:
        raise SettingsError(
            "cluster.sigv4: no AWS credentials are found; give the proxy a role (instance, container or web identity), "
            "a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return found
