"""The frame of the report: style sheet and document, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape

STYLE = """
:root { color-scheme: light dark; --bg:#fbfaf8; --card:#fff; --ink:#1d1f24; --soft:#666b75; --line:#e4e2dd;
  --c0:#9aa0ab; --c1:#2f6fde; --c2:#e07a2c; --c3:#2b9d78; --c4:#a154c9; --c5:#c8413f; --c6:#7d8a2e; --good:#e6f3ec; }
@media (prefers-color-scheme: dark) { :root { --bg:#14161a; --card:#1c1f25; --ink:#e8e9ec; --soft:#9ba1ac;
  --line:#30343c; --c0:#7c828d; --c1:#6fa0ff; --c2:#f09a55; --c3:#4fc59d; --c4:#c58be6; --c5:#ef7371; --c6:#b3c255;
  --good:#1d3229; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--bg); color:var(--ink); font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px; }
h1 { font-size: 30px; line-height:1.2; margin: 0 0 6px; letter-spacing:-.01em; }
h2 { font-size: 21px; margin: 48px 0 6px; letter-spacing:-.005em; } h3 { font-size:16px; margin: 0 0 8px; }
p { margin: 0 0 14px; max-width: 46em; } .soft, figcaption, th { color: var(--soft); }
.card { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:20px 22px; margin:14px 0; overflow-x:auto; }
.grid2 { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr)); gap:14px; } .grid2 .card { margin:0; }
table { border-collapse: collapse; width:100%; font-size:14.5px; font-variant-numeric: tabular-nums; }
th { text-align:right; font-weight:500; padding:6px 10px; border-bottom:1px solid var(--line); white-space:nowrap; }
td { text-align:right; padding:7px 10px; border-bottom:1px solid var(--line); }
th:first-child, td:first-child { text-align:left; } tr:last-child td { border-bottom:0; } tr.ours td { background:var(--good); font-weight:600; }
td.note { color:var(--soft); white-space:nowrap; font-weight:400; }
.figures { display:flex; flex-wrap:wrap; gap:14px; margin:22px 0 0; }
.figure { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:14px 18px; flex:1 1 190px; }
.figure b { display:block; font-size:27px; line-height:1.2; font-weight:650; font-variant-numeric:tabular-nums; }
.figure span { color:var(--soft); font-size:13.5px; line-height:1.4; display:block; margin-top:2px; }
figure { margin:0; } svg { width:100%; height:auto; display:block; } svg text { font:12.5px system-ui,sans-serif; fill:var(--soft); }
svg .grid { stroke:var(--line); } svg .label { fill:var(--ink); }
.legend { display:flex; flex-wrap:wrap; gap:4px 18px; font-size:13.5px; margin-top:8px; }
.legend i { display:inline-block; width:18px; height:0; border-top:4px solid var(--k); margin-right:7px; vertical-align:middle; border-radius:2px; }
.legend i.dash { border-top:2px dashed var(--k); }
ol { margin:0; padding:0; list-style:none; counter-reset:n; font-size:14px; line-height:1.4; }
ol li { counter-increment:n; display:flex; gap:10px; padding:5px 0; border-bottom:1px solid var(--line); } ol li:last-child { border:0; }
ol li::before { content:counter(n); color:var(--soft); width:18px; text-align:right; flex:none; font-variant-numeric:tabular-nums; }
ol li span { flex:1; min-width:0; overflow:hidden; text-overflow:ellipsis; display:-webkit-box; -webkit-line-clamp:2; -webkit-box-orient:vertical; }
.grade { flex:none; align-self:flex-start; width:26px; text-align:center; border-radius:6px; font-weight:650; font-size:12.5px; padding:1px 0; color:#fff; background:var(--c0); }
.grade.g3 { background:#1f8a5f; } .grade.g2 { background:#5f9f3c; } .grade.g1 { background:#c08a1e; } .grade.g0 { background:#b4443f; }
.grade.none { background:transparent; color:var(--soft); border:1px solid var(--line); }
.bar { display:inline-block; vertical-align:middle; width:88px; height:8px; background:var(--line); border-radius:4px; overflow:hidden; margin-right:8px; }
.bar span { display:block; height:100%; } code { font:13.5px ui-monospace,SFMono-Regular,Menlo,monospace; }
dl { display:grid; grid-template-columns:max-content 1fr; gap:4px 22px; margin:0; font-size:14.5px; } dt { color:var(--soft); } dd { margin:0; }
.chips { display:flex; flex-wrap:wrap; gap:6px; margin:4px 0 12px; } .chips code { background:var(--bg); border:1px solid var(--line); border-radius:6px; padding:1px 8px; font-size:13px; }
"""


def document(title: str, body: str) -> str:
    """A whole HTML page that needs nothing but itself."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def card(content: str, heading: str = "") -> str:
    return f'<div class="card">{f"<h3>{escape(heading)}</h3>" if heading else ""}{content}</div>'


def columns(*contents: str) -> str:
    return f'<div class="grid2">{"".join(contents)}</div>'


def table(headers: tuple[str, ...], rows: list[tuple[tuple[str, ...], str]]) -> str:
    """Rows are (cells, CSS class); cells are HTML."""
    head = "".join(f"<th>{escape(h)}</th>" for h in headers)
    body = "".join(f'<tr class="{kind}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>' for cells, kind in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
