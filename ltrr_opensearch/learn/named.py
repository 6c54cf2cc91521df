"""Policies by the names that people give them: what serves, a published release, or one that needs no training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.registry import build_policy, nothing_learned
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.learn.watermarks import through
from ltrr_opensearch.logged import Part
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.release.store import ReleaseStore

SERVING = "serving"
NOTHING = "nothing learned: the safe plan"
_FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Named:
    """`learned` is the time up to which searches went into it; None where none did."""

    policy: Policy
    learned: datetime | None = None
    note: str = ""
    """What its name does not say: how it came to be."""
    untaught: str = ""
    """The learning policy that it is called after, where nothing of that serves: the log may teach it (`holdout`)."""

    def called(self, name: str) -> str:
        return f"{name} ({self.note})" if self.note else name


def named_policies(specs: Sequence[str], store: ReleaseStore, index: str, choose: ChooseSettings) -> dict[str, Named]:
    """By name. A spec is `WHAT` or `NAME=WHAT`, where WHAT is one of

    `serving`; the id of a release; `fixed`, `fixed:DEPTH` or `fixed:STRATEGY=DEPTH,...`; `uniform`; another value that
    `choose.policy` may have: what serves where that is of it, and else `untaught` where it is one that learns.
    """
    found: dict[str, Named] = {}
    for spec in specs:
        name, what = _split(spec)
        if name in found:
            raise SettingsError(f"two policies are called {name!r}; name them: --policy NAME={what}")
        found[name] = _named(what, store, index, choose)
    return found


def _split(spec: str) -> tuple[str, str]:
    """A name never holds a colon, so `fixed:original=50` is no name."""
    name, equals, what = spec.partition("=")
    named = bool(equals) and ":" not in name
    if not spec or (named and not (name and what)):
        raise SettingsError(
            f"--policy {spec!r} names nothing; write WHAT or NAME=WHAT, as in --policy shallow=fixed:10"
        )
    return (name, what) if named else (spec, spec)


def _named(what: str, store: ReleaseStore, index: str, choose: ChooseSettings) -> Named:
    history = {release.id: release.versions for release in store.history(index)}
    serves = next((release.versions for release in store.history(index) if release.current), {})
    if what == SERVING:
        part = _part(store, index, serves)
        note = NOTHING if nothing_learned(choose.policy, part) else ""
        return Named(build_policy(choose, part), through(part), note)
    if what in history:
        part = _part(store, index, history[what])
        if part is None:
            raise SettingsError(f"release {what} of index {index!r} has no policy; see `ltrr models list`")
        return Named(build_policy(_of(choose, part.algorithm), part), through(part))
    kind, _, rest = what.partition(":")
    if kind == _FIXED:
        return Named(_fixed(what, rest, choose))
    if rest:
        raise SettingsError(f"policy {what!r}: only {_FIXED} takes depths, as in fixed:10 or fixed:original=50,knn=10")
    serving = _part(store, index, serves)
    part = serving if serving and serving.algorithm == what else None
    try:
        policy = build_policy(_of(choose, what), part)
    except SettingsError as unknown:
        releases = ", ".join(history) or "none"
        raise SettingsError(f"no policy {what!r}: {unknown}; {SERVING}; or a release: {releases}") from unknown
    return Named(policy, through(part), *((NOTHING, what) if nothing_learned(what, part) else ()))


def _of(choose: ChooseSettings, policy: str) -> ChooseSettings:
    return choose.model_copy(update={"policy": policy})


def _part(store: ReleaseStore, index: str, versions: Mapping[str, str]) -> Part | None:
    return store.part(index, "policy", versions["policy"]) if "policy" in versions else None


def _fixed(what: str, depths: str, choose: ChooseSettings) -> Fixed:
    if not depths:
        return Fixed(choose.safe_depth)
    pairs = [pair.rpartition("=") for pair in depths.split(",")]
    try:
        asked = {strategy: int(depth) for strategy, _, depth in pairs}
    except ValueError as error:
        raise SettingsError(f"policy {what!r}: {error}; write fixed:10 or fixed:original=50,knn=10") from error
    if off := sorted(set(asked.values()) - set(choose.ladder)):
        raise SettingsError(f"policy {what!r}: {off[0]} is no depth of choose.ladder {list(choose.ladder)}")
    return Fixed(asked.pop("", 0), asked)
