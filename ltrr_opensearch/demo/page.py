"""The frame of the report: style sheet and document, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape
from importlib.resources import files

STYLE = files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def document(title: str, body: str) -> str:
    """A whole HTML page that needs nothing but itself."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def card(content: str, heading: str = "") -> str:
    return f'<div class="card">{f"<h3>{escape(heading)}</h3>" if heading else ""}{content}</div>'


def columns(*contents: str, narrow: bool = False) -> str:
    """Side by side as far as there is room: two at most, or three `narrow` ones."""
    return f'<div class="columns{" narrow" if narrow else ""}">{"".join(contents)}</div>'


def table(headers: tuple[str, ...], rows: list[tuple[tuple[str, ...], str]]) -> str:
    """Rows are (cells, CSS class); cells are HTML."""
    head = "".join(f"<th>{escape(h)}</th>" for h in headers)
    body = "".join(f'<tr class="{kind}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for cells, kind in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
