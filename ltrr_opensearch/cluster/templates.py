"""Our index templates, as installable requests. Pure, but for reading the files of `index_templates/`.

`{prefix}`, `{ubi_queries}` and `{ubi_events}` in a file stand for what the settings' section `state` names so. The
templates of the UBI indexes are called after these, so several prefixes may share them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json

_COMPONENT = "component_common"
_COMPOSABLE = ("ubi_queries", "ubi_events", "decisions", "models", "releases", "memory", "jobs", "pages")


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    component: bool
    body: Json

    @property
    def path(self) -> str:
        return f"/{'_component_template' if self.component else '_index_template'}/{self.name}"


def load_templates(state: StateSettings) -> tuple[Template, ...]:
    """All templates for these names, in the order in which they must be installed."""
    return tuple(_template(name, state) for name in (_COMPONENT, *_COMPOSABLE))


def plain_indexes(state: StateSettings) -> tuple[str, ...]:
    """Indexes that exist once, so that reading them never meets a 404. Decisions are made month by month."""
    ours = (f"{state.prefix}_{name}" for name in ("models", "releases", "memory", "jobs", "pages"))
    return (state.ubi_queries, state.ubi_events, *ours)


def _template(file: str, state: StateSettings) -> Template:
    text = _read(f"{file}.json")
    for name in ("prefix", "ubi_queries", "ubi_events"):
        text = text.replace(f"{{{name}}}", getattr(state, name))
    body: Json = json.loads(text)
    return Template(body.pop("name"), file == _COMPONENT, body)


def _read(name: str) -> str:
    """From the installed package, or from the checkout, whose folder the wheel takes them from."""
    for folder in (files("ltrr_opensearch") / "_index_templates", Path(__file__).parents[2] / "index_templates"):
        if (file := folder / name).is_file():
            return file.read_text(encoding="utf-8")
    raise SettingsError(f"index template {name} is not in the installation; reinstall ltrr-opensearch")
