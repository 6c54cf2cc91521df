"""A proposal as commented YAML, ready to be read by `ltrr --config`. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ltrr_opensearch.index.discover import Finding, Proposal
from ltrr_opensearch.index.fields import Field


def render(url: str, key: str, proposal: Proposal, encoder_model: str, secret: str) -> str:
    """The whole file. `secret`: a random text of its own for each configuration."""
    return "\n".join(_lines(url, key, proposal, encoder_model, secret)) + "\n"


def _lines(url: str, key: str, found: Proposal, encoder_model: str, secret: str) -> Iterator[str]:
    yield f"# Written by `ltrr setup {key} --discover` from the mapping and {found.sampled} documents. Read it,"
    yield f"# change it, then run `ltrr setup {key} --dry-run`. Every option is described in docs/configuration.md."
    yield ""
    yield "cluster:"
    yield f"  url: {_q(url)}"
    yield "  # username and password: better as OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD"
    yield ""
    yield "state:"
    yield f"  secret: {_q(secret)}  # random; the same on every proxy, known to no client"
    yield ""
    yield from _encoder(found.vectors, encoder_model)
    yield "indexes:"
    yield f"  {_q(key)}:"
    yield from _texts(found.texts)
    yield from _slots(found.slots)
    yield from _popularity(found.popularity)
    yield from _date(found.dates)
    yield from _vector(found.vectors)
    if found.skipped_nested:
        yield "    # Inside nested objects, hence not searched by our plans: " + ", ".join(found.skipped_nested[:20])


def _encoder(vectors: Sequence[Field], model: str) -> Iterator[str]:
    if vectors:
        yield "# The index has vectors. Name the sentence-transformers model (name or folder) that made them, so that"
        yield "# queries are embedded alike; without it the knn strategy stays silent."
        yield "# encoder:"
        yield f"#   model: {model}"
    else:
        yield "# A sentence-transformers model, by name or folder; it gives documents and queries their vectors."
        yield "encoder:"
        yield f"  model: {model}"
    yield ""


def _texts(texts: Sequence[Finding]) -> Iterator[str]:
    yield "    # Analysed fields to match, with their boosts."
    if not texts:
        yield "    # None was found: name at least one."
        yield "    text_fields: {}"
        return
    yield "    text_fields:"
    for finding in texts:
        yield f"      {_q(finding.path)}: {finding.number:g}  # {finding.reason}"


def _slots(slots: Sequence[Finding]) -> Iterator[str]:
    yield "    # Keyword fields whose values are recognised in queries (brand, colour, ...)."
    if not any(s.sure for s in slots):
        yield "    slot_fields: []"
    else:
        yield "    slot_fields:"
    for finding in slots[:60]:
        mark = "" if finding.sure else "# "
        yield f"      {mark}- {_q(finding.path)}  # {finding.reason}"


def _popularity(found: Sequence[Finding]) -> Iterator[str]:
    sure = [f for f in found if f.sure]
    if not sure:
        yield "    # A number that grows with popularity would be a bias of our lexical plans; " + (
            "too few documents have one:" if found else "none was recognised."
        )
        for finding in found[:5]:
            yield f"    # popularity: {{field: {_q(finding.path)}, pivot: {finding.number:g}}}  # {finding.reason}"
        if not found:
            yield "    # popularity: {field: sales, pivot: 100}"
        return
    yield f"    # {sure[0].reason}; pivot is its median" + _others(found)
    yield "    popularity:"
    yield f"      field: {_q(sure[0].path)}"
    yield f"      pivot: {sure[0].number:g}"


def _date(found: Sequence[Finding]) -> Iterator[str]:
    sure = [f for f in found if f.sure]
    if sure:
        yield f"    # When a document came out: {sure[0].reason}" + _others(sure)
        yield f"    date_field: {_q(sure[0].path)}"
    elif found:
        yield f"    # date_field: {_q(found[0].path)}  # {found[0].reason}; does it say when every document came out?"


def _vector(vectors: Sequence[Field]) -> Iterator[str]:
    if not vectors:
        yield "    # Dense vectors of the text fields, added by set-up beside the documents' own fields."
        yield "    vector:"
        yield "      field: ltrr_embedding"
        yield "      dimension: 384"
        return
    first = vectors[0]
    method = first.body.get("method", {})
    space = method.get("space_type") or first.body.get("space_type") or "l2"
    engine = method.get("engine", "faiss")
    yield "    # An existing vector field, filled by somebody else: set-up leaves it alone."
    yield "    vector:"
    yield f"      field: {_q(first.path)}"
    yield f"      dimension: {first.body.get('dimension')}"
    yield f"      space_type: {space}" if space in _SPACES else f"      # space_type {space} is not supported"
    yield f"      engine: {engine}" if engine in ("lucene", "faiss") else f"      # engine {engine}"
    yield "      backfill: false"
    if len(vectors) > 1:
        yield "      # others: " + ", ".join(v.path for v in vectors[1:])


_SPACES = frozenset({"innerproduct", "cosinesimil", "l2"})


def _others(found: Sequence[Finding]) -> str:
    rest = ", ".join(f"{f.path} ({f.reason})" for f in found[1:6])
    return f"; others: {rest}" if rest else ""


def _q(text: str) -> str:
    """A YAML scalar, quoted where it must be."""
    plain = text.replace("_", "").replace(".", "").replace("-", "")
    safe = plain.isascii() and plain.isalnum() and text[0].isalpha() and text.lower() not in _YAML_WORDS
    return text if safe else json.dumps(text, ensure_ascii=False)


_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
