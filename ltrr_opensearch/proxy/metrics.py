"""What the proxy counts, for Prometheus. One object with a registry of its own: no global state."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ltrr_opensearch.logged import Decision

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Labels take values from small fixed sets, never from what a client sent."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self._passed = Counter("ltrr_passthrough", "Requests relayed unchanged, by reason.", ["reason"], registry=r)
        self._upstream = Counter("ltrr_upstream_failures", "Requests the cluster left open.", ["status"], registry=r)
        self._hung_up = Counter("ltrr_clients_gone", "Clients that hung up before the answer.", registry=r)
        self._searches = Counter("ltrr_searches", "Searches answered by the engine.", ["index"], registry=r)
        self._fallbacks = Counter("ltrr_fallbacks", "Searches that fell back, by reason.", ["reason"], registry=r)
        self._stages = Histogram("ltrr_stage_seconds", "Time by stage.", ["stage"], buckets=_SECONDS, registry=r)
        self._plans = Counter("ltrr_plans", "Plans by strategy and outcome.", ["strategy", "outcome"], registry=r)
        self._candidates = Counter("ltrr_candidates", "Candidates found, by strategy.", ["strategy"], registry=r)
        self._events = Counter("ltrr_events", "Events posted, by what became of them.", ["outcome"], registry=r)
        self._releases = Gauge("ltrr_release", "1 for the release that serves.", ["index", "release"], registry=r)
        self._release_errors = Counter(
            "ltrr_release_errors", "Parts and releases that could not be used.", ["index", "what"], registry=r
        )

    def passed_through(self, reason: str, requests: int = 1) -> None:
        if requests:
            self._passed.labels(reason).inc(requests)

    def upstream_failed(self, status: int) -> None:
        self._upstream.labels(str(status)).inc()

    def searched(self, decision: Decision) -> None:
        self._searches.labels(decision.index).inc()
        for slot in decision.slots:
            self._plans.labels(slot.strategy, slot.outcome.value).inc()
            self._candidates.labels(slot.strategy).inc(slot.found)

    def fallback(self, reason: str) -> None:
        self._fallbacks.labels(reason).inc()

    def hung_up(self) -> None:
        self._hung_up.inc()

    def stage(self, name: str, seconds: float) -> None:
        self._stages.labels(name).observe(seconds)

    def events(self, outcome: str, count: int = 1) -> None:
        if count:
            self._events.labels(outcome).inc(count)

    def release(self, index: str, release: str) -> None:
        """A release began to serve an index; the one before is no longer shown."""
        self._releases.remove_by_labels({"index": index})
        self._releases.labels(index, release).set(1)

    def release_failed(self, index: str, what: str) -> None:
        """`what` is a kind of part, or the name of an error that was no part's."""
        self._release_errors.labels(index, what).inc()

    def value(self, name: str, **labels: str) -> float:
        """A sample's present value, 0 where nothing was counted."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def exposition(self) -> bytes:
        """The text format that Prometheus scrapes."""
        return generate_latest(self.registry)
