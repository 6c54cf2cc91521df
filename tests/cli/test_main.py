from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ltrr_opensearch import __version__
from ltrr_opensearch.cli.main import COMMANDS, main
from ltrr_opensearch.cli.options import pass_settings
from ltrr_opensearch.errors import NodeError
from ltrr_opensearch.settings import Settings

HEAVY = ("numpy", "pydantic", "torch", "lightgbm", "vowpal_wabbit_next", "opensearchpy", "aiohttp", "yaml")


def test_help_lists_every_command_without_importing_it() -> None:
    probe = f"""
import sys
from click.testing import CliRunner
from ltrr_opensearch.cli.main import main
print(CliRunner().invoke(main, ["--help"]).output)
print([m for m in sys.modules if m in {HEAVY!r} or m.startswith("ltrr_opensearch.cli.")])
"""
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert all(f"\n  {name} " in run.stdout for name in COMMANDS)
    assert run.stdout.strip().endswith("['ltrr_opensearch.cli.main']")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output


def test_version() -> None:
    assert __version__ in CliRunner().invoke(main, ["--version"]).output
    command = [sys.executable, "-m", "ltrr_opensearch.cli.main", "--version"]
    assert __version__ in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_unknown_command() -> None:
    result = CliRunner().invoke(main, ["rank"])
    assert result.exit_code == 2
    assert "No such command 'rank'" in result.output


def test_our_errors_become_one_line_and_bugs_keep_their_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(error: Exception) -> click.Command:
        @click.command()
        def command() -> None:
            raise error

        return command

    monkeypatch.setattr("ltrr_opensearch.cli.node.node", failing(NodeError("no JDK")))
    result = CliRunner().invoke(main, ["node"])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: no JDK\n")
    monkeypatch.setattr("ltrr_opensearch.cli.node.node", failing(ZeroDivisionError()))
    assert isinstance(CliRunner().invoke(main, ["node"]).exception, ZeroDivisionError)


def test_commands_get_the_settings_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.argument("index")
    @pass_settings
    def show(settings: Settings, index: str) -> None:
        click.echo(f"{index} {settings.serve.port}")

    monkeypatch.setattr("ltrr_opensearch.cli.node.node", show)
    (tmp_path / "my.yml").write_text("serve: {port: 9305}")
    assert CliRunner().invoke(main, ["--config", str(tmp_path / "my.yml"), "node", "shoes"]).output == "shoes 9305\n"
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "none.yml"), "node", "shoes"])
    assert result.exit_code == 1
    assert "none.yml: the configuration cannot be read" in result.stderr
