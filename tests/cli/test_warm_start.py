"""What `ltrr warm-start` refuses before it asks anybody; the rest is in tests/arena/test_warm_start_on_a_node.py."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ltrr_opensearch.cli.main import main


@pytest.mark.parametrize("queries", ["hash", "cut", "omit"])
def test_what_the_log_hides_is_not_read_from_another(tmp_path: Path, queries: str) -> None:
    config = tmp_path / "ltrr.yml"
    settings = {
        "log": {"queries": queries},
        "state": {"secret": "s"},
        "indexes": {"shop": {"text_fields": {"title": 1}}},
    }
    config.write_text(yaml.safe_dump(settings))
    result = CliRunner().invoke(main, ["--config", str(config), "warm-start"])
    assert result.exit_code == 1
    assert f"log.queries is {queries}" in result.output


def test_a_file_has_no_applications(tmp_path: Path) -> None:
    config, clicks = tmp_path / "ltrr.yml", tmp_path / "clicks.csv"
    config.write_text(yaml.safe_dump({"indexes": {"shop": {"text_fields": {"title": 1}}}}))
    clicks.write_text("time,query,id\n")
    words = ["--config", str(config), "warm-start", "--clicks", str(clicks), "--application", "web"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert "leave one out" in " ".join(result.output.split())
