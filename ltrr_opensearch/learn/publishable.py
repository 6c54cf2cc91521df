"""Whether a trained ranker could be served as it is: read, scoring as it did, over columns that serving knows."""

from __future__ import annotations

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.candidates import Trained
from ltrr_opensearch.logged import Part
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.load import load_ranker, verify_ranker
from ltrr_opensearch.rank.rows import whole_names


def servable(trained: Trained, index: IndexSettings) -> Trained:
    """Refused, with the reason, where proxies could not serve it."""
    if trained.part is None:
        return trained
    try:
        refuse_unservable(trained.part, index)
    except ModelError as cause:
        return trained.refused(str(cause))
    return trained


def refuse_unservable(part: Part, index: IndexSettings) -> None:
    """`ModelError` with the reason. A feature of the same name and another query would be a different number."""
    verify_ranker(part)
    ranker = load_ranker(part)
    read = frozenset(getattr(ranker, "used", ranker.features))
    if unknown := sorted(read - set(whole_names(index))):
        raise ModelError(
            f"it reads {', '.join(unknown)}, which index {part.index!r} does not have; train it on the index's features"
        )
    features = derive(index)
    asked = features.only(read).names
    trained_on = part.meta.get("feature_set")
    if asked and trained_on != features.version:
        raise ModelError(
            f"it was trained on feature set {trained_on}, index {part.index!r} has {features.version}; train it again"
        )
