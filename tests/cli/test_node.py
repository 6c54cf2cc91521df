from __future__ import annotations

from click.testing import CliRunner

from ltrr_opensearch.cli.main import main
from tests.conftest import HOME


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["node", *arguments, "--home", str(HOME)])
    return result.exit_code, result.output


def test_a_node_that_does_not_run() -> None:
    assert run("stop", "--name", "never") == (0, "node never does not run\n")
    code, output = run("status", "--name", "never")
    assert code == 3
    assert "holds 0 MB" in output
    code, output = run("logs", "--name", "never")
    assert code == 1
    assert "was never started here" in output


def test_names_are_checked() -> None:
    code, output = run("status", "--name", "../up")
    assert code == 1
    assert "got '../up'" in output
