"""Where the local node lives, and as whom it runs.

OpenSearch refuses to run as root, so root starts it as an unprivileged account; that account must be able to enter the
folder, which it cannot under, say, /root. Then the node moves to a folder under /var/tmp named after the one asked for.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.errors import NodeError

ELSEWHERE = Path("/var/tmp")  # noqa: S108  survives a restart of the machine; ownership is checked before use
UNPRIVILEGED = ("opensearch", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the node runs as."""

    uid: int
    gid: int
    name: str


def node_account() -> Account:
    """Ourselves, or an unprivileged account when we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), os.environ.get("USER", str(os.geteuid())))
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise NodeError(f"no unprivileged account to run OpenSearch as: none of {', '.join(UNPRIVILEGED)} exists")


def reachable(path: Path, account: Account) -> bool:
    """Whether an account may enter every folder above a path, by the permission bits."""
    return all(_may_enter(folder, account) for folder in path.resolve().parents if folder.exists())


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == account.gid else 0o001))


def asked_home(environ: Mapping[str, str]) -> Path:
    """The folder of `LTRR_HOME`, else `.ltrr` here."""
    return Path(environ.get("LTRR_HOME") or ".ltrr").absolute()


def usable_home(asked: Path, account: Account, elsewhere: Path = ELSEWHERE) -> Path:
    """The folder asked for where it does for this account, else one of its own elsewhere. It exists afterwards."""
    home = asked
    if re.search(r"\s", str(asked)) or not reachable(asked / "node", account):
        # bin/opensearch splits JVM options at spaces
        home = elsewhere / f"ltrr-{os.geteuid()}-{hashlib.sha256(str(asked).encode()).hexdigest()[:12]}"
    try:
        if not home.exists():
            home.mkdir(parents=True)
            home.chmod(0o755)  # whatever the umask
    except OSError as error:
        raise NodeError(f"{home}: this folder for the local node cannot be made ({error.strerror})") from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise NodeError(f"{home}: this folder for the local node cannot be written; set LTRR_HOME to another one")
    if home != asked and (home.is_symlink() or home.stat().st_uid != os.geteuid()):
        raise NodeError(f"{home} belongs to somebody else; set LTRR_HOME to a folder that {account.name} can enter")
    return home
