"""How the proxy reaches the cluster's nodes, and how its own port is reached: addresses, TLS, signatures, browsers."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator

from ltrr_opensearch.section import Positive, Section

TlsVersion = Literal["1.2", "1.3"]


def _address(url: object) -> object:
    """An account in the URL would answer every client as ourselves, and be logged with it."""
    text = str(url)
    if "@" in text:
        raise ValueError("names an account; use cluster.username and cluster.password")
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port must be a number from 1 to 65535") from None
    if port == 0:
        raise ValueError("the port must be a number from 1 to 65535")
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise ValueError("names no host; give one like http://localhost:9200")
    if parts.query or parts.fragment or any(c.isspace() for c in text):
        raise ValueError("must end with the host, port and path; without a query, a # or blanks")
    return url


Address = Annotated[str, Field(pattern=r"^https?://."), BeforeValidator(_address)]


class SigV4Settings(Section):
    """Signing requests anew with the proxy's own AWS role."""

    region: str = Field(description="AWS region of the domain, as in eu-central-1.")
    service: Literal["es", "aoss"] = Field("es", description="es for a domain, aoss for a serverless collection.")
    sign: Literal["searches", "everything"] = Field(
        "searches",
        description="What is signed: the searches that are re-ranked, or also all that passes through.",
    )
    max_body_mb: Positive = Field(
        64, description="Largest body that passes through signed; a signature needs the whole of it."
    )


class ReachSettings(Section):
    """A part of the section `cluster`."""

    url: Address = Field(
        "http://localhost:9200",
        description="Where the OpenSearch cluster answers: http:// or https://, host, port.",
    )
    nodes: tuple[Address, ...] = Field(
        (), description="Addresses of further nodes of the same cluster; requests are dealt out in turn."
    )
    connect_ms: Positive = Field(
        3000, description="With several nodes, longest wait for a connection before the next node is tried."
    )
    retry_ms: Positive = Field(5000, description="How long a node that failed is left out before it is asked again.")
    ca_certs: str | None = Field(None, description="File with the authorities to trust, for https.")
    verify_certs: bool = Field(True, description="Whether certificates are verified.")
    verify_hostname: bool = Field(True, description="Whether a certificate must be made for the name of its host.")
    tls_server_name: str | None = Field(None, description="The name the certificates are for; default: the host.")
    tls_min_version: TlsVersion = Field("1.2", description="Oldest TLS version to speak with the cluster.")
    client_cert: str | None = Field(None, description="File with our certificate, where the cluster asks for one.")
    client_key: str | None = Field(None, description="File with its key; default: in the file of the certificate.")
    sigv4: SigV4Settings | None = Field(None, description="Sign requests with our own AWS role; default: never.")

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of all nodes that are named."""
        return tuple(dict.fromkeys(url.rstrip("/") for url in (self.url, *self.nodes)))

    @model_validator(mode="after")
    def _key_has_its_certificate(self) -> ReachSettings:
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("client_key is given without client_cert; give both, or neither")
        return self


class ListenSettings(Section):
    """A part of the section `serve`."""

    tls_cert: str | None = Field(None, description="File with the proxy's certificate; its port then speaks https.")
    tls_key: str | None = Field(None, description="File with its key; default: in the file of the certificate.")
    tls_min_version: TlsVersion = Field("1.2", description="Oldest TLS version to speak with clients.")
    event_origins: tuple[str, ...] = Field(
        (), description="Origins of web pages that may post events, like https://shop.example; * allows all."
    )

    @model_validator(mode="after")
    def _served_key_has_its_certificate(self) -> ListenSettings:
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key is given without tls_cert; give both, or neither")
        return self
