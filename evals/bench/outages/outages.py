"""Takes parts of the installation away during a run and counts what that costs people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import groupby
from typing import Annotated

import typer

from evals.bench.outages import demands, machine, servers, vendors
from evals.bench.outages.measuring import measure
from evals.bench.outages.scene import Outage, Scene
from evals.figures import print_figures
from router.errors import InputError
from router.log import set_up_logs

COUNTED = ("lost", "doubled", "stuck")


def main(
    seconds: Annotated[float, typer.Option(help="How long each outage lasts.")] = 60.0,
    requests: Annotated[int, typer.Option(help="Messages that are posted meanwhile.")] = 40,
    waiting: Annotated[int, typer.Option(help="Messages that wait in `many_waiting`.")] = 10_000,
    only: Annotated[str, typer.Option(help="Names of outages, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost, doubled and stuck requests while parts of the installation are away.

    Also the seconds until each person saw a first sign, and what metrics and `doctor` said.
    """
    names = [name for name in only.split(",") if name] or list(OUTAGES)
    unknown = sorted(set(names) - set(OUTAGES))
    if unknown:
        raise InputError(
            f"reading --only: unknown outages {', '.join(unknown)}; known: {', '.join(OUTAGES)}"
        )

    set_up_logs("auto", "error")
    figures: dict[str, object] = dict.fromkeys(COUNTED, 0)
    for open_scene, group in groupby(names, lambda name: OUTAGES[name].open):
        for name, counts in _measure(open_scene, list(group), seconds, requests, waiting):
            for key in COUNTED:
                figures[key] = int(str(figures[key])) + int(str(counts[key]))

            figures |= {f"{name}_{key}": value for key, value in counts.items()}

    print_figures(figures, as_json=as_json, width=36)
    if any(figures[key] for key in COUNTED):
        raise typer.Exit(1)


def _measure(
    open_scene: Callable[[float], AbstractContextManager[Scene]],
    names: list[str],
    seconds: float,
    requests: int,
    waiting: int,
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yields the counts of each outage, one after the other on one and the same product."""
    with open_scene(seconds) as scene:
        for name in names:
            yield name, measure(replace(scene, waiting=waiting), OUTAGES[name], requests)


OUTAGES: Mapping[str, Outage] = {
    "database_away": Outage(servers.on_postgresql, servers.database_away),
    "database_restarted": Outage(servers.on_postgresql, servers.database_restarted),
    "database_read_only": Outage(servers.on_postgresql, servers.database_read_only),
    "worker_frozen": Outage(servers.on_postgresql, servers.worker_frozen),
    "broker_flushed": Outage(servers.on_postgresql, servers.broker_flushed),
    "broker_killed": Outage(servers.on_postgresql, servers.broker_killed),
    "broker_full": Outage(servers.on_postgresql, servers.broker_full),
    "broker_slow": Outage(servers.on_slow_broker, servers.broker_slow),
    "model_bad": Outage(servers.product, vendors.model_bad),
    "slack_away": Outage(servers.product, vendors.slack_away, silences=True),
    "files_exhausted": Outage(servers.product, machine.files_exhausted, silences=True),
    "poison_message": Outage(servers.product, demands.poison_message),
    "many_waiting": Outage(servers.product, Scene.pause, prepare=demands.many_waiting),
    "disk_full": Outage(machine.on_small_disk, machine.disk_full),
    "clock_jumps": Outage(machine.on_jumping_clock, machine.clock_ahead_and_back),
}
