"""Reading the settings: YAML and the environment meet pydantic here, once.

A wrong file is answered with every mistake at once: file, line, key, value, and what is allowed there. What the tree
of settings is and means stands in `settings.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.section import Section
from ltrr_opensearch.settings import Settings

DEFAULT_FILE = Path("ltrr.yml")
ENVIRONMENT = {
    "OPENSEARCH_URL": ("cluster", "url"),
    "OPENSEARCH_USERNAME": ("cluster", "username"),
    "OPENSEARCH_PASSWORD": ("cluster", "password"),
    "LTRR_ADMIN_TOKEN": ("admin", "token"),
}
SECRETS = {"password", "secret", "token"}

Location = Sequence[int | str]


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file; without one those of `LTRR_CONFIG` or `ltrr.yml`, else the defaults.

    The environment (see `ENVIRONMENT`) fills what the file leaves out.
    """
    environ = os.environ if environ is None else environ
    path = path or _default_file(environ)
    root = _parse(path) if path else None
    document = _document(root, path)
    _fill_from(environ, document)
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        lines = [_explain(detail, path, root) for detail in error.errors(include_url=False)]
        raise SettingsError("\n".join(dict.fromkeys(lines))) from None


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


def _explain(detail: ErrorDetails, path: Path | None, root: yaml.Node | None) -> str:
    location = [part for part in detail["loc"] if part != "[key]"]
    line = _line_of(root, location)
    place = f"{path}:{line}" if path and line else str(path or "environment")
    key = ".".join(map(str, location)) or "settings"
    value = detail["input"]
    if detail["type"] == "extra_forbidden":
        return f"{place}: {key}: unknown key{_allowed_keys(location)}"
    if detail["type"] == "missing":
        return f"{place}: {key}: missing; it has no default"
    secret = SECRETS & set(map(str, location)) or (key == "cluster.url" and "@" in str(value))
    shown = "(not shown)" if secret else _short(value)
    return f"{place}: {key}: {detail['msg'].removeprefix('Value error, ')}; got {shown}"


def _short(value: object, longest: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _line_of(node: yaml.Node | None, location: Location) -> int | None:
    """The line (from 1) of a location, or of the nearest thing around it that the file has."""
    line = None if node is None else node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            entry = next(((k, v) for k, v in node.value if k.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            entry = (node.value[part], node.value[part])
        else:
            entry = None
        if entry is None:
            return line
        line, node = entry[0].start_mark.line + 1, entry[1]
    return line


def _allowed_keys(location: Location) -> str:
    annotation: Any = Settings
    for part in location[:-1]:
        annotation = _below(annotation, part)
    allowed = sorted({name for section in _sections(annotation) for name in section.model_fields})
    near = get_close_matches(str(location[-1]), allowed, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{hint} (allowed: {', '.join(allowed)})" if allowed else hint


def _below(annotation: Any, part: int | str) -> Any:
    """The type found under a key or a position of a value of this type; None where there is none."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return next((found for choice in arguments if (found := _below(choice, part)) is not None), None)
    if origin is dict:
        return arguments[1]
    if origin is tuple:
        return arguments[0]
    section = next(iter(_sections(annotation)), None)
    return section.model_fields[str(part)].annotation if section and str(part) in section.model_fields else None


def _sections(annotation: Any) -> list[type[Section]]:
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [choice for choice in choices if isinstance(choice, type) and issubclass(choice, Section)]
