"""What every trained policy says beside its bytes, and whether it fits the settings."""

from __future__ import annotations

from hashlib import sha256

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.factoring import Rungs, profiles_in, rungs_for
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.logged import Part


def check_shape(part: Part, ladder: tuple[int, ...]) -> None:
    where = f"policy {part.version} of index {part.index}"
    if sha256(part.payload).hexdigest() != part.sha256:
        raise ModelError(f"{where} is damaged: its bytes do not match its digest; roll back: ltrr models rollback")
    if tuple(part.meta.get("ladder", ())) != ladder:
        raise ModelError(
            f"{where} was trained for the ladder {part.meta.get('ladder')}, the settings say {list(ladder)}; "
            "train again: ltrr learn policy"
        )
    if part.meta.get("features") != examples.VERSION:
        raise ModelError(f"{where} was trained by another version of this software; train again: ltrr learn policy")


def rungs_of(part: Part, ladder: tuple[int, ...], safe_depth: int) -> Rungs:
    """What the policy inside the part draws from."""
    return rungs_for(profiles_in(part.meta), ladder, safe_depth)
