"""TLS on both sides: to the cluster (authorities, our certificate, names, versions) and for clients (our certificate).

A file that is missing, unreadable or does not fit its key is a setting at fault, told with the setting's name.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import ClusterSettings, ServeSettings

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def to_cluster(settings: ClusterSettings) -> ssl.SSLContext:
    """Verified against the named authorities, or the system's, unless `verify_certs` is off."""
    context = ssl.create_default_context()
    if settings.ca_certs is not None:
        _readable(settings.ca_certs, "cluster.ca_certs", "authorities")
        try:
            context = ssl.create_default_context(cafile=settings.ca_certs)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"cluster.ca_certs: cannot read authorities from {settings.ca_certs!r} ({error}); give a PEM file"
            ) from error
    context.minimum_version = _VERSIONS[settings.tls_min_version]
    context.check_hostname = settings.verify_certs and settings.verify_hostname
    if not settings.verify_certs:
        context.verify_mode = ssl.CERT_NONE
    if settings.client_cert is not None:
        _present(context, settings.client_cert, settings.client_key, "cluster.client_cert", "cluster.client_key")
    return context


def for_clients(settings: ServeSettings) -> ssl.SSLContext | None:
    """What the proxy's port speaks; None for plain HTTP."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = _VERSIONS[settings.tls_min_version]
    context.set_alpn_protocols(["http/1.1"])
    _present(context, settings.tls_cert, settings.tls_key, "serve.tls_cert", "serve.tls_key")
    return context


def _present(context: ssl.SSLContext, cert: str, key: str | None, cert_name: str, key_name: str) -> None:
    """Loads a certificate; its key may stand in the same file."""
    _readable(cert, cert_name, "a certificate")
    if key is not None:
        _readable(key, key_name, "a key")
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise SettingsError(
            f"{cert_name}: {cert!r} and {key_name} {key!r} are no certificate with its key ({error}); "
            "give PEM files that belong together, the key without a password"
        ) from error


def _no_password() -> str:
    """Asked by OpenSSL only for an encrypted key; without this it would ask the terminal."""
    raise ValueError("the key is encrypted")


def _readable(path: str, setting: str, what: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{setting}: cannot read {what} from {path!r} ({error.strerror}); give a PEM file"
        ) from error
