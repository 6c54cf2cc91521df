"""Writes down a search: its decision in our own log, its query and impressions as UBI 1.3. Never waits."""

from __future__ import annotations

from typing import Protocol

from ltrr_opensearch.chance import seed_of, uniform
from ltrr_opensearch.log import records, ubi
from ltrr_opensearch.log.privacy import privacy_of
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.settings import LogSettings, StateSettings
from ltrr_opensearch.types import Json, SearchRequest


class DocumentWriter(Protocol):
    def write(self, index: str, id: str, document: Json) -> bool: ...


class DecisionSink:
    """A search is kept or left out by chance that depends on its query_id alone, so all its records agree."""

    def __init__(self, writer: DocumentWriter, state: StateSettings, log: LogSettings) -> None:
        self._writer = writer
        self._state = state
        self._log = log
        self._privacy = privacy_of(log, state)

    def keeps(self, query_id: str) -> bool:
        return _drawn("sample", query_id, self._log.sample_rate)

    def keeps_features(self, query_id: str) -> bool:
        return _drawn("features", query_id, self._log.feature_rate)

    def __call__(self, decision: Decision, request: SearchRequest) -> None:
        if not self.keeps(decision.query_id):
            return
        decision, request = self._privacy.decision(decision), self._privacy.request(request)
        document = records.to_document(decision) | {"sampled": self._log.sample_rate}
        id = records.document_id(document, named=request.ubi is not None and request.ubi.query_id is not None)
        self._writer.write(records.index_name(self._state.prefix, decision.at), id, document)
        page = decision.candidates[decision.offset : decision.offset + decision.shown]
        shown = [c.object_id or c.key.id for c in page]
        words = dict(zip(ubi.DECIDED, (decision.policy, decision.ranker, decision.release), strict=True))
        query = ubi.query_document(request, shown, words)
        self._writer.write(self._state.ubi_queries, id, query)
        if self._log.impressions:
            for event in ubi.impressions(decision, id):
                self._writer.write(self._state.ubi_events, event.id, event.document)

    def later(self, shown: LaterShown, request: SearchRequest) -> None:
        """A later page: its impressions, and where the client gave it a name of its own, what that name continues."""
        if not self.keeps(shown.continues):
            return
        shown, request = self._privacy.later(shown), self._privacy.request(request)
        if shown.query_id != shown.continues:
            query = ubi.query_document(request, shown.objects, {ubi.CONTINUES: shown.continues})
            self._writer.write(self._state.ubi_queries, shown.query_id, query)
        if self._log.impressions:
            for event in ubi.later_impressions(shown):
                self._writer.write(self._state.ubi_events, event.id, event.document)


def _drawn(what: str, query_id: str, rate: float) -> bool:
    return rate >= 1.0 or uniform(seed_of(what, query_id, {}), 0) < rate
