"""Our index templates, as installable requests. Pure, but for reading the files of `index_templates/`.

`{prefix}` in a file stands for `state.prefix`. The UBI indexes have the names that UBI gives them, so their
templates are the same under every prefix.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.types import Json

_COMPONENT = "component_common"
_COMPOSABLE = ("ubi_queries", "ubi_events", "decisions", "models", "releases", "memory", "jobs")


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    component: bool
    body: Json

    @property
    def path(self) -> str:
        return f"/{'_component_template' if self.component else '_index_template'}/{self.name}"


def load_templates(prefix: str) -> tuple[Template, ...]:
    """All templates under a prefix, in the order in which they must be installed."""
    return tuple(_template(name, prefix) for name in (_COMPONENT, *_COMPOSABLE))


def plain_indexes(prefix: str) -> tuple[str, ...]:
    """Indexes that exist once, so that reading them never meets a 404. Decisions are made month by month."""
    return ("ubi_queries", "ubi_events", *(f"{prefix}_{n}" for n in ("models", "releases", "memory", "jobs")))


def _template(name: str, prefix: str) -> Template:
    body: Json = json.loads(_read(f"{name}.json").replace("{prefix}", prefix))
    return Template(body.pop("name"), name == _COMPONENT, body)


def _read(name: str) -> str:
    """From the installed package, or from the checkout, whose folder the wheel takes them from."""
    for folder in (files("ltrr_opensearch") / "_index_templates", Path(__file__).parents[2] / "index_templates"):
        if (file := folder / name).is_file():
            return file.read_text(encoding="utf-8")
    raise SettingsError(f"index template {name} is not in the installation; reinstall ltrr-opensearch")
