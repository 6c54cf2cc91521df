from __future__ import annotations

from ltrr_opensearch.cli.main import COMMANDS
from ltrr_opensearch.cli.reference import DOCS, cli_page, configuration_page, stale
from ltrr_opensearch.settings import Settings


def test_the_pages_are_what_the_code_says() -> None:
    assert stale(DOCS) == {}


def test_every_command_and_section_is_there() -> None:
    commands, configuration = cli_page(), configuration_page()
    assert all(f"## `ltrr {name}`" in commands for name in COMMANDS)
    assert all(f"| `{section}` |" in configuration for section in Settings.model_fields)
    assert "### `ltrr node start`" in commands
    assert "| `password` | secret text | none |" in configuration
