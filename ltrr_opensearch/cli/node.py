"""`ltrr node`: the local node from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ltrr_opensearch.node.versions import DEFAULT

name_option = click.option("--name", default="default", show_default=True, help="Which node, where there are several.")
home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="LTRR_HOME",
    show_envvar=True,
    help="Folder of the nodes; default: .ltrr here.",
)


@click.group()
def node() -> None:
    """Start, stop and watch a local OpenSearch node, for trying and testing.

    It is a real OpenSearch with the k-NN and neural-search plugins, on the loopback and without security. Needs Maven
    and a JDK of 21 or newer (11 to 23 for OpenSearch 2.19). Data survives a restart.
    """


@node.command("start")
@name_option
@home_option
@click.option("--port", default=9200, show_default=True, help="First port to try; when taken, every tenth after it.")
@click.option("--version", default=DEFAULT, show_default=True, help="Version of OpenSearch; 2.19.0 or newer.")
@click.option("--heap", "heap_mb", default=1024, show_default=True, help="Heap in MB.")
@click.option("--small", is_flag=True, help="Quick to start and light, slower to search.")
@click.option("--fresh", is_flag=True, help="Clear the node's data first.")
def start_node(**options: Any) -> None:
    """Start the node and wait until it answers."""
    from rich.console import Console

    from ltrr_opensearch.node.local import NodeOptions, start

    console = Console(stderr=True)
    with console.status("preparing the local node", spinner="dots"):
        running = start(NodeOptions(**options), lambda text: console.print(text, highlight=False, soft_wrap=True))
    click.echo(f"{running.url} (process {running.pid}, in {running.home})")


@node.command("stop")
@name_option
@home_option
def stop_node(name: str, home: Path | None) -> None:
    """Stop the node and wait until it is gone."""
    from ltrr_opensearch.node.local import stop

    click.echo("stopped" if stop(name, home) else f"node {name} does not run")


@node.command("status")
@name_option
@home_option
def node_status(name: str, home: Path | None) -> None:
    """Say whether the node runs; exits with 3 when it does not, as service managers do."""
    from ltrr_opensearch.node.local import status

    now = status(name, home)
    if now.running is None:
        click.echo(f"node {name} does not run; its folder {now.home} holds {_mb(now.disk_bytes)}")
        raise SystemExit(3)
    click.echo(
        f"url      {now.running.url}\nversion  {now.version or 'no answer'}\nhealth   {now.health or 'no answer'}\n"
        f"process  {now.running.pid}\ndisk     {_mb(now.disk_bytes)} in {now.home}"
    )


@node.command("logs")
@name_option
@home_option
@click.option("-f", "--follow", is_flag=True, help="Go on until interrupted.")
def node_logs(name: str, home: Path | None, follow: bool) -> None:
    """Print the node's log."""
    from ltrr_opensearch.node import logs
    from ltrr_opensearch.node.local import node_folder
    from ltrr_opensearch.node.record import CONSOLE

    log = node_folder(name, home) / CONSOLE
    if not log.is_file():
        raise click.ClickException(f"{log}: there is no log; node {name} was never started here")
    for text in logs.follow(log) if follow else [logs.read_log(log)]:
        click.echo(text, nl=False)


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
