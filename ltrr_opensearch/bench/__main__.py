"""`python -m ltrr_opensearch.bench`: what `scripts/bench` calls. Exits 0 when it measured, whatever it found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from ltrr_opensearch.bench import screen
from ltrr_opensearch.bench.figures import Figure, environment
from ltrr_opensearch.bench.suites import SUITES, find
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.types import Json

FILE_WIDTH = 180
"""Columns where nobody looks: names of figures are not broken."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", metavar="[SUITE]", type=click.Choice(list(SUITES)), default="main")
@click.option("--quick", is_flag=True, help="A smaller catalogue and fewer repetitions.")
@click.option("--json", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here as well.")
def main(name: str, quick: bool, file: Path | None) -> None:
    """Measure what we claim, beside a peer. SUITE: main, cost (in main), proxy, soak, ranking, learning
    (learning_live, learning_icecat, learning_drift, learning_safety, learning_bestbuy, learning_warm, estimators,
    deciding and learning_speed in it), understanding (slots, refresh, entities, hypotheses, sparse, content, memory
    and scale in it). Figures are in FILE as soon as a part has them; `whole` is true where none is missing."""
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    suite = find(name)
    content: Json = {"suite": name, "quick": quick, "whole": False, "environment": environment(), "figures": []}
    figures: list[Figure] = []
    _write(file, content)
    try:
        for figure in suite(console, quick):
            figures.append(figure)
            content["figures"].append(figure.to_json())
            _write(file, content)
        _write(file, content | {"whole": True})
    except LtrrError as error:
        raise click.ClickException(str(error)) from error
    finally:
        screen.show(console, name, figures)


def _write(file: Path | None, content: Json) -> None:
    if file:
        try:
            file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"figures cannot be written to {file}: {error.strerror}") from error


if __name__ == "__main__":
    main()
