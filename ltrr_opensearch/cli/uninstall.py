"""`ltrr uninstall`: takes away what we have added to a cluster."""

from __future__ import annotations

import click

from ltrr_opensearch.cli.options import key_of, pass_settings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import Settings


@click.command()
@click.argument("index", required=False)
@click.option("--dry-run", is_flag=True, help="Print every request that would be sent; send none.")
@click.option("--ubi", is_flag=True, help="Delete the UBI indexes too, with what clients posted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_settings
def uninstall(settings: Settings, index: str | None, dry_run: bool, ubi: bool, yes: bool) -> None:
    """Remove what was added for INDEX, or everything: vectors, feature sets, models, our indexes and templates.

    Point clients at the cluster and stop the proxies first: one that runs writes its log anew. What cannot be taken
    away is said.
    """
    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.index.uninstall import Uninstall

    index = index and key_of(settings, index)
    if index is not None and ubi:
        raise SettingsError("--ubi goes with everything, not with one index: their events are not kept apart")
    with connect(settings.cluster) as client:
        run = Uninstall(client, settings, index, ubi=ubi)
        stays = run.stays()
        if dry_run:
            requests = run.requests()
            click.echo("".join(f"# {r.why}\n{r}\n\n" for r in requests) + f"{len(requests)} requests; none was sent")
        else:
            what = index or f"everything of prefix {settings.state.prefix}"
            if not yes:
                click.confirm(f"Delete what was added and learned for {what} on {settings.cluster.url}?", abort=True)
            gone = False
            for request in run.perform():
                click.echo(f"{request.method} {request.path}  ({request.why})")
                gone = True
            click.echo(f"{what}: gone" if gone else "nothing to do")
    for line in stays:
        click.echo(line)
