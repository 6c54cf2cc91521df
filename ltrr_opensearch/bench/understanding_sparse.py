"""What a sparse encoder of one's own is worth: made by our command from Icecat's documents, set up, and asked.

No judged query teaches it; what it says of itself on documents left out is the command's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opensearchpy import OpenSearch
from rich.console import Console

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.ranking_unseen import interval_of
from ltrr_opensearch.bench.ranking_world import RATED_FILE, Grades, own_query, read_final
from ltrr_opensearch.bench.recorded import arena_stack, connect_to, prepare
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.demo.shop_index import configuration, index_body
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.evaluate.measures import mean, paired_difference, per_query
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.plan.sparse import terms_clause
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.sparse_encoders import load_sparse_encoder

INDEX = "icecat-sparse"
DEPTH, GOOD = 50, 2.0
STEPS, QUICK_STEPS = 300, 30
MAIN = "nDCG@10"

Lists = Mapping[str, Sequence[str]]


def measure(console: Console, quick: bool) -> list[Figure]:
    with arena_stack() as stack:
        client, grades = _world(console, stack, QUICK_STEPS if quick else STEPS)
        lists = _asked(console, stack, client, sorted(q for q, of in grades.items() if max(of.values()) > 0))
    judgments = [Judgment(q, id, g) for q, of in grades.items() for id, g in of.items()]
    alone = {name: per_query(judgments, of, (MAIN,))[MAIN] for name, of in lists.items()}
    union = {
        name: {q: _reached(grades[q], *(lists[one][q] for one in some)) for q in lists["own"]}
        for name, some in (("without", ("own", "dense")), ("with", ("own", "dense", "sparse")))
    }
    gap = paired_difference(union["with"], union["without"])
    beside = ("own query and dense", mean(union["without"]))
    return [
        *(
            Figure(f"sparse_{n}_alone", mean(of), MAIN, interval=interval_of(of), runs=len(of))
            for n, of in alone.items()
        ),
        Figure("sparse_adds_to_union", gap.mean, "share", beside, 0.0, interval=(gap.low, gap.high), runs=gap.queries),
    ]


def _world(console: Console, stack: Stack, steps: int) -> tuple[OpenSearch, Grades]:
    folder = data.find(stack.home)
    products = data.load(folder).products
    plain = configuration(INDEX, "", stack.ports, stack.home)
    prepare(console, stack, INDEX, index_body(products), products, plain)
    model = stack.folder / f"sparse-{steps}"
    if not model.is_dir():
        with waiting(console, "Making a sparse encoder"):
            stack.run("sparse-encoder", str(model), "--steps", str(steps))
    content = plain | {"sparse_encoder": {"model": str(model)}}
    content["indexes"] = {INDEX: plain["indexes"][INDEX] | {"sparse": {}}}
    prepare(console, stack, INDEX, index_body(products), products, content)
    return connect_to(stack), read_final(folder / RATED_FILE)


def _asked(console: Console, stack: Stack, client: OpenSearch, queries: Sequence[str]) -> dict[str, Lists]:
    settings = load_settings(stack.config)
    index = settings.indexes[INDEX]
    assert index.sparse is not None
    assert index.vector is not None
    sparse = load_sparse_encoder(settings.sparse_encoder).encode(queries)
    dense = load_encoder(settings.encoder, None).encode(queries)
    clauses: dict[str, list[Json]] = {
        "own": [own_query(query)["query"] for query in queries],
        "dense": [{"knn": {index.vector.field: {"vector": v.tolist(), "k": DEPTH}}} for v in dense],
        "sparse": [terms_clause(index.sparse.field, terms) for terms in sparse],
    }
    with bar(console, "Asking", len(clauses) * len(queries)) as done:
        return {name: dict(zip(queries, _ids(client, of, done), strict=True)) for name, of in clauses.items()}


def _ids(client: OpenSearch, queries: Sequence[Json], done: Callable[[int], None]) -> list[list[str]]:
    found = []
    for query in queries:
        body = {"query": query, "size": DEPTH, "_source": False, "track_total_hits": False}
        found.append([hit["_id"] for hit in client.search(index=INDEX, body=body)["hits"]["hits"]])
        done(1)
    return found


def _reached(grades: Mapping[str, float], *lists: Sequence[str]) -> float:
    """Share of the good documents that are in any of the lists."""
    good = {id for id, grade in grades.items() if grade >= GOOD}
    return len(good & {id for ids in lists for id in ids}) / len(good) if good else 1.0
