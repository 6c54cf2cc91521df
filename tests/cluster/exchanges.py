"""Exchanges with the LTR plugin that were recorded against OpenSearch 3.6.0, and golden bodies of our own.

`LTRR_REBUILD_GOLDEN=1` writes the golden bodies anew; read the difference before committing it.
"""

import json
import os
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def exchange(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(request, response) of a recorded exchange."""
    recorded = json.loads((HERE / "exchanges" / f"{name}.json").read_text())
    return recorded["request"], recorded["response"]


def assert_golden(name: str, value: Any) -> None:
    path = HERE / "golden" / f"{name}.json"
    if os.environ.get("LTRR_REBUILD_GOLDEN"):
        path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    assert json.loads(path.read_text()) == value
