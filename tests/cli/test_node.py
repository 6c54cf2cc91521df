from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from ltrr_opensearch.cli.main import main


def test_a_node_that_does_not_run(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["node", *arguments, "--home", str(tmp_path)])
        return result.exit_code, result.output

    assert run("stop") == (0, "node default does not run\n")
    code, output = run("status")
    assert code == 3
    assert "holds 0 MB" in output
    code, output = run("logs")
    assert code == 1
    assert "was never started here" in output


def test_names_are_checked(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["node", "status", "--name", "../up", "--home", str(tmp_path)])
    assert result.exit_code == 1
    assert "got '../up'" in result.stderr
