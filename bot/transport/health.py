"""Liveness, readiness and Prometheus metrics over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from router.errors import BeagleError, QueueError, StoreAwayError
from router.store import Store
from router.store.usage.totals import SECONDS, LatencyHistogram, Totals
from workers.drift.summary import DRIFTING
from workers.ports import RUN_SECONDS, Queue, QueueRuns

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

METRICS_TYPE = "text/plain; version=0.0.4"
"""Prometheus's text exposition format."""

MAX_LABELS = 50
"""Routes and models that have figures of their own; all others are counted together."""
MAX_TIERS = 200
"""Tiers that have figures of their own; the others have none."""
OTHER = "other"

Check = Callable[[], str | None]
"""Returns None when all is well, else what is wrong, in words."""


class PublicPages:
    """The WSGI application of the port that Slack reaches: `pages`, by path, and `/healthz`.

    It tells strangers nothing but that it is there.
    """

    def __init__(self, pages: Mapping[str, WSGIApplication]) -> None:
        self._pages = pages

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Returns the page; 404 with an empty body for an unknown path."""
        path = environ.get("PATH_INFO", "")
        if path in self._pages:
            return self._pages[path](environ, start_response)
        if path == "/healthz" and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
            return _send(start_response, "200 OK", _to_json({"ok": True}))

        return _send(start_response, "404 Not Found", b"")


class Health:
    """A WSGI application for a port of its own: `/healthz`, `/readyz` and `/metrics`.

    `checks` decide whether the process is ready.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        registry: CollectorRegistry,
        socket_age: Callable[[], float],
    ) -> None:
        self._checks = checks
        self._registry = registry
        self._socket_age = socket_age

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Returns the page; 404 with an empty body for an unknown path."""
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _send(start_response, "404 Not Found", b"")

        # A process that answers is alive. A broken part must not make the orchestrator kill it.
        if path == "/healthz":
            alive = {"ok": True, "socket_seconds": round(self._socket_age(), 1)}
            return _send(start_response, "200 OK", _to_json(alive))

        if path == "/readyz":
            problems = self.problems()
            status = "503 Service Unavailable" if problems else "200 OK"
            body = _to_json({"ok": not problems, "problems": problems})
            return _send(start_response, status, body)

        if path == "/metrics":
            metrics = generate_latest(self._registry)
            return _send(start_response, "200 OK", metrics, METRICS_TYPE)

        return _send(start_response, "404 Not Found", b"")

    def problems(self) -> dict[str, str]:
        """Returns what is not ready: by part, what is wrong, in words."""
        problems = {}
        for name, check in self._checks.items():
            problem = check()
            if problem:
                problems[name] = problem

        return problems


def store_problem(store: Store) -> str | None:
    """Returns what is wrong with the database, in words; None while it answers."""
    try:
        store.ping()
    except (StoreAwayError, SQLAlchemyError) as error:
        return f"the database does not answer ({type(error).__name__})"

    return None


def queue_problem(queue: Queue) -> str | None:
    """Returns what is wrong with the queue, in words; None while it answers."""
    try:
        queue.depth()
    except QueueError as error:
        return str(error)

    return None


class LeaderCollector(Collector):
    """Whether this process leads the periodic work; over all bots the sum is 1."""

    def __init__(self, is_leader: Callable[[], bool]) -> None:
        self._is_leader = is_leader

    def collect(self) -> Iterable[Metric]:
        """Yields the one gauge."""
        yield GaugeMetricFamily(
            "beagle_leader",
            "1 while this bot does the periodic work, else 0",
            value=float(self._is_leader()),
        )


class StoreCollector(Collector):
    """Prometheus metrics, read from the store at each scrape, so every process reports the same."""

    def __init__(
        self, store: Store, queue: Queue, now: Callable[[], float], socket_age: Callable[[], float]
    ) -> None:
        self._store = store
        self._queue = queue
        self._now = now
        self._socket_age = socket_age

    def collect(self) -> Iterable[Metric]:
        """Yields all metrics of docs/operate.md; without the store, those that do not need it."""
        try:
            read = [*self._counters(), *self._store_gauges()]
        except BeagleError:
            # A scrape must say that the database is away; without an answer it would say nothing.
            read = []

        yield GaugeMetricFamily(
            "beagle_store_up", "1 while the database answers, else 0", value=float(bool(read))
        )
        yield from read
        yield from self._gauges()

    def _counters(self) -> Iterable[Metric]:
        totals = self._store.stats.totals()

        requests = CounterMetricFamily("beagle_requests", "Requests by state", labels=["state"])
        for state, count in totals.requests.items():
            requests.add_metric([state], count)

        decisions = CounterMetricFamily(
            "beagle_decisions", "Decisions by verb and route", labels=["verb", "route"]
        )
        for (verb, route), count in totals.decisions.items():
            decisions.add_metric([verb, route], count)

        errors = CounterMetricFamily(
            "beagle_errors", "Outcomes with an error, by kind", labels=["error"]
        )
        for error, count in totals.errors.items():
            errors.add_metric([error], count)

        usd = CounterMetricFamily(
            "beagle_cost_usd", "USD spent on answers, by route", labels=["route"]
        )
        for route, cost in totals.usd.items():
            usd.add_metric([route], cost)

        yield from (requests, decisions, errors, usd)
        yield _latency("beagle_seconds", "Seconds by stage", "stage", totals.seconds)
        yield from _rates_and_durations(totals)
        yield from _tiers(totals)

    def _store_gauges(self) -> Iterable[Metric]:
        count, oldest = self._store.requests.open_count(self._now())
        yield GaugeMetricFamily(
            "beagle_open_requests", "Requests without an answer yet", value=count
        )
        yield GaugeMetricFamily(
            "beagle_oldest_open_seconds", "Age of the oldest of them", value=oldest
        )

        drifting = len(self._store.candidates.in_states(DRIFTING))
        yield GaugeMetricFamily(
            "beagle_drifting_versions", "Live versions that drift", value=drifting
        )

    def _gauges(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "beagle_socket_age_seconds",
            "Age of the Slack socket, -1 if down",
            value=self._socket_age(),
        )

        depth = GaugeMetricFamily("beagle_queue_jobs", "Jobs waiting, by queue", labels=["queue"])
        try:
            for name, jobs in self._queue.depth().items():
                depth.add_metric([name], jobs)

            runs = self._queue.runs()
        except BeagleError:
            # `/readyz` reports the missing queue; a scrape still shows the rest.
            return

        yield depth
        yield from _job_metrics(runs)


def _job_metrics(runs: Mapping[str, QueueRuns]) -> Iterable[Metric]:
    """Yields how many jobs of each queue were run, how many of them failed, and how long each took.

    The counters are the queue's own: they begin again where it loses its memory.
    """
    done = CounterMetricFamily(
        "beagle_jobs_done", "Jobs that were run, by queue and result", labels=["queue", "result"]
    )
    seconds = HistogramMetricFamily(
        "beagle_job_seconds", "Seconds of jobs, by queue", labels=["queue"]
    )
    for queue, counted in runs.items():
        done.add_metric([queue, "ok"], counted.ok)
        done.add_metric([queue, "failed"], counted.failed)
        buckets = [
            (str(bound), float(count))
            for bound, count in zip(RUN_SECONDS, counted.buckets, strict=True)
        ]
        whole = ("+Inf", float(counted.ok + counted.failed))
        seconds.add_metric([queue], [*buckets, whole], counted.seconds)

    yield from (done, seconds)


def _tiers(totals: Totals) -> Iterable[Metric]:
    """Yields what the tiers of routes answered and cost, the answers that nobody saw included."""
    answers = CounterMetricFamily(
        "beagle_tier_answers",
        "Answers by route, tier, and whether they stood, were escalated, or unseen",
        labels=["route", "tier", "result"],
    )
    for key, count in list(totals.tier_answers.items())[:MAX_TIERS]:
        answers.add_metric(list(key), count)

    usd = CounterMetricFamily(
        "beagle_tier_cost_usd", "USD spent on answers, by route and tier", labels=["route", "tier"]
    )
    for tier, cost in list(totals.tier_usd.items())[:MAX_TIERS]:
        usd.add_metric(list(tier), cost)

    yield from (answers, usd)


def _rates_and_durations(totals: Totals) -> Iterable[Metric]:
    """Yields answers, errors and durations of each route and of each model."""
    for label, answers, seconds in (
        ("route", totals.answers, totals.route_seconds),
        ("model", totals.model_answers, totals.model_seconds),
    ):
        names = _bounded(seconds)
        counts: Counter[tuple[str, str]] = Counter()
        for (name, result), count in answers.items():
            counts[names.get(name, OTHER), result] += count

        family = CounterMetricFamily(
            f"beagle_{label}_answers", f"Answers by {label} and result", labels=[label, "result"]
        )
        for (name, result), count in counts.items():
            family.add_metric([name, result], count)

        yield family
        shown = {name: histogram for name, histogram in seconds.items() if name in names}
        yield _latency(f"beagle_{label}_seconds", f"Seconds of answers by {label}", label, shown)


def _bounded(seconds: Mapping[str, LatencyHistogram]) -> dict[str, str]:
    """Returns the labels that are shown by their own name: those that answered most."""
    ordered = sorted(seconds, key=lambda name: (-seconds[name].count, name))
    return {name: name for name in ordered[:MAX_LABELS]}


def _latency(
    name: str, text: str, label: str, seconds: Mapping[str, LatencyHistogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=[label])
    for value, histogram in seconds.items():
        family.add_metric([value], _buckets(histogram), histogram.total)

    return family


def _buckets(histogram: LatencyHistogram) -> list[tuple[str, float]]:
    """Returns the cumulative buckets by upper bound, which Prometheus wants to end with +Inf."""
    buckets = [
        (str(bound), float(count)) for bound, count in zip(SECONDS, histogram.buckets, strict=True)
    ]
    return [*buckets, ("+Inf", float(histogram.count))]


def _to_json(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _send(
    start_response: StartResponse, status: str, body: bytes, kind: str = "application/json"
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
