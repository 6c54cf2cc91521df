"""Weights in a folder: one file a domain, so that each can be trained, looked at and replaced alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from ltrr_opensearch.errors import DataError, ModelError
from ltrr_opensearch.hypotheses.model import DomainWeights

ENDING = ".readings.json"


def write_weights(folder: Path, weights: DomainWeights) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{quote(weights.domain, safe='')}{ENDING}"
    file.write_bytes(weights.to_bytes())
    return file


def read_weights(folder: Path, only: Iterable[str] = ()) -> dict[str, DomainWeights]:
    """By domain; `only` names domains of which each must be there."""
    found = {}
    for file in sorted(folder.glob(f"*{ENDING}")):
        try:
            weights = DomainWeights.from_bytes(file.read_bytes())
        except ModelError as error:
            raise ModelError(f"{file}: {error}") from error
        found[weights.domain] = weights
    known = ", ".join(found) or "none"
    if lacking := [domain for domain in only if domain not in found]:
        raise DataError(f"{folder} has no weights of {', '.join(lacking)}; it has {known}")
    if not found:
        raise DataError(f"{folder} has no weights (files *{ENDING}); train some: ltrr readings train")
    return {domain: found[domain] for domain in only} if only else found
