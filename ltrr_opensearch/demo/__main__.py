"""`python -m ltrr_opensearch.demo`: what `scripts/demo` calls once the environment is there."""

from __future__ import annotations

import os
import signal
import sys
import time
import webbrowser
from types import FrameType

import click
from rich.console import Console

from ltrr_opensearch.demo.report import render
from ltrr_opensearch.demo.run import QUICK, WHOLE, Demo, report_path
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.table import show
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.node.places import asked_home


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="3,000 products and less traffic: minutes instead of a quarter of an hour.")
@click.option("--keep", is_flag=True, help="Leave node and proxy running, and print requests to try.")
@click.option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
def main(quick: bool, keep: bool, open_report: bool) -> None:
    """Real queries over a real catalogue, before and after learning from simulated users."""
    console = Console(width=None if sys.stdout.isatty() else 132)
    scale = QUICK if quick else WHOLE
    stack = Stack(asked_home(os.environ))
    signal.signal(signal.SIGTERM, _interrupt)
    started, kept = time.monotonic(), False
    try:
        result = Demo(console, stack, scale).run()
        report = report_path(stack.home, scale)
        report.write_text(render(result), encoding="utf-8")
        show(console, result)
        console.print(f"Report: [link={report.as_uri()}]{report}[/link]   ({time.monotonic() - started:.0f} s in all)")
        if open_report:
            webbrowser.open(report.as_uri())
        if keep:
            console.print(to_try(stack, scale.index), markup=False, highlight=False, soft_wrap=True)
            kept = True
    except KeyboardInterrupt:
        console.print("Interrupted; stopping what was started")
        sys.exit(130)
    except LtrrError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if not kept:
            stack.close()


def to_try(stack: Stack, index: str) -> str:
    """Requests for whoever wants to see more, and how to end it."""
    url = stack.proxy_url
    pid = stack.proxy.pid if stack.proxy else 0
    return f"""
A search through the proxy, as any application would send it:
  curl -s '{url}/{index}/_search?filter_path=hits.hits._source.title' -H 'Content-Type: application/json' \\
    -d '{{"query": {{"multi_match": {{"query": "laptop bag", "fields": ["title^3", "short_description"]}}}}}}'
The same with a query id to refer to, and an explanation:
  curl -s '{url}/{index}/_search?pretty' -H 'Content-Type: application/json' \\
    -d '{{"query": {{"match": {{"title": "laptop bag"}}}}, "_source": ["title"],
         "ext": {{"ubi": {{"query_id": "try-1", "user_query": "laptop bag"}}, "ltrr": {{"explain": true}}}}}}'
A click on the first hit (put its _id):
  curl -s '{url}/_ltrr/events' -H 'Content-Type: application/json' \\
    -d '{{"action_name": "click", "query_id": "try-1", "timestamp": "'$(date -u +%FT%TZ)'",
         "event_attributes": {{"object": {{"object_id": "ID", "object_id_field": "_id"}},
                               "position": {{"ordinal": 1}}}}}}'
Learn from it:
  ltrr --config {stack.config} learn all
Stop everything:
  kill {pid}; ltrr node stop --name demo
"""


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
