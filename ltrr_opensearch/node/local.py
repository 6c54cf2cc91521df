"""Starting, finding again and stopping local nodes.

A node is a folder `nodes/<name>` under the home: its config, data, logs, and a record of the process that runs it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.node.config import java_opts, jvm_options, opensearch_yml
from ltrr_opensearch.node.distribution import assemble, is_assembled
from ltrr_opensearch.node.java import Java, find_java
from ltrr_opensearch.node.logs import read_log, telling_lines
from ltrr_opensearch.node.places import Account, asked_home, node_account, usable_home
from ltrr_opensearch.node.process import launch, terminate
from ltrr_opensearch.node.record import CONSOLE, RECORD, NodeStatus, RunningNode, find, health, status_of, write_record
from ltrr_opensearch.node.versions import DEFAULT, checked

PORTS_TRIED = 100
PORT_STEP = 10
"""Between the ports tried, so that a node leaves its neighbours to the proxy (9201, 9202 by default)."""
STOP_PATIENCE_S = 30.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Which node, and how it is to run."""

    name: str = "default"
    home: Path | None = None
    """Folder of the nodes; default: `LTRR_HOME`, else `.ltrr` here."""
    port: int = 9200
    """First port to try; when it is taken every tenth from there on."""
    version: str = DEFAULT
    """Of OpenSearch; a node's data can be opened by its own version and later ones."""
    heap_mb: int = 1024
    small: bool = False
    """Quick to start and light, slower to search: for tests."""
    fresh: bool = False
    """Clear its data first."""
    patience_s: float = 180.0


def start(options: NodeOptions, say: Say = lambda _: None) -> RunningNode:
    """Start a node, or find it running; returns when it answers."""
    account = node_account()
    folder = node_folder(options.name, options.home, say)
    version = checked(options.version)
    if running := find(folder):
        if not options.fresh:
            return _as_asked(running, options)
        terminate(running.process, STOP_PATIENCE_S)
    java = find_java(os.environ, account, version)
    distribution = _distribution(folder.parent.parent, version, say)
    port = free_port(options.port)
    if port != options.port:
        say(f"port {options.port} is taken; using {port}")
    _prepare(folder, distribution, opensearch_yml(options.name, folder, port), options.fresh)
    _hand_over(folder, account)
    say(f"starting OpenSearch {version} on Java {java.major} with a heap of {options.heap_mb} MB")
    node = _launch(folder, distribution, java, account, options, port)
    try:
        _wait_until_ready(node, options.patience_s)
    except BaseException:
        terminate(node.process, STOP_PATIENCE_S)
        raise
    return node


def stop(name: str = "default", home: Path | None = None) -> bool:
    """Stop a node and wait until it is gone; False if it did not run."""
    folder = node_folder(name, home)
    running = find(folder)
    if running is None:
        return False
    terminate(running.process, STOP_PATIENCE_S)
    (folder / RECORD).unlink(missing_ok=True)
    return True


def remove(name: str, home: Path | None = None) -> None:
    """Stop a node and delete its folder, data included."""
    stop(name, home)
    shutil.rmtree(node_folder(name, home), ignore_errors=True)


def status(name: str = "default", home: Path | None = None) -> NodeStatus:
    return status_of(node_folder(name, home))


def node_folder(name: str, home: Path | None = None, say: Say = lambda _: None) -> Path:
    """Where a node lives; says so when that is not where it was asked to."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise NodeError(f"a node's name has lower-case letters, digits and hyphens; got {name!r}")
    account = node_account()
    asked = (home or asked_home(os.environ)).absolute()
    base = usable_home(asked, account)
    if base != asked:
        say(f"user {account.name}, who runs the node, cannot use {asked}; it is in {base} instead")
    return base / "nodes" / name


def free_port(first: int) -> int:
    """The first port from here on, in steps, that nobody listens on."""
    for port in range(first, min(first + PORTS_TRIED * PORT_STEP, 65_536), PORT_STEP):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise NodeError(f"no free port among {PORTS_TRIED} from {first} on; choose another with --port")


def _as_asked(running: RunningNode, options: NodeOptions) -> RunningNode:
    """The node that runs already, unless it is of another version than the one asked for."""
    found = status_of(running.home).version
    if found not in (None, options.version):
        raise NodeError(
            f"node {options.name} runs OpenSearch {found}, not {options.version}; stop it (and clear its data with "
            "--fresh where it is the newer), or give the other one a --name of its own"
        )
    return running


def _distribution(base: Path, version: str, say: Say) -> Path:
    if not is_assembled(base, version):
        say(f"fetching and unpacking OpenSearch {version} with Maven (once)")
    return assemble(base, version)


def _prepare(folder: Path, distribution: Path, settings: str, fresh: bool) -> None:
    """A new config every time; data only anew when asked for."""
    for part in ("config", "tmp", *(["data"] if fresh else [])):
        shutil.rmtree(folder / part, ignore_errors=True)
    for part in ("config", "data", "logs", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / CONSOLE).unlink(missing_ok=True)
    config, shipped = folder / "config", distribution / "config"
    (config / "opensearch.yml").write_text(settings, encoding="utf-8")
    options = jvm_options((shipped / "jvm.options").read_text(encoding="utf-8"))
    (config / "jvm.options").write_text(options, encoding="utf-8")
    shutil.copyfile(shipped / "log4j2.properties", config / "log4j2.properties")


def _hand_over(folder: Path, account: Account) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _launch(
    folder: Path, distribution: Path, java: Java, account: Account, options: NodeOptions, port: int
) -> RunningNode:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "OPENSEARCH_JAVA_HOME": str(java.home),
        "OPENSEARCH_PATH_CONF": str(folder / "config"),
        "OPENSEARCH_TMPDIR": str(folder / "tmp"),
        "OPENSEARCH_JAVA_OPTS": java_opts(options.heap_mb, options.small),
    }
    command = [str(distribution / "bin" / "opensearch")]
    process = launch(command, folder / CONSOLE, distribution, env, account)
    node = RunningNode(f"http://127.0.0.1:{port}", folder, process)
    write_record(node)
    return node


def _wait_until_ready(node: RunningNode, patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while health(node.url) not in ("green", "yellow"):
        if not node.process.alive():
            raise NodeError(_why(node, "the local node ended while it started"))
        if time.monotonic() > end:
            raise NodeError(_why(node, f"the local node was not ready after {patience_s:.0f} s"))
        time.sleep(0.2)


def _why(node: RunningNode, what: str) -> str:
    lines = "".join(f"\n  {line}" for line in telling_lines(read_log(node.home / CONSOLE)))
    return f"{what}. Its log ({node.home / CONSOLE}) says:{lines}"
