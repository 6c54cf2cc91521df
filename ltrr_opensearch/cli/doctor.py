"""`ltrr doctor`: what the cluster offers, what is wrong, and the fix for each."""

from __future__ import annotations

from dataclasses import asdict

import click

from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable: a list of what, state, found, fix.")
@pass_settings
def doctor(settings: Settings, as_json: bool) -> None:
    """Examine cluster, configuration, indexes and vectors. Exits with 1 if anything is broken."""
    import orjson

    from ltrr_opensearch.cluster.admin import connect
    from ltrr_opensearch.index.checkup import examine
    from ltrr_opensearch.index.findings import State

    findings = examine(connect(settings.cluster), settings)
    if as_json:
        click.echo(orjson.dumps([asdict(f) for f in findings], option=orjson.OPT_INDENT_2).decode())
    else:
        for finding in findings:
            colour = {State.OK: "green", State.WARN: "yellow", State.BROKEN: "red"}[finding.state]
            click.echo(f"{click.style(f'{finding.state:<8}', fg=colour)} {finding.what}: {finding.found}")
            if finding.fix:
                click.echo(f"         fix: {finding.fix}")
    if any(f.state is State.BROKEN for f in findings):
        raise SystemExit(1)
