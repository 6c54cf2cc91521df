"""Chance enters by the door: a seed is a keyed hash of a search, and a number depends on nothing but its seed."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import orjson

from ltrr_opensearch.types import Json

_MASK = (1 << 64) - 1


def seed_of(secret: str, query_id: str | None, body: Json, index: str = "") -> int:
    """Seed of a search's draw, 64 bits: any proxy with the secret repeats it, no client can steer it.

    `from` and `size` are left out, so that the pages of one search are drawn alike.
    """
    same = {key: value for key, value in body.items() if key not in ("from", "size")}
    message = orjson.dumps([index, query_id, same], option=orjson.OPT_SORT_KEYS)
    key = blake2b(secret.encode()).digest()
    return int.from_bytes(blake2b(message, key=key, digest_size=8).digest(), "big")


def uniform(seed: int, position: int) -> float:
    """The number in [0, 1) of a slot: SplitMix64 (Steele, Lea, Flood 2014) at `position`; far cheaper than numpy's."""
    z = (seed + (position + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def place_of(secret: str, index: str, person: str) -> float:
    """Where somebody stands in [0, 1) when people are told apart: the same on every proxy, foreseen by no client."""
    key = blake2b(secret.encode()).digest()
    number = blake2b(orjson.dumps(["place", index, person]), key=key, digest_size=8).digest()
    return (int.from_bytes(number, "big") >> 11) * 2.0**-53


def pick(pmf: Sequence[float], u: float) -> int:
    """Which stretch of the cumulated pmf holds `u` in [0, 1); rounding ends at the last possible one."""
    last = 0
    for at, p in enumerate(pmf):
        if p > 0:
            if u < p:
                return at
            u -= p
            last = at
    return last
