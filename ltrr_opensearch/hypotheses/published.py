"""Weights as parts of a release: one kind a domain, so that one is exchanged and the bytes of the others stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.hypotheses.features import BIAS, Level
from ltrr_opensearch.hypotheses.model import DomainWeights
from ltrr_opensearch.logged import Part

PREFIX = "readings."
ALGORITHM = "log-linear"
PROBES = 20
"""Features of which the likelihoods are kept as the part's checks."""
TOLERANCE = 1e-6


def kind_of(domain: str) -> str:
    """The kind of a part; a domain may hold what an `_id` in a URL should not."""
    return PREFIX + quote(domain, safe="")


def domain_of(kind: str) -> str | None:
    """None of other kinds."""
    return unquote(kind[len(PREFIX) :]) if kind.startswith(PREFIX) else None


def part_of(weights: DomainWeights, index: str, at: datetime) -> Part:
    payload = weights.to_bytes()
    stored = DomainWeights.from_bytes(payload)
    checks = {level.value: _likelihoods(stored, level) for level in Level}
    meta = {"domain": weights.domain, "utterances": weights.utterances}
    return Part.of(kind_of(weights.domain), index, ALGORITHM, payload, at, meta, checks)


def weights_of(part: Part) -> DomainWeights:
    """Raises `ModelError` where the bytes are of another domain or do not give their stored likelihoods."""
    weights = DomainWeights.from_bytes(part.payload)
    if weights.domain != domain_of(part.kind):
        raise ModelError(f"holds weights of domain {weights.domain!r}; publish them again: ltrr readings publish")
    for level in Level:
        expected, found = part.checks.get(level.value, {}), _likelihoods(weights, level)
        if any(abs(found.get(name, -1.0) - value) > TOLERANCE for name, value in expected.items()):
            raise ModelError("does not give its stored likelihoods; publish it again: ltrr readings publish")
    return weights


def domains_in(parts: Mapping[str, Part]) -> dict[str, Part]:
    """By domain."""
    return {domain: part for kind, part in parts.items() if (domain := domain_of(kind)) is not None}


def _likelihoods(weights: DomainWeights, level: Level) -> dict[str, float]:
    """Of the strongest features, each alone beside the bias."""
    of = weights.levels[level]
    names = sorted(of.weights, key=lambda name: (-abs(of.weights[name]), name))[:PROBES]
    return {name: of.likelihood({BIAS: 1.0, name: 1.0}) for name in names}
