"""Small SVG charts as text, coloured by the page's own CSS variables, so that they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 380, 230
"""In units of the text's size, so that a chart can be read on a telephone and three stand side by side on a desk."""
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 32, 38


@dataclass(frozen=True, slots=True)
class Line:
    """A named series over x = 1, 2, ...; `level` draws it as a dashed horizontal line of one value."""

    name: str
    values: tuple[float, ...]
    colour: int
    level: bool = False


def line_chart(lines: Sequence[Line], x_label: str, y_label: str, x_names: Sequence[str]) -> str:
    """Lines over named steps, with a legend below if they are several; the y axis covers what is there."""
    low, high, step = _scale([v for line in lines for v in line.values])
    count = max(len(x_names), 2)

    def x(i: int) -> float:
        return LEFT + i * (WIDTH - LEFT - RIGHT) / (count - 1)

    def y(v: float) -> float:
        return TOP + (high - v) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(low, high, step, y), _x_axis(x_names, x, x_label), _y_label(y_label)]
    for line in lines:
        values = line.values * count if line.level else line.values
        points = " ".join(f"{x(i):.1f},{y(v):.1f}" for i, v in enumerate(values[:count]))
        style = 'stroke-dasharray="5 5" stroke-width="1.6"' if line.level else 'stroke-width="2.6"'
        parts.append(f'<polyline points="{points}" fill="none" stroke="var(--c{line.colour})" {style}/>')
        if not line.level:
            parts += [_dot(x(i), y(v), line, x_names[i], v) for i, v in enumerate(line.values)]
    return _figure("".join(parts), [(n.name, n.colour, n.level) for n in lines] if len(lines) > 1 else [])


def share_chart(
    shares: Sequence[Mapping[str, float]], names: Sequence[str], x_names: Sequence[str], y_label: str
) -> str:
    """Stacked bars, one a step: what part of the whole each name has. A step's shares sum to at most 1."""
    room = (WIDTH - LEFT - RIGHT) / max(len(shares), 1)
    width = min(room * 0.72, 44)

    def x(i: int) -> float:
        return LEFT + room * (i + 0.5)

    def y(v: float) -> float:
        return TOP + (1 - v) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(0.0, 1.0, 0.25, y), _x_axis(x_names, x, ""), _y_label(y_label)]
    for i, step in enumerate(shares):
        base = 0.0
        for colour, name in enumerate(names, start=1):
            share = step.get(name, 0.0)
            if share > 0:
                parts.append(
                    f'<rect x="{x(i) - width / 2:.1f}" y="{y(base + share):.1f}" width="{width:.1f}" '
                    f'height="{y(base) - y(base + share):.1f}" fill="var(--c{colour})">'
                    f"<title>{escape(name)}: {share:.0%}, {escape(x_names[i])}</title></rect>"
                )
            base += share
    return _figure("".join(parts), [(name, colour, False) for colour, name in enumerate(names, start=1)])


def bar(value: float, colour: int) -> str:
    """A value of 0..1 as a small horizontal bar."""
    share = min(max(value, 0.0), 1.0) * 100
    return f'<span class="bar"><span style="width:{share:.1f}%;background:var(--c{colour})"></span></span>'


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    spread = max(high - low, 0.02)
    magnitude = 10.0 ** math.floor(math.log10(spread / 6))
    step = next(f * magnitude for f in (1, 2, 5, 10) if spread / (f * magnitude) <= 6)
    below, above = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return below * step, max(above, below + 1) * step, step


def _grid(low: float, high: float, step: float, y: Callable[[float], float]) -> str:
    parts, value = [], low
    digits = max(0, -math.floor(math.log10(step)))
    while value <= high + step / 1e6:
        at = y(value)
        text = f"{value:.0%}" if (low, high, step) == (0.0, 1.0, 0.25) else f"{value:.{digits}f}"
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
        )
        value += step
    return "".join(parts)


def _x_axis(names: Sequence[str], x: Callable[[int], float], label: str) -> str:
    ticks = "".join(
        f'<text x="{x(i):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escape(name)}</text>'
        for i, name in enumerate(names)
    )
    middle = (LEFT + WIDTH - RIGHT) / 2
    return f'{ticks}<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle" class="label">{escape(label)}</text>'


def _y_label(label: str) -> str:
    """Above the axis, where it can be read without turning the head and collides with no number."""
    return f'<text x="0" y="12" class="label">{escape(label)}</text>'


def _dot(x: float, y: float, line: Line, name: str, value: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="var(--c{line.colour})">'
        f"<title>{escape(line.name)}: {value:.3f}, {escape(name)}</title></circle>"
    )


def _figure(drawn: str, legend: Sequence[tuple[str, int, bool]]) -> str:
    keys = "".join(
        f'<span><i class="{"dash" if dashed else ""}" style="--k:var(--c{colour})"></i>{escape(name)}</span>'
        for name, colour, dashed in legend
    )
    caption = f'<figcaption class="legend">{keys}</figcaption>' if keys else ""
    return f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{drawn}</svg>{caption}</figure>'
