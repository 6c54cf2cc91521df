"""`ltrr serve`: the proxy in front of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.proxy.health import Readiness


Given = Mapping[str, str | int | None]
"""Options of the command line; None where one was not given."""


@click.command()
@click.option("--host", help="Address to listen on; default: serve.host of the configuration.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--admin-port", type=click.IntRange(0, 65535), help="Port of health, metrics and explanations.")
@pass_settings
def serve(settings: Settings, host: str | None, port: int | None, admin_port: int | None) -> None:
    """Run the proxy: searches on configured indexes go through the engine, everything else streams through.

    Without the cluster it starts all the same, answers 503 and is not ready until the cluster is there.
    """
    import logging

    import uvloop

    from ltrr_opensearch import assemble
    from ltrr_opensearch.proxy.server import Servers, listen, serve_until_signalled

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger("opensearch").setLevel(logging.WARNING)
    settings = _overridden(settings, {"host": host, "port": port}, {"port": admin_port})
    if settings.state.secret_is_known and settings.indexes:
        _warn("state.secret is the default, so that clients can foresee every draw; set one, the same on all proxies")
    public = listen(settings.serve.host, settings.serve.port, "serve.port")
    operators = listen(settings.admin.host, settings.admin.port, "admin.port")
    where, beside = public.getsockname(), operators.getsockname()

    def ready(state: Readiness) -> None:
        click.echo(f"proxy      http://{where[0]}:{where[1]} -> {settings.cluster.url}")
        click.echo(f"operators  http://{beside[0]}:{beside[1]}/_ltrr/health/ready, /_ltrr/metrics")
        click.echo(f"indexes    {', '.join(settings.indexes) or 'none configured: everything passes through'}")
        if state.ok:
            click.echo(f"cluster    OpenSearch {state.cluster or 'of a version that it does not tell us'}")
        else:
            _warn(f"{state.reason}; serving 503 until the cluster answers")

    async def main() -> None:
        await serve_until_signalled(Servers(*assemble.proxy(settings)), public, operators, ready)

    uvloop.run(main())


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
