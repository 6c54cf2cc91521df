"""The root of `ltrr`: which commands there are, and where the configuration is.

A command's module is imported only when that command runs, so `ltrr --help` is quick and works on a bare install.
What we raise on purpose, and what the cluster refuses, becomes one line on stderr and exit code 1; anything else is a
bug and keeps its trace.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from ltrr_opensearch import __version__
from ltrr_opensearch.errors import LtrrError

COMMANDS = {
    "node": "Start, stop and watch a local OpenSearch node, for trying and testing.",
    "setup": "Prepare an index: templates, vectors, features; --discover writes its configuration.",
    "assess": "What the strategies would bring to your own queries, before any traffic is routed.",
    "simulate": "Play learning on an index of yours with simulated people, before any traffic is routed.",
    "load": "Load documents from JSON lines or CSV into an index.",
    "sync": "Keep vectors and memory up to date with documents that changed or went.",
    "doctor": "Say what the cluster offers, what is wrong, and the fix for each.",
    "serve": "Run the proxy.",
    "warm-start": "Learn from your own log of the time before the proxy.",
    "learn": "Learn from what people did: policy, ranker, memory.",
    "predict-queries": "Predict what documents may be asked by, for the memory to begin with.",
    "experiment": "Compare two ways of serving on live traffic.",
    "evaluate": "Judge policies by the log, and orders of results by people's ratings.",
    "judgments": "Turn judgment lists into other forms, and clicks into judgments.",
    "models": "List, promote, roll back and unpin what was published.",
    "readings": "Order competing hypotheses, domain by domain: train, judge, publish.",
    "attributes": "Propose values for fields that documents lack; find values that the text contradicts.",
    "cross-encoder": "Teach a second stage from judgments.",
    "sparse-encoder": "Make a sparse encoder from an index's own documents.",
    "explain": "Why a query is answered as it is, hit by hit.",
    "rules": "Pin, boost, bury and exclude documents by query, whatever the models say.",
    "phases": "Show, check, set and hold how far the learned policy is let.",
    "person": "Read out or forget what is kept of one person.",
    "role": "Print the least that our account must be allowed.",
    "uninstall": "Take away what was added to the cluster.",
    "off": "The kill switch: searches pass through untouched, on every proxy within a second.",
    "on": "Turn learning on again.",
}

MODULES = {
    "off": "switch",
    "on": "switch",
    "cross-encoder": "cross_encoder",
    "sparse-encoder": "sparse_encoder",
    "predict-queries": "predict_queries",
    "warm-start": "warm_start",
}
"""Of commands that share one, or whose name none can have; any other has a module of its name."""


class Commands(click.Group):
    """The commands above, each imported from its module when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = MODULES.get(cmd_name, cmd_name)
        found = import_module(f"ltrr_opensearch.cli.{module}")
        command: click.Command = getattr(found, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LtrrError as error:
            raise click.ClickException(str(error)) from error
        except Exception as error:
            if not type(error).__module__.startswith("opensearchpy."):
                raise
            from ltrr_opensearch.cluster.admin import unhandled

            raise click.ClickException(unhandled(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="LTRR_CONFIG",
    show_envvar=True,
    help="Configuration file; default: ltrr.yml, where there is one.",
)
@click.version_option(__version__, prog_name="ltrr")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Learning to rank and retrieve for OpenSearch, as a drop-in proxy."""
    ctx.obj = config


if __name__ == "__main__":
    main()
