"""The report: one HTML file that opens in a browser and says what the run found, and why."""

from __future__ import annotations

from html import escape

from ltrr_opensearch.demo import page
from ltrr_opensearch.demo.charts import Line, bar, line_chart, share_chart
from ltrr_opensearch.demo.results import (
    HELD_OUT,
    HYBRID,
    LEARNED,
    ORIGINAL,
    TRAFFIC,
    Drawn,
    Example,
    Listed,
    Result,
    Row,
    Step,
)
from ltrr_opensearch.demo.table import difference_text

FACTS = {
    "query_found": "share of this query's clicks that it found",
    "kind_found": "share of such queries' clicks that it found",
    "found": "share of all clicks that it found",
    "query_reciprocal_rank": "how high it had them (reciprocal rank)",
    "fact_similarity": "similarity of the nearest remembered query",
    "fact_entities": "remembered products",
    "fact_slots": "values recognised",
}
"""The facts that say most about a draw, in words, most telling first."""
SHOWN_FACTS = 3
TITLE = "LTR&R for OpenSearch: what learning changed"


def render(result: Result) -> str:
    """The whole page, from values only."""
    return page.document(
        TITLE,
        "".join(
            [
                f"<h1>{escape(TITLE)}</h1>",
                '<p class="soft">Real products, real queries and human ratings (Icecat); simulated users click by the '
                "ratings of one rater, two other raters judge.</p>",
                _figures(result),
                _before_after(result),
                _over_time(result),
                _shares(result.steps),
                "<h2>Three queries, before and after</h2>",
                *map(_example, result.examples),
                _about(result),
            ]
        ),
    )


def _figures(result: Result) -> str:
    cells = []
    for part, where in ((TRAFFIC, "queries with traffic"), (HELD_OUT, "held-out queries")):
        before, after = result.row(ORIGINAL, part), result.row(LEARNED, part)
        if before and after:
            cells.append((f"{before.ndcg:.3f} → {after.ndcg:.3f}", f"nDCG@10 on {where}: original query → learned"))
    if result.steps:
        first, last = result.steps[0], result.steps[-1]
        cells.append((f"{first.clicked:.0%} → {last.clicked:.0%}", "searches with a click: first → last batch"))
        cells.append(
            (f"{first.candidates:.0f} → {last.candidates:.0f}", "candidates drawn a search: first → last batch")
        )
    drawn = "".join(f'<div class="figure"><b>{value}</b><span>{escape(text)}</span></div>' for value, text in cells)
    return f'<div class="figures">{drawn}</div>'


def _before_after(result: Result) -> str:
    parts = [
        "<h2>Before and after</h2><p>Means over queries; latency is the median, measured one search at a time with "
        "the query's embedding cached. The last column says how far the learned system is ahead, with a 95 % "
        "bootstrap interval over queries. Unrated documents count as worthless, so read judged@10 beside nDCG.</p>"
    ]
    for part, title in ((TRAFFIC, "Queries that had traffic"), (HELD_OUT, "Held-out queries, never asked before")):
        rows = [row for row in result.rows if row.part == part]
        if rows:
            headers = ("system", "nDCG@10", "MRR", "judged@10", "candidates", "latency ms", "learned is ahead by")
            cells = [(_cells(row, result), "ours" if row.system == LEARNED else "") for row in rows]
            parts.append(page.card(page.table(headers, cells), f"{title} ({rows[0].queries})"))
    return "".join(parts)


def _cells(row: Row, result: Result) -> tuple[str, ...]:
    ahead = next((d for d in result.differences if (d.beside, d.part) == (row.system, row.part)), None)
    return (
        escape(row.system),
        f"{row.ndcg:.3f}",
        f"{row.mrr:.3f}",
        f"{row.judged:.2f}",
        f"{row.candidates:.0f}",
        f"{row.latency_ms:.1f}",
        difference_text(ahead) if ahead else "",
    )


