"""`python -m ltrr_opensearch.bench`: what `scripts/bench` calls. Exits 0 when it measured, whatever it found."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from ltrr_opensearch.bench import screen
from ltrr_opensearch.bench.figures import environment
from ltrr_opensearch.bench.suites import SUITES, find
from ltrr_opensearch.errors import LtrrError


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", metavar="[SUITE]", type=click.Choice(list(SUITES)), default="main")
@click.option("--quick", is_flag=True, help="A smaller catalogue and fewer repetitions.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here as well.")
def main(name: str, quick: bool, file: Path | None) -> None:
    """Measure what we claim, beside a peer. SUITE: main, cost (in main), proxy, soak, learning,
    learning_bestbuy (in learning), estimators, ranking, understanding (slots, entities, hypotheses, sparse,
    content, memory and scale in it)."""
    console = Console()
    suite = find(name)
    try:
        figures = suite(console, quick)
    except LtrrError as error:
        raise click.ClickException(str(error)) from error
    screen.show(console, name, figures)
    if file:
        content = {
            "suite": name,
            "quick": quick,
            "environment": environment(),
            "figures": [figure.to_json() for figure in figures],
        }
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
