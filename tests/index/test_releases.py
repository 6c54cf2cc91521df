"""What the doctor says of the release in force."""

from __future__ import annotations

from dataclasses import replace

from opensearchpy import OpenSearch

from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.index.releases import outdated_ranker, unmade_arms, unreadable_parts, unusable_parts
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings, StateSettings
from tests.release.test_store import KEY, part, prefix, store

__all__ = ["prefix", "store"]


def test_a_part_that_no_proxy_could_read_is_found(client: OpenSearch, prefix: str, store: ReleaseStore) -> None:
    assert unreadable_parts(client, prefix, KEY) == (None, [])
    id = store.publish(KEY, {"policy": part("policy", b"p", "v1"), "ranker": part("ranker", b"r", "v1")})
    assert unreadable_parts(client, prefix, KEY) == (id, [])
    client.delete(index=f"{prefix}_models", id="ranker-shop-%2A%2Cother-v1-0")
    assert [str(f) for f in unreadable_parts(client, prefix, KEY)[1]] == [
        f"ranker v1 of index {KEY!r}: lacks its chunk 0 in {prefix}_models; "
        "publish it again with `ltrr learn` or `ltrr setup`, or go back with `ltrr models rollback`"
    ]


def test_a_part_that_no_proxy_could_use_is_found(client: OpenSearch, prefix: str, store: ReleaseStore) -> None:
    """Its bytes are those that were published, and nothing can be made of them."""
    store.publish(KEY, {kind: part(kind, b"junk", "v1") for kind in ("policy", "ranker", "memory")})
    settings = Settings(state=StateSettings(prefix=prefix), choose=ChooseSettings(policy="greedy"))
    said = unusable_parts(client, settings, KEY)
    assert [line.split()[0] for line in said] == ["policy", "ranker", "memory"]
    assert all("; " in line for line in said)


def test_a_ranker_of_other_features_is_found(client: OpenSearch, prefix: str, store: ReleaseStore) -> None:
    features = part("feature_set", b'{"version": "new"}', "f1")
    ranker = part("ranker", b"r", "v1")
    store.publish(KEY, {"feature_set": features, "ranker": replace(ranker, meta={"feature_set": "old"})})
    assert outdated_ranker(client, prefix, KEY) == (
        "the ranker knows the features old, set-up has published new; ltrr learn ranker"
    )
    store.publish(KEY, {"ranker": replace(ranker, version="v2", meta={"feature_set": "new"})})
    assert outdated_ranker(client, prefix, KEY) == ""


def test_arms_that_no_proxy_could_make_are_found(client: OpenSearch, prefix: str, store: ReleaseStore) -> None:
    arms = ({"name": "one", "policy": "greedy"}, {"name": "two", "release": "gone"})
    experiment = ExperimentSettings.model_validate({"name": "trial", "arms": arms})
    unlearned, gone = unmade_arms(client, prefix, KEY, experiment)
    assert "policy 'greedy', of which nothing was learned that serves" in unlearned
    assert gone == "arm 'two': release gone is not kept; name another (ltrr models list)"
    store.publish(KEY, {"policy": replace(part("policy", b"p", "v1"), algorithm="greedy")})
    assert unmade_arms(client, prefix, KEY, experiment) == [gone]
