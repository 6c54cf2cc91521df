"""Values proposed for fields that documents lack, of one index: learned, published, kept up, and what is doubted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import Conflict, DataError, SettingsError
from ltrr_opensearch.index.failures import Failures
from ltrr_opensearch.index.following import Tally
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.pace import Pace
from ltrr_opensearch.index.proposing import Proposing
from ltrr_opensearch.index.sample import PAGE
from ltrr_opensearch.index.shards import changed, count, highest, shards_of
from ltrr_opensearch.index.vectors import Progress
from ltrr_opensearch.index.written import Reading, sample
from ltrr_opensearch.index_settings import IndexSettings, ProposalSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.logged import Part
from ltrr_opensearch.propose.doubts import Doubt, doubts_of
from ltrr_opensearch.propose.learned import FEWEST, learn
from ltrr_opensearch.propose.measured import Measured
from ltrr_opensearch.propose.proposer import Proposed, Proposer
from ltrr_opensearch.release.parts import reading
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.types import Json

PROPOSER, GAZETTEER = "proposer", "gazetteer"
TRIED = 500
"""Documents for which a dry run proposes."""


class Learned(NamedTuple):
    """A proposer, its name, how right it is by field, the settings it was made for, the gazetteer's version."""

    proposer: Proposer
    name: str
    measured: tuple[Measured, ...]
    made_for: Json
    gazetteer: str

    @property
    def made(self) -> Json:
        """What proposals depend on, besides the documents: where it differs, all of them are looked at again."""
        return {"proposer": self.name, "settings": self.made_for, "gazetteer": self.gazetteer}


