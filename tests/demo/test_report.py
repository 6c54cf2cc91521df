from html.parser import HTMLParser

from rich.console import Console

from ltrr_opensearch.demo.charts import Line, line_chart, share_chart
from ltrr_opensearch.demo.report import render
from ltrr_opensearch.demo.results import (
    LEARNED,
    ORIGINAL,
    TRAFFIC,
    Difference,
    Drawn,
    Example,
    Listed,
    Result,
    Row,
    Step,
)
from ltrr_opensearch.demo.table import show

VOID = {"meta", "line", "circle", "rect", "polyline"}


class Balance(HTMLParser):
    """Checks that elements close in order and notes every address."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def result() -> Result:
    page = (Listed("1", "Fan <b>24</b>", 3), Listed("2", "Lamp", None))
    drawn = (Drawn("knn", ((0, 0.1), (10, 0.9)), 10, 10, "ok", (("found", 0.5),)),)
    return Result(
        rows=(
            Row(ORIGINAL, TRAFFIC, 70, 0.5, 0.6, 0.9, 10, 4.2),
            Row(LEARNED, TRAFFIC, 70, 0.75, 0.8, 0.8, 80, 9.1),
        ),
        differences=(Difference(ORIGINAL, TRAFFIC, 0.25, 0.2, 0.3),),
        steps=(Step(1, 10, 0.5, 0.4, 200, {"words only": {"knn": 1.0}}), Step(2, 10, 0.6, 0.5, 90, {})),
        examples=(Example("fan", TRAFFIC, page, page, (0.1, 0.9), drawn, (("tokens", 0.1),), (("fans", 0.9),)),),
        environment={"cores": "2"},
        timings_s={"node": 20.0},
    )


def test_the_report_is_one_sound_page_that_loads_nothing() -> None:
    html = render(result())
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    assert parser.addresses == []
    assert "Fan &lt;b&gt;24&lt;/b&gt;" in html
    assert "+0.250  (+0.200 to +0.300)" in html


def test_a_report_of_nothing_is_still_a_page() -> None:
    parser = Balance()
    parser.feed(render(Result((), (), (), (), {})))
    assert parser.open == []


def test_the_table_names_systems_and_differences() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        show(console, result())
    assert LEARNED in captured.get()
    assert "+0.250" in captured.get()


def test_charts_draw_every_value() -> None:
    chart = line_chart([Line("a", (0.1, 0.2, 0.4), 1), Line("b", (0.3,), 0, level=True)], "x", "y", ["1", "2", "3"])
    assert chart.count("<circle") == 3
    assert chart.count("<polyline") == 2
    bars = share_chart([{"a": 0.5, "b": 0.5}, {"a": 1.0}], ["a", "b"], ["1", "2"], "share")
    assert bars.count("<rect") == 3


def test_a_flat_or_empty_line_has_an_axis() -> None:
    assert "<svg" in line_chart([Line("flat", (0.5, 0.5), 1)], "x", "y", ["1", "2"])
    assert "<svg" in line_chart([Line("none", (), 1)], "x", "y", [])
