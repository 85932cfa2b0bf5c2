"""Prometheus metrics of what a bot has received from Slack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.transport.deliveries.places import Deliveries


class DeliveryCollector(Collector):
    """What this process has received from Slack: each bot has figures of its own."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def collect(self) -> Iterable[Metric]:
        """Yields how many wait now, and how many came so far, by what became of them."""
        yield GaugeMetricFamily(
            "beagle_deliveries_waiting",
            "Events and clicks that this bot has received and not finished",
            value=float(self._deliveries.count),
        )
        results = CounterMetricFamily(
            "beagle_deliveries", "Events and clicks that this bot received", labels=["result"]
        )
        counts: Mapping[str, int] = self._deliveries.counts
        for result in ("taken", "repeated", "refused", "lost"):
            results.add_metric([result], counts.get(result, 0))

        yield results
