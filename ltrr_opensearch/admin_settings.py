"""Settings of the operators' port, and where its token comes from."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.section import Section

SHORTEST_TOKEN = 16
"""Characters; a shorter token can be guessed over the network."""


class AdminSettings(Section):
    host: str = Field("127.0.0.1", description="Address of the operators' port; any but the loopback needs a token.")
    port: int = Field(9202, ge=0, le=65535, description="Port of health, metrics and the other operators' routes.")
    token: SecretStr | None = Field(
        None,
        description="What a request must bear (`Authorization: Bearer ...`); better set as LTRR_ADMIN_TOKEN, or in:",
    )
    token_file: str | None = Field(None, description="File that holds the token and nothing else.")
    open_health: bool = Field(
        False,
        description="Whether health/live and health/ready answer with their status alone where the token is missing, "
        "for load balancers that cannot send one.",
    )

    @model_validator(mode="after")
    def _one_token(self) -> AdminSettings:
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file are both given; keep one (LTRR_ADMIN_TOKEN sets the token)")
        return self


def token_of(admin: AdminSettings) -> bytes | None:
    """The token, from the settings or its file; None where the loopback is all the protection that is wanted."""
    if admin.token_file is not None:
        token, where = _read(admin.token_file), f"admin.token_file {admin.token_file}"
    elif admin.token is not None:
        token, where = admin.token.get_secret_value().strip(), "admin.token"
    elif is_loopback(admin.host):
        return None
    else:
        raise SettingsError(
            f"admin.host {admin.host} can be reached from other machines; set LTRR_ADMIN_TOKEN or admin.token_file "
            "(`openssl rand -hex 32` makes a token), or listen on 127.0.0.1"
        )
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"{where}: a token has at least {SHORTEST_TOKEN} characters, printable ASCII without spaces; "
            "`openssl rand -hex 32` makes one"
        )
    return token.encode()


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"admin.token_file: {path} cannot be read ({error}); give a file with the token") from error
