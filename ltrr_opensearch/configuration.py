"""Reading the settings: YAML and the environment meet pydantic here, once.

A wrong file is answered with every mistake at once: file, line, key, value, and what is allowed there. What the tree
of settings is and means stands in `settings.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ltrr_opensearch.contradictions import contradictions
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.mistakes import Place, explain
from ltrr_opensearch.settings import Settings

DEFAULT_FILE = Path("ltrr.yml")
ENVIRONMENT = {
    "OPENSEARCH_URL": ("cluster", "url"),
    "OPENSEARCH_USERNAME": ("cluster", "username"),
    "OPENSEARCH_PASSWORD": ("cluster", "password"),
    "LTRR_ADMIN_TOKEN": ("admin", "token"),
}


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file; without one those of `LTRR_CONFIG` or `ltrr.yml`, else the defaults.

    The environment (see `ENVIRONMENT`) fills what the file leaves out.
    """
    environ = os.environ if environ is None else environ
    path = path or _default_file(environ)
    root = _parse(path) if path else None
    document = _document(root, path)
    _fill_from(environ, document)
    place = Place(path, root)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        lines = [explain(detail, place) for detail in error.errors(include_url=False)]
        raise SettingsError("\n".join(dict.fromkeys(lines))) from None
    if wrong := [f"{place.of(at)}: {'.'.join(map(str, at))}: {said}" for at, said in contradictions(settings)]:
        raise SettingsError("\n".join(wrong))
    return settings


def _default_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get("LTRR_CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _parse(path: Path) -> yaml.Node | None:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise SettingsError(
            f"{path}: the configuration cannot be read ({error.strerror}); "
            "`ltrr setup INDEX --discover` writes one from an existing index, ltrr.example.yml shows every part"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: the configuration must be UTF-8 text ({error})") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: this is not YAML: {error}") from None
    if root is not None and (twice := "\n".join(_doubled_keys(root, path))):
        raise SettingsError(twice)
    return root


def _doubled_keys(node: yaml.Node, path: Path) -> Iterator[str]:
    """YAML forbids a key given twice; its parser would silently take the last."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                yield f"{path}:{line}: {key.value}: given before on line {seen[key.value]}; keep one of the two"
            seen[key.value] = line
            yield from _doubled_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled_keys(item, path)


def _document(root: yaml.Node | None, path: Path | None) -> dict[str, Any]:
    if root is None:
        return {}
    document = yaml.constructor.SafeConstructor().construct_document(root)
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: expected sections ({', '.join(Settings.model_fields)}), got {document!r}")
    return {key: {} if value is None and key in Settings.model_fields else value for key, value in document.items()}


def _fill_from(environ: Mapping[str, str], document: dict[str, Any]) -> None:
    for variable, (section, key) in ENVIRONMENT.items():
        given = document.setdefault(section, {}) if environ.get(variable) else None
        if isinstance(given, dict):
            given.setdefault(key, environ[variable])
