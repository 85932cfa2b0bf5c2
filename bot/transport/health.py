"""What a machine may ask: is it alive, is it ready, how much of what happened."""

from __future__ import annotations

import json
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

from router.errors import BeagleError
from router.store import Store
from router.store.usage.totals import SECONDS, totals
from workers.drift.summary import DRIFTING
from workers.ports import Queue

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Check = Callable[[], str | None]
"""None when all is well, else in words what is wrong."""


class Health:
    """A WSGI application: `/healthz`, `/readyz`, `/metrics`; every other path goes to `rest` if there is one."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        registry: CollectorRegistry,
        socket_age: Callable[[], float],
        rest: Mapping[str, WSGIApplication],
    ) -> None:
        self._checks, self._registry, self._socket_age, self._rest = (
            checks,
            registry,
            socket_age,
            rest,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer; 404 with an empty body where there is nothing."""
        path = environ.get("PATH_INFO", "")
        if path in self._rest:
            return self._rest[path](environ, start_response)
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _send(start_response, "404 Not Found", b"")

        if path == "/healthz":
            alive = {"ok": True, "socket_seconds": round(self._socket_age(), 1)}
            return _send(start_response, "200 OK", json.dumps(alive).encode() + b"\n")

        if path == "/readyz":
            problems = self.problems()
            body = json.dumps({"ok": not problems, "problems": problems}).encode() + b"\n"
            return _send(start_response, "503 Service Unavailable" if problems else "200 OK", body)

        if path == "/metrics":
            return _send(
                start_response,
                "200 OK",
                generate_latest(self._registry),
                "text/plain; version=0.0.4",
            )

        return _send(start_response, "404 Not Found", b"")

    def problems(self) -> dict[str, str]:
        """What is not ready, by part, in words."""
        found = {}
        for name, check in self._checks.items():
            problem = check()
            if problem:
                found[name] = problem

        return found


class StoreCollector(Collector):
    """Prometheus metrics read from the store at each scrape, so that every process would tell the same."""

    def __init__(
        self, store: Store, queue: Queue, now: Callable[[], float], socket_age: Callable[[], float]
    ) -> None:
        self._store, self._queue, self._now, self._socket_age = store, queue, now, socket_age

    def collect(self) -> Iterable[Metric]:
        """All metrics of docs/operate.md."""
        found = totals(self._store.engine)
        requests = CounterMetricFamily("beagle_requests", "Requests by state", labels=["state"])

        for state, count in found.requests.items():
            requests.add_metric([state], count)

        decisions = CounterMetricFamily(
            "beagle_decisions", "Decisions by verb and route", labels=["verb", "route"]
        )
        for (verb, route), count in found.decisions.items():
            decisions.add_metric([verb, route], count)

        errors = CounterMetricFamily(
            "beagle_errors", "Outcomes with an error, by kind", labels=["error"]
        )
        for error, count in found.errors.items():
            errors.add_metric([error], count)

        usd = CounterMetricFamily(
            "beagle_cost_usd", "USD spent on answers, by route", labels=["route"]
        )
        for route, cost in found.usd.items():
            usd.add_metric([route], cost)

        latency = HistogramMetricFamily("beagle_seconds", "Seconds by stage", labels=["stage"])
        for stage, histogram in found.seconds.items():
            bounds = [
                (str(bound), float(n)) for bound, n in zip(SECONDS, histogram.buckets, strict=True)
            ]
            latency.add_metric(
                [stage], [*bounds, ("+Inf", float(histogram.count))], histogram.total
            )

        yield from (requests, decisions, errors, usd, latency, *self._gauges())

    def _gauges(self) -> Iterable[Metric]:
        count, oldest = self._store.requests.waiting(self._now())
        yield GaugeMetricFamily(
            "beagle_open_requests", "Requests without an answer yet", value=count
        )
        yield GaugeMetricFamily(
            "beagle_oldest_open_seconds", "Age of the oldest of them", value=oldest
        )
        drifting = len(self._store.candidates.waiting(DRIFTING))
        yield GaugeMetricFamily(
            "beagle_drifting_versions", "Live versions that drift", value=drifting
        )
        yield GaugeMetricFamily(
            "beagle_socket_age_seconds",
            "Age of the Slack socket, -1 if down",
            value=self._socket_age(),
        )

        depth = GaugeMetricFamily("beagle_queue_jobs", "Jobs waiting, by queue", labels=["queue"])
        try:
            for name, jobs in self._queue.depth().items():
                depth.add_metric([name], jobs)
        except BeagleError:
            return  # readyz says that the queue is away; a scrape should still show the rest

        yield depth


def _send(
    start_response: StartResponse, status: str, body: bytes, kind: str = "application/json"
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
