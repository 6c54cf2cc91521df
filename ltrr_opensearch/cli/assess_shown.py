"""An assessment as tables and sentences."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ltrr_opensearch.types import Json

GAP = "the best plan for each query, less the best one for all"


def show(told: Json, console: Console | None = None) -> None:
    console = console or Console()
    console.print(
        f"[bold]{told['index']}[/bold]: {told['searches']:,} searches for {told['queries']:,} queries. The "
        f"client's own query: {told['own_query']}."
    )
    for said in told["left_out"]:
        console.print(f"[yellow]note[/yellow] {said}")
    console.print(_strategies(told))
    console.print(_overlap(told["overlap"]))
    zero = told["zero_results"]
    console.print(
        f"Searches where your own query finds nothing: {zero['share']:.1%}; another one does: {zero['saved']:.1%}."
    )
    if "retrieval" in told:
        console.print(_quality(told))
        _retrieval(console, told)
    else:
        console.print(
            "[dim]No judgments or clicks for these queries: --judgments FILE says what would be gained.[/dim]"
        )
    _costs(console, told)


def _strategies(told: Json) -> Table:
    table = Table(title="What each strategy finds", title_justify="left")
    table.add_column("strategy")
    for name in ("asked in", "hits", "only it finds", "median ms", "p95 ms"):
        table.add_column(name, justify="right")
    for name, one in told["strategies"].items():
        times = f"{one['median_ms']:.1f}", f"{one['p95_ms']:.1f}"
        table.add_row(name, f"{one['asked']:.0%}", f"{one['found']:.1f}", f"{one['unique']:.0%}", *times)
    table.caption = "only it finds: of its first ten, what no other strategy has at any depth"
    return table


def _overlap(overlap: Json) -> Table:
    table = Table(title="Of the first ten of ... so many are among the first ten of", title_justify="left")
    table.add_column("")
    for name in overlap:
        table.add_column(name, justify="right")
    for name, row in overlap.items():
        table.add_row(name, *(("-" if other == name else f"{share:.0%}") for other, share in row.items()))
    return table


def _quality(told: Json) -> Table:
    title = f"Against the judgments of {told['judged_queries']:,} queries"
    table = Table(title=title, title_justify="left")
    depths = list(next(iter(told["recall"].values())))
    for name in ("ranking", "nDCG@10", "MRR", *(f"recall@{d}" for d in depths)):
        table.add_column(name, justify="left" if name == "ranking" else "right")
    for name, one in told["quality"].items():
        recalls = [f"{told['recall'][name][d]:.1%}" for d in depths] if name in told["recall"] else []
        table.add_row("all by RRF" if name == "rrf" else name, f"{one['nDCG@10']:.3f}", f"{one['RR']:.3f}", *recalls)
    return table


def _retrieval(console: Console, told: Json) -> None:
    found = told["retrieval"]
    plan = ", ".join(f"{name} {depth}" for name, depth in found["best_fixed_plan"].items()) or "nothing"
    own = f"your own query {found['own_query']:.3f}, " if found["own_query"] is not None else ""
    console.print(
        f"What is wanted among the candidates, less their price: {own}best fixed plan ({plan}) "
        f"{found['best_fixed']:.3f}, best plan for each query {found['best_per_query']:.3f}."
    )
    console.print(f"[bold]To be learned: {found['gap']:+.3f}[/bold] ({GAP}).")
    asks, draws = found["requests"], found["candidates"]
    console.print(
        f"Requests a search beside your own query's: best fixed {asks['best_fixed']:.1f}, per query "
        f"{asks['best_per_query']:.1f}, everything {asks['everything']}; candidates {draws['best_fixed']:.0f} and "
        f"{draws['best_per_query']:.0f}."
    )
    proving = found["proving_the_gap"]
    if proving["one_look"]:
        console.print(f"The gap would be proved by {_people(proving)}.")


def _costs(console: Console, told: Json) -> None:
    held, traffic = told["storage"], told["traffic"]
    own, every = told["latency"]["own"], told["latency"]["everything"]
    if own:
        console.print(
            f"Your own query took {own['median_ms']:.1f} ms (p95 {own['p95_ms']:.1f}), everything at once, at "
            f"the deepest rung, {every['median_ms']:.1f} ms (p95 {every['p95_ms']:.1f})."
        )
    line = f"The index: {held['documents']:,} documents, {_size(held['store_bytes'])} on disk."
    if "vector_memory_bytes" in held:
        memory, disk = _size(held["vector_memory_bytes"]), _size(held["vector_disk_bytes"])
        line += f" Its vectors take about {memory} of memory and {disk} on disk."
    console.print(line)
    console.print(f"At {traffic['click_rate']:.0%} of searches with a click, in an experiment of two halves:")
    for gain, people in traffic["people"].items():
        console.print(f"  {gain:>4} more of them would be proved by {_people(people)}")


def _people(number: Json) -> str:
    always = f"{number['any_time']:,}" if number["any_time"] else "more than anybody has"
    return f"{number['one_look']:,} people for one look, {always} for looks at any time"


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