def _over_time(result: Result) -> str:
    steps = result.steps
    if not steps:
        return ""
    names = [str(step.number) for step in steps]
    lines = [Line("pages shown through the proxy", tuple(step.ndcg for step in steps), 1)]
    for colour, system in ((0, ORIGINAL), (2, HYBRID)):
        row = result.row(system, TRAFFIC)
        if row:
            lines.append(Line(f"{system}, evenly over traffic queries", (row.ndcg,), colour, level=True))
    reward = line_chart(lines, "batch of searches", "nDCG@10", names)
    clicks = line_chart(
        [Line("share of searches with a click", tuple(step.clicked for step in steps), 3)],
        "batch of searches",
        "searches with a click",
        names,
    )
    drawn = line_chart(
        [Line("candidates drawn", tuple(step.candidates for step in steps), 4)],
        "batch of searches",
        "candidates a search",
        names,
    )
    return (
        "<h2>Reward over time</h2><p>Each batch is served by what was learned from the batches before it; batch 1 "
        f"starts cold. {sum(step.searches for step in steps)} searches in all, exploration included.</p>"
        + page.columns(
            page.card(clicks, "Reward: clicks"),
            page.card(reward, "What the judges think"),
            page.card(drawn, "What it costs"),
            narrow=True,
        )
    )


def _shares(steps: tuple[Step, ...]) -> str:
    kinds = sorted({kind for step in steps for kind in step.shares})
    names = sorted({name for step in steps for shares in step.shares.values() for name in shares})
    if not kinds:
        return ""
    cards = [
        page.card(
            share_chart(
                [step.shares.get(kind, {}) for step in steps],
                names,
                [str(s.number) for s in steps],
                "share of candidates",
            ),
            kind,
        )
        for kind in kinds
    ]
    return (
        "<h2>Who is asked, by kind of query</h2><p>The share of each strategy in the candidates drawn, batch by batch: "
        "the policy learns whom to ask for which kind of query.</p>" + page.columns(*cards, narrow=True)
    )


def _example(example: Example) -> str:
    lists = page.columns(
        page.card(_list(example.before), f"Before: original query, nDCG@10 {example.ndcg[0]:.3f}"),
        page.card(_list(example.after), f"After: learned, nDCG@10 {example.ndcg[1]:.3f}"),
    )
    return f'<h3 class="query">“{escape(example.query)}” ({escape(example.part)})</h3>{lists}{_why(example)}'


def _list(documents: tuple[Listed, ...]) -> str:
    if not documents:
        return '<p class="soft">nothing found</p>'
    return f"<ol>{''.join(map(_listed, documents))}</ol>"


def _listed(document: Listed) -> str:
    kind, text = ("none", "·") if document.grade is None else (f"g{document.grade}", str(document.grade))
    return (
        f'<li><span>{escape(document.title)}</span><em class="grade {kind}" title="the judges\' grade">{text}</em></li>'
    )


def _why(example: Example) -> str:
    headers = (
        "plan",
        "drawn depth",
        "its probability",
        "the policy's choice over depths",
        "found",
        "what the plan knew",
    )
    rows = [(_drawn(drawn), "") for drawn in example.drawn]
    chips = "".join(
        f"<code>{escape(name)}{'' if value == 1 else f' {value:.3g}'}</code>" for name, value in example.context
    )
    memory = "".join(f"<code>{escape(query)} {similarity:.2f}</code>" for query, similarity in example.remembered)
    known = (
        f'<span class="soft">Remembered queries nearby, with similarity</span><div class="chips">{memory}</div>'
        if memory
        else ""
    )
    return page.card(
        f'<span class="soft">What the policy saw of the query</span><div class="chips">{chips}</div>{known}'
        + f'<div class="why">{page.table(headers, rows)}</div>',
        "Why these plans were drawn",
    )


def _drawn(drawn: Drawn) -> tuple[str, ...]:
    chosen = dict(drawn.pmf).get(drawn.depth, 0.0)
    spread = " ".join(f"<code>{depth}: {p:.0%}</code>" for depth, p in drawn.pmf if p >= 0.005)
    facts = "".join(f"<div><b>{value:.2f}</b> {escape(FACTS[name])}</div>" for name, value in _main(drawn.facts))
    depth = str(drawn.depth) if drawn.depth else "not asked"
    return escape(drawn.plan), depth, f"{bar(chosen, 1)}{chosen:.0%}", spread, str(drawn.found), facts or "-"


def _main(facts: tuple[tuple[str, float], ...]) -> list[tuple[str, float]]:
    known = dict(facts)
    return [(name, known[name]) for name in FACTS if name in known][:SHOWN_FACTS]


def _about(result: Result) -> str:
    entries = [*result.environment.items(), *((name, f"{took:.0f} s") for name, took in result.timings_s.items())]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries)
    return f"<h2>Where this was measured</h2>{page.card(f'<dl>{rows}</dl>')}"
