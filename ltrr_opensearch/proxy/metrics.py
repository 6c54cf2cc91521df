"""What the proxy counts, for Prometheus. One object with a registry of its own: no global state.

With several processes each counts for itself in files that outlive it (`PROMETHEUS_MULTIPROC_DIR`), and the operators'
port adds them up (`exposition.py`); hence the mode of every gauge. What each number means, and when to act on it,
stands in docs/operations.md.
"""

from __future__ import annotations

from collections import Counter as Totals
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ltrr_opensearch import __version__
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.phase_settings import PHASES
from ltrr_opensearch.proxy.exposition import exposed
from ltrr_opensearch.types import Outcome, PlanResult

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """Labels take values from small fixed sets, never from what a client sent."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self._samplers: list[Callable[[], None]] = []
        self._totals: Totals[tuple[str, str]] = Totals()
        self._served: dict[str, list[Gauge]] = {}
        passed = Counter("ltrr_passthrough", "Requests relayed unchanged, by reason.", ["reason"], registry=r)
        self._passed_by = cache(passed.labels)
        self._upstream = Counter("ltrr_upstream_failures", "Requests the cluster left open.", ["status"], registry=r)
        self._hung_up = Counter("ltrr_clients_gone", "Clients that hung up before the answer.", registry=r)
        self._searches = Counter("ltrr_searches", "Searches answered by the engine.", ["index"], registry=r)
        self._fallbacks = Counter("ltrr_fallbacks", "Searches that fell back, by reason.", ["reason"], registry=r)
        self._refused = Counter("ltrr_refused", "Requests answered 429 by us, by reason.", ["reason"], registry=r)
        self._shed = Counter("ltrr_shed", "Searches cut to the client's own query under load.", ["index"], registry=r)
        self._slow = Counter("ltrr_slow_searches", "Searches over serve.slow_ms.", ["index", "stage"], registry=r)
        self._took = Histogram("ltrr_search_seconds", "Searches, whole.", ["index"], buckets=_SECONDS, registry=r)
        self._stages = Histogram("ltrr_stage_seconds", "Time by stage.", ["stage"], buckets=_SECONDS, registry=r)
        self._plan_took = Histogram("ltrr_plan_seconds", "Plans asked.", ["strategy"], buckets=_SECONDS, registry=r)
        self._plans = Counter("ltrr_plans", "Plans by strategy and outcome.", ["strategy", "outcome"], registry=r)
        self._draws = Counter("ltrr_draws", "Depths drawn, by strategy.", ["strategy", "depth"], registry=r)
        self._candidates = Counter("ltrr_candidates", "Candidates found, by strategy.", ["strategy"], registry=r)
        self._events = Counter("ltrr_events", "Events posted, by what became of them.", ["outcome"], registry=r)
        self._records = Counter("ltrr_records", "Our own records, by what became of them.", ["outcome"], registry=r)
        self._record_failures = Counter("ltrr_record_failures", "Failed writes, by reason.", ["reason"], registry=r)
        self._requests = self._gauge("ltrr_requests_under_way", "Clients' requests not yet answered.")
        self._tasks = self._gauge("ltrr_tasks", "Tasks of the event loop.")
        self._delay = self._gauge("ltrr_loop_delay_seconds", "Standing delay of the event loop.", mode="livemax")
        self._queue = self._gauge("ltrr_queue_records", "Records waiting in memory.")
        self._spool = self._gauge("ltrr_spool_bytes", "Records waiting on disk.")
        self._releases = self._gauge("ltrr_release", "Processes served by a release.", "index", "release")
        self._parts = self._gauge("ltrr_part", "Processes served by a part.", "index", "kind", "version")
        self._phases = self._gauge("ltrr_phase", "Processes that serve an index in a phase.", "index", "phase")
        self._decided = Counter(
            "ltrr_decided", "Searches by who decided them.", ["index", "phase", "group"], registry=r
        )
        self._learned = self._gauge(
            "ltrr_learned", "What serves, as the gate judged it.", "index", "kind", "measure", "of", mode="livemax"
        )
        self._release_errors = Counter(
            "ltrr_release_errors", "Parts and releases that could not be used.", ["index", "what"], registry=r
        )
        self._off = self._gauge("ltrr_switched_off", "1 where the kill switch is turned.", "index", mode="livemax")
        self._gauge("ltrr_build", "1, with our version.", "version", mode="livemax").labels(__version__).set(1)

    def passed_through(self, reason: str, requests: int = 1) -> None:
        if requests:
            self._passed_by(reason).inc(requests)

    def upstream_failed(self, status: int) -> None:
        self._upstream.labels(str(status)).inc()

    def searched(self, decision: Decision) -> None:
        self._searches.labels(decision.index).inc()
        self._decided.labels(decision.index, decision.phase, decision.group).inc()

    def retrieved(self, results: Sequence[PlanResult]) -> None:
        for result in results:
            strategy = result.plan.strategy
            self._plans.labels(strategy, result.outcome.value).inc()
            self._draws.labels(strategy, str(result.depth)).inc()
            self._candidates.labels(strategy).inc(min(len(result.hits), result.depth))
            if result.outcome is not Outcome.NOT_ASKED:
                self._plan_took.labels(strategy).observe(result.took_ms / 1000)

    def took(self, index: str, seconds: float) -> None:
        self._took.labels(index).observe(seconds)

    def slow(self, index: str, stage: str) -> None:
        self._slow.labels(index, stage).inc()

    def fallback(self, reason: str) -> None:
        self._fallbacks.labels(reason).inc()

    def refused(self, reason: str) -> None:
        """A request that we answered with 429 ourselves."""
        self._refused.labels(reason).inc()

    def shed(self, index: str) -> None:
        """A search that was cut to the client's own query because there was too much to do."""
        self._shed.labels(index).inc()

    def load(self, requests: int, tasks: int, delay_s: float) -> None:
        self._requests.set(requests)
        self._tasks.set(tasks)
        self._delay.set(delay_s)

    def hung_up(self) -> None:
        self._hung_up.inc()

    def stage(self, name: str, seconds: float) -> None:
        self._stages.labels(name).observe(seconds)

    def events(self, outcome: str, count: int = 1) -> None:
        if count:
            self._events.labels(outcome).inc(count)

    def switched(self, index: str, off: bool) -> None:
        self._off.labels(index).set(off)

    def release(self, index: str, release: str, versions: Mapping[str, str] | None = None) -> None:
        """A release began to serve an index, with the versions of its parts by kind; the one before is not shown."""
        for gauge in self._served.pop(index, []):
            gauge.set(0)
        parts = [self._parts.labels(index, kind, version) for kind, version in (versions or {}).items()]
        self._served[index] = [self._releases.labels(index, release), *parts]
        for gauge in self._served[index]:
            gauge.set(1)

    def phase(self, index: str, phase: str) -> None:
        """The phase in which an index is served; any other is over."""
        for other in PHASES:
            self._phases.labels(index, other).set(other == phase)

    def learned(self, index: str, kind: str, measure: str, figures: Mapping[str, float]) -> None:
        """What the gate found of the part that serves: means of the `measure`, its own and that of what it replaced."""
        for of, value in figures.items():
            self._learned.labels(index, kind, measure, of).set(value)

    def release_failed(self, index: str, what: str) -> None:
        """`what` is a kind of part, or the name of an error that was no part's."""
        self._release_errors.labels(index, what).inc()

    def records(self, waiting: int, spooled_bytes: int, became: Mapping[str, int], failed: Mapping[str, int]) -> None:
        """The writer's state: what waits now, and its totals since the start, by outcome and by reason."""
        self._queue.set(waiting)
        self._spool.set(spooled_bytes)
        self._advance("records", self._records, became)
        self._advance("failures", self._record_failures, failed)

    def sampled_by(self, sampler: Callable[[], None]) -> None:
        """Something to call for what is not counted as it happens."""
        self._samplers.append(sampler)

    def sample(self) -> None:
        for sampler in self._samplers:
            sampler()

    def value(self, name: str, **labels: str) -> float:
        """A sample's present value, 0 where nothing was counted."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def exposition(self) -> bytes:
        """The text format that Prometheus scrapes."""
        self.sample()
        return exposed(self.registry)

    def _gauge(self, name: str, documentation: str, *labels: str, mode: str = "livesum") -> Gauge:
        return Gauge(name, documentation, labels, registry=self.registry, multiprocess_mode=mode)  # type: ignore[arg-type]

    def _advance(self, name: str, counter: Counter, totals: Mapping[str, int]) -> None:
        """Brings a counter to totals that are kept elsewhere."""
        for label, total in totals.items():
            counter.labels(label).inc(total - self._totals[name, label])
            self._totals[name, label] = total
