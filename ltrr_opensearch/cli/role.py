"""`ltrr role`: the least that our account must be allowed, to give to the security plugin."""

from __future__ import annotations

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings


@click.command()
@click.argument("kind", type=click.Choice(["serve", "learn", "setup"]))
@click.option("--ltr/--no-ltr", default=True, show_default=True, help="Whether the cluster has the LTR plugin.")
@pass_settings
def role(settings: Settings, kind: str, ltr: bool) -> None:
    """Print the role for `ltrr serve`, for `ltrr learn` (also models, off, on), or for `ltrr setup` and the rest.

    A body for the security plugin: `ltrr role serve | curl -X PUT .../_plugins/_security/api/roles/ltrr_serve -d @-`.
    """
    import orjson

    from ltrr_opensearch.cluster.roles import KINDS
    from ltrr_opensearch.cluster.roles import role as least

    chosen = next(one for one in KINDS if one == kind)
    click.echo(orjson.dumps(least(chosen, settings, ltr=ltr), option=orjson.OPT_INDENT_2).decode())
