"""The reference pages of the manual, written from the code: `python -m ltrr_opensearch.cli.reference [--check]`.

Commands tell their own help, settings their own sentences; so the pages cannot lag behind. `--check` writes nothing
and fails when a page is not what the code says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.features import ACTION, CONTEXT, RUNG, Declared
from ltrr_opensearch.choose_settings import UNPROVEN
from ltrr_opensearch.cli.main import main
from ltrr_opensearch.kinds import KIND
from ltrr_opensearch.knowledge.outcomes import FEATURES as ALIKE
from ltrr_opensearch.section import Section
from ltrr_opensearch.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = "<!-- written by `python -m ltrr_opensearch.cli.reference`; change the code, not this page -->"
WIDTH = 100


def cli_page() -> str:
    """Every command with its help as a terminal of 100 columns shows it."""
    parts = ["# Commands", GENERATED]
    root = click.Context(main, info_name="ltrr", terminal_width=WIDTH, **main.context_settings)
    for context in _commands(root):
        depth = context.command_path.count(" ")
        help_text = context.command.get_help(context).rstrip()
        parts += [f"{'#' * min(depth + 2, 4)} `{context.command_path}`", f"```text\n{help_text}\n```"]
    return "\n\n".join(parts) + "\n"


def _commands(context: click.Context) -> Iterator[click.Context]:
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None:
                yield from _commands(click.Context(command, context, info_name=name, terminal_width=WIDTH))


def configuration_page() -> str:
    """Every section and key with its type, default and meaning."""
    sections = "\n\n".join(_section(f"`{title}`" if title else "The file", s) for title, s in _sections("", Settings))
    return (
        "\n\n".join(
            (
                "# Configuration",
                GENERATED,
                "One YAML file: `ltrr.yml` here, or what `--config` or `LTRR_CONFIG` names. `ltrr.example.yml` shows "
                "every part; `ltrr setup INDEX --discover` writes one from an index. Unknown keys are refused. "
                "`OPENSEARCH_URL`, `OPENSEARCH_USERNAME` and `OPENSEARCH_PASSWORD` fill what `cluster` leaves out.",
                sections,
            )
        )
        + "\n"
    )


def _sections(path: str, section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    yield path, section
    for key, field in section.model_fields.items():
        for inner, suffix in _inner_sections(field.annotation):
            yield from _sections(f"{path}.{key}{suffix}".lstrip("."), inner)


def _inner_sections(annotation: Any) -> Iterator[tuple[type[Section], str]]:
    """Sections inside a type, with how one of them is addressed below its key."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, ""
    elif origin is dict:
        yield from ((inner, ".NAME") for inner, _ in _inner_sections(arguments[1]))
    elif origin is tuple:
        yield from ((inner, "[]") for inner, _ in _inner_sections(arguments[0]))
    elif origin in (Union, UnionType):
        for choice in arguments:
            yield from _inner_sections(choice)


def _section(title: str, section: type[Section]) -> str:
    rows = [
        f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {_cell(field.description or '')} |"
        for key, field in section.model_fields.items()
    ]
    return "\n".join([f"## {title}", "", "| key | type | default | meaning |", "|---|---|---|---|", *rows])


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, UnionType):
        return " or ".join(_type(choice) for choice in arguments if choice is not NoneType)
    if origin is dict:
        return f"{_type(arguments[1])} by name"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "section"
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "secret text"}
    return words.get(annotation, _type(arguments[0]) if arguments else "anything")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "**required**"
    if isinstance(value, Section) or (isinstance(value, tuple) and value and isinstance(value[0], Section)):
        return "see there"
    if value is None or value in ({}, ()):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"`{key}: {number}`" for key, number in value.items())
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value) if isinstance(value, tuple) else value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def features_page() -> str:
    """Every feature that a policy sees, with its group, type, unit, source and meaning."""
    rungs = [f"| `{name}` | {unit} | {_cell(meaning)} |" for name, unit, meaning in RUNG]
    parts = (
        "# Features",
        GENERATED,
        "What policies are told. `choose.features` lists the groups in force; "
        f"by default not {', '.join(UNPROVEN)}. Numbers are scaled to about 0..1. A name "
        "that ends in `=` stands for a family `name=value`, one that ends in `_` for names that strategies give. What "
        "is not known is absent. Names are written to Vowpal Wabbit as checksums only. How each group pays is in "
        "[learning-to-retrieve.md](learning-to-retrieve.md), how seasons, clocks and people are told in "
        "[learning-loop.md](learning-loop.md).",
        "**Who reads them.** `vowpal`, `lints` and `linucb` read all of the groups in force. `direct`, the default, "
        "reads what makes queries alike in how they should be asked "
        f"({', '.join(f'`{name}`' for name in ALIKE if not name.startswith(KIND))} and the kind of query) and whether "
        f"the query was asked before (`{ASKED}`); what strategies did for queries like this one it has from its own "
        "memory. `thompson` and `greedy` read nothing.",
        "## Context: the search",
        _declared(CONTEXT),
        "## Action: one plan",
        _declared(ACTION),
        "## The rung",
        "The bandit adds of the action itself, on each line of an example:",
        "\n".join(["| feature | unit | meaning |", "|---|---|---|", *rungs]),
    )
    return "\n\n".join(parts) + "\n"


def _declared(features: Iterable[Declared]) -> str:
    rows = [
        f"| `{f.name}` | `{f.group}` | {f.type} | {_cell(f.unit)} | {_cell(f.source)} | {_cell(f.meaning)} |"
        for f in features
    ]
    heads = ["| feature | group | type | unit | source | meaning |", "|---|---|---|---|---|---|"]
    return "\n".join([*heads, *rows])


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "features.md": features_page,
}


def stale(docs: Path) -> dict[str, str]:
    """Pages that are not what the code says, with the difference."""
    found = {}
    for name, render in PAGES.items():
        page = docs / name
        old = page.read_text(encoding="utf-8") if page.is_file() else ""
        if difference := "\n".join(unified_diff(old.splitlines(), render().splitlines(), name, "code", lineterm="")):
            found[name] = difference
    return found


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is not current.")
def write_pages(check: bool) -> None:
    """Write docs/cli.md, docs/configuration.md and docs/features.md from the code."""
    for name, difference in stale(DOCS).items():
        if check:
            raise click.ClickException(f"docs/{name} is not current; run: python -m {__spec__.name}\n{difference}")
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        click.echo(f"wrote docs/{name}")


if __name__ == "__main__":
    write_pages()