@dataclass(frozen=True)
class Proposals:
    """Of one index, whose settings name the vector field as it is now."""

    client: OpenSearch
    prefix: str
    key: str
    index: IndexSettings
    now: Callable[[], datetime]
    _read: dict[tuple[str, str], Learned | None] = field(default_factory=dict, repr=False, compare=False)
    """By the versions of proposer and gazetteer, those read last: sync asks every few seconds."""

    @property
    def settings(self) -> ProposalSettings:
        assert self.index.proposals is not None
        return self.index.proposals

    def fields(self, gazetteer: Gazetteer) -> tuple[str, ...]:
        """Keywords and booleans among the slot fields, or what the settings name of them.

        Raises `SettingsError` where they name another.
        """
        asked = self.settings.fields or self.index.slot_names
        fit = tuple(f for f in asked if gazetteer.kinds.get(f, "keyword") in ("keyword", "boolean"))
        if self.settings.fields and (others := [f for f in asked if f not in fit]):
            told = ", ".join(f"{f} is a {gazetteer.kinds[f]}" for f in others)
            raise SettingsError(
                f"indexes.{self.key}.proposals.fields: {told}, for which nothing is proposed; take it out"
            )
        return fit

    def learn(self, done: Callable[[int], None]) -> Learned:
        """From a sample of the documents; `done` is told of each field that is finished. Nothing is written."""
        version, gazetteer = self._gazetteer()
        fields = self.fields(gazetteer)
        documents = sample(self.client, self.key, Reading.of(self.index, fields))
        proposer, measured = learn(documents, gazetteer, fields, self.settings.least, done)
        if not proposer.fields:
            raise DataError(
                f"no keyword or boolean slot field of {self.key} is filled in {FEWEST} of the {len(documents)} "
                "documents looked at; there is nothing to learn from"
            )
        settings = made_for(self.index)
        return Learned(proposer, _name(proposer, settings), tuple(measured), settings, version)

    def publish(self, learned: Learned) -> str:
        """For sync to go on with; returns the release's id."""
        payload = learned.proposer.to_bytes()
        meta = {"made_for": learned.made_for, "measured": [asdict(one) for one in learned.measured]}
        part = replace(Part.of(PROPOSER, self.key, "lda", payload, self.now(), meta), version=learned.name)
        return ReleaseStore(self.client, self.prefix).publish(
            self.key, {PROPOSER: part}, "attributes", unless_pinned=True
        )

    def published(self, misfit: Callable[[str], None] = lambda _: None) -> Learned | None:
        """The proposer in force; None where there is none, or it is for other settings: `misfit` is told once."""
        versions = self._versions()
        if PROPOSER not in versions or GAZETTEER not in versions:
            return None
        wanted = versions[PROPOSER], versions[GAZETTEER]
        if wanted not in self._read:
            learned = self._unpacked(versions[PROPOSER], misfit)
            self._read.clear()
            self._read[wanted] = learned
        return self._read[wanted]

    def _unpacked(self, name: str, misfit: Callable[[str], None]) -> Learned | None:
        part = ReleaseStore(self.client, self.prefix).part(self.key, PROPOSER, name)
        if part.meta["made_for"] != made_for(self.index):
            misfit(
                f"{self.key}: proposals were learned for other settings or vectors; ltrr attributes propose {self.key}"
            )
            return None
        version, gazetteer = self._gazetteer()
        with reading(part.kind, part.version, part.index):
            proposer = Proposer.from_bytes(part.payload, gazetteer)
            measured = tuple(Measured(**one) for one in part.meta["measured"])
        return Learned(proposer, part.version, measured, part.meta["made_for"], version)

    def interrupted(self) -> bool:
        """Whether a run with the proposer in force has not come to its end."""
        return self._jobs.proposed(self.key).get("done") is False

    def fill(self, learned: Learned, failures: Failures, pace: Pace, progress: Progress) -> tuple[Tally, bool]:
        """Proposes for what was written since the last run with this proposer, these settings and this gazetteer. Also
        whether nothing is left.
        """
        known = self._jobs.proposed(self.key)
        marks = marks_for(known, learned)
        note = partial(self._note, learned.made, sorted({*known.get("fields", ()), self.settings.field}), marks)
        if known.get("made") != learned.made:
            note(done=False)  # whatever is broken off is known before anything is written
        shards = shards_of(self.client, self.key)
        for name in sorted({s.index for s in shards}):
            self.client.indices.refresh(index=name)
        run = Proposing(
            client=self.client,
            marks=marks,
            failures=failures,
            pace=pace,
            on_mark=partial(note, done=False),
            on_progress=progress.advance,
            proposer=learned.proposer,
            reading=self._reading(learned),
            settings=self.settings,
        )
        progress.start(run.waiting(shards))
        done = run.run(shards)
        note(done=done)
        return run.tally, done

    def tried(self, learned: Learned) -> list[tuple[str, dict[str, list[Proposed]]]]:
        """What would be proposed for documents drawn at random, by id."""
        documents = sample(self.client, self.key, self._reading(learned), TRIED)
        return list(
            zip([d.id for d in documents], learned.proposer.propose(documents, self.settings.least), strict=True)
        )

    def doubts(self, learned: Learned, sure: float, progress: Progress) -> list[Doubt]:
        """Of all documents, those whose text contradicts what they state."""
        how, found = self._reading(learned), list[Doubt]()
        shards = [(shard, highest(self.client, shard)) for shard in shards_of(self.client, self.key)]
        progress.start(sum(count(self.client, shard, -1, top) for shard, top in shards))
        for shard, top in shards:
            for page in changed(self.client, shard, -1, top, how.source, None, PAGE):
                found += doubts_of(learned.proposer, [how.written(d.id, d.source) for d in page], sure)
                progress.advance(len(page))
        return found

    def _reading(self, learned: Learned) -> Reading:
        return Reading.of(self.index, tuple(learned.proposer.fields))

    def _note(self, made: Json, fields: Sequence[str], marks: Mapping[str, int], *, done: bool) -> None:
        self._jobs.save_proposed(self.key, made, fields, marks, self.now(), done=done)

    @property
    def _jobs(self) -> JobStore:
        return JobStore(self.client, self.prefix)

    def _gazetteer(self) -> tuple[str, Gazetteer]:
        """With its version."""
        versions = self._versions()
        if GAZETTEER not in versions:
            raise Conflict(f"the values of {self.key} were not read yet; ltrr setup {self.key}")
        part = ReleaseStore(self.client, self.prefix).part(self.key, GAZETTEER, versions[GAZETTEER])
        with reading(part.kind, part.version, part.index):
            return part.version, Gazetteer.from_bytes(part.payload)

    def _versions(self) -> Mapping[str, str]:
        """Of the parts that serve now."""
        history = ReleaseStore(self.client, self.prefix).history(self.key)
        return next((release.versions for release in history if release.current), {})


def made_for(index: IndexSettings) -> Json:
    """The settings that proposals depend on."""
    told = index.proposals
    assert told is not None
    kinds = {slot.field: slot.kind for slot in index.slot_fields if slot.field in (told.fields or index.slot_names)}
    read = Reading.of(index, ())
    return {"fields": kinds, "texts": list(read.texts), "vector": read.vector, "least": told.least, "field": told.field}


def marks_for(note: Json, learned: Learned) -> dict[str, int]:
    """Per shard, up to where its proposals are as they should be; none where they were made otherwise."""
    return dict(note["marks"]) if note.get("made") == learned.made else {}


def _name(proposer: Proposer, settings: Json) -> str:
    """The same weights for other settings are another part: a release that is gone back to has its own."""
    told = json.dumps(settings, sort_keys=True).encode()
    return hashlib.sha256(proposer.to_bytes() + told).hexdigest()[:12]
