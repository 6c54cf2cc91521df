"""A proxy process with the indexes `c_cl_on_*` configured, and the JavaScript client installed in a cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from opensearchpy import OpenSearch

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("LTRR_HOME") or HERE.parents[1] / ".ltrr") / "clients"


@pytest.fixture(scope="session")
def proxy(node: Any, client: OpenSearch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("clients")
    settings = {
        "cluster": {"url": node.url},
        "state": {
            "prefix": "test_clients",
            "ubi_queries": "c_cl_ubi_queries",
            "ubi_events": "c_cl_ubi_events",
            "secret": "of the tests",
        },
        "log": {"spool_dir": str(folder / "spool")},
        "indexes": {"c_cl_on_*": {"text_fields": {"title": 1}}},
    }
    (folder / "ltrr.yml").write_text(yaml.safe_dump(settings))
    run = [sys.executable, "-c", "from ltrr_opensearch.cli.main import main; main()"]
    command = [*run, "--config", str(folder / "ltrr.yml"), "serve", "--port", "0", "--admin-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://[0-9.]+:\d+", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.terminate()
            process.wait(20)
            client.indices.delete(index="test_clients_*,c_cl_ubi_*", ignore_unavailable=True)


@pytest.fixture(scope="session")
def javascript() -> Path:
    """The program beside its installed client. node and npm must be there: without them these tests fail."""
    for tool in ("node", "npm"):
        assert shutil.which(tool), f"{tool} is not installed; the tests of the JavaScript client need Node 20 or newer"
    lock = (HERE / "package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:12]
    if not (folder / "node_modules/@opensearch-project").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True, timeout=120
        )
    shutil.copy(HERE / "application.mjs", folder)
    return folder / "application.mjs"
