"""Reliability diagrams as one page of HTML that loads nothing: what was said against what was right, with counts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ltrr_opensearch.hypotheses.judge import Standing

SIDE, LEFT, TOP, BOTTOM = 220, 36, 12, 34
"""In units of the text's size."""
STYLE = """
:root{color-scheme:light dark;--bg:#fbfaf8;--ink:#1d1f24;--soft:#666b75;--line:#dcd9d2;--ours:#2f6fde}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--ink:#e8e9ec;--soft:#9ba1ac;--line:#30343c;--ours:#6fa0ff}}
body{margin:0 auto;max-width:1100px;padding:32px 20px;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:20px}
figure{margin:0}figcaption{font-size:14px;color:var(--soft)}b{color:var(--ink)}
svg text{font-size:11px;fill:var(--soft)}
"""


def page(title: str, standings: Sequence[Standing]) -> str:
    drawn = "".join(map(_figure, standings))
    note = (
        "Each dot is a tenth of the utterances: across, the likelihood that was given to the first hypothesis' intent; "
        "up, the share that was right. On the line, likelihoods are true. The calibration error stands beside what a "
        "perfect predictor would show in a sample of that size."
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1><p>{note}</p>"
        f"<main>{drawn}</main></body></html>\n"
    )


def _figure(of: Standing) -> str:
    caption = (
        f"<b>{escape(of.domain)}</b>: {of.utterances:,} utterances, {of.accuracy:.1%} right, "
        f"calibration error {of.ece:.3f} (perfect: {of.perfect:.3f})"
    )
    width, height = LEFT + SIDE + 8, TOP + SIDE + BOTTOM
    label = escape(f"Reliability of {of.domain}")
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{_frame()}{_dots(of)}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _x(share: float) -> float:
    return round(LEFT + share * SIDE, 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * SIDE, 1)


def _frame() -> str:
    parts = []
    for tenth in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tenth)}" y2="{_y(tenth)}" stroke="var(--line)"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{_y(tenth) + 4}" text-anchor="end">{tenth:.0%}</text>')
        parts.append(f'<text x="{_x(tenth)}" y="{_y(0) + 16}" text-anchor="middle">{tenth:.0%}</text>')
    parts.append(f'<text x="{_x(0.5)}" y="{_y(0) + 31}" text-anchor="middle">likelihood given</text>')
    ends = f'x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"'
    return "".join(parts) + f'<line {ends} stroke="var(--soft)" stroke-dasharray="5 5"/>'


def _dots(of: Standing) -> str:
    points = " ".join(f"{_x(b.likelihood)},{_y(b.right)}" for b in of.bins)
    dots = "".join(
        f'<circle cx="{_x(b.likelihood)}" cy="{_y(b.right)}" r="4" fill="var(--ours)">'
        f"<title>{b.count} utterances: said {b.likelihood:.1%}, right {b.right:.1%}</title></circle>"
        for b in of.bins
    )
    return f'<polyline points="{points}" fill="none" stroke="var(--ours)" stroke-width="2"/>{dots}'
