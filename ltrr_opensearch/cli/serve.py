"""`ltrr serve`: the proxy in front of the cluster, in one process or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    import socket

    from ltrr_opensearch.proxy.health import Readiness


Given = Mapping[str, str | int | None]
"""Options of the command line; None where one was not given."""


@click.command()
@click.option("--host", help="Address to listen on; default: serve.host of the configuration.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="Port of health, metrics and explanations.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that serve; default: serve.workers.")
@pass_settings
def serve(settings: Settings, host: str | None, port: int | None, admin_port: int | None, workers: int | None) -> None:
    """Run the proxy: searches on configured indexes go through the engine, everything else streams through.

    Without the cluster it starts all the same, answers 503 and is not ready until the cluster is there.
    """
    from ltrr_opensearch.proxy.server import listen
    from ltrr_opensearch.telemetry.logs import log_to_stderr

    settings = _overridden(settings, {"host": host, "port": port, "workers": workers}, {"port": admin_port})
    log_to_stderr(settings.serve.log_format)
    if settings.state.secret_is_known and settings.indexes:
        _warn("state.secret is the default, so that clients can foresee every draw; set one, the same on all proxies")
    several = settings.serve.workers > 1
    public = listen(settings.serve.host, settings.serve.port, "serve.port", shared=several)
    operators = listen(settings.admin.host, settings.admin.port, "admin.port")
    ready = _said_when_ready(settings, public.getsockname(), operators.getsockname())
    if several:
        from ltrr_opensearch.cli.supervisor import supervise

        supervise(settings, public, operators, ready)
    else:
        _serve_alone(settings, public, operators, ready)


def _serve_alone(
    settings: Settings, public: socket.socket, operators: socket.socket, ready: Callable[[Readiness], None]
) -> None:
    import uvloop

    from ltrr_opensearch.cli.worker import servers
    from ltrr_opensearch.proxy.server import serve_until_signalled

    async def main() -> None:
        await serve_until_signalled(servers(settings)[0], public, operators, ready)

    uvloop.run(main())


def _said_when_ready(
    settings: Settings, where: tuple[str, int], beside: tuple[str, int]
) -> Callable[[Readiness], None]:
    def ready(state: Readiness) -> None:
        scheme = "https" if settings.serve.tls_cert else "http"
        click.echo(f"proxy      {scheme}://{_spelled(where)} -> {', '.join(settings.cluster.urls)}")
        click.echo(f"operators  http://{_spelled(beside)}/_ltrr/health/ready, /_ltrr/metrics")
        click.echo(f"indexes    {', '.join(settings.indexes) or 'none configured: everything passes through'}")
        if state.processes > 1:
            click.echo(f"processes  {state.processes}")
        if state.ok:
            click.echo(f"cluster    OpenSearch {state.cluster or 'of a version that it does not tell us'}")
        else:
            _warn(f"{state.reason}; serving 503 until the cluster answers")
        for fault in state.faults:
            _warn(fault)
        if state.off and not state.faults:
            _warn(f"learning is switched off for {', '.join(state.off)}: ltrr on")

    return ready


def _spelled(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _warn(what: str) -> None:
    click.secho(f"warning: {what}", fg="yellow", err=True)


def _overridden(settings: Settings, serve: Given, admin: Given) -> Settings:
    of_serve, of_admin = ({k: v for k, v in given.items() if v is not None} for given in (serve, admin))
    return settings.model_copy(
        update={
            "serve": settings.serve.model_copy(update=of_serve),
            "admin": settings.admin.model_copy(update=of_admin),
        }
    )
