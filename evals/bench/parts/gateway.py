"""Measures the gateway's overhead over a bare HTTP call, and many slow calls at once."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Annotated, Any

import numpy as np
import typer

from router.config import read_settings
from router.text.printable import print_line
from workers.llm.fake_server import fake_model_server
from workers.llm.litellm_client import open_model
from workers.ports import ModelCall

ASK = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."})


def main(
    calls: Annotated[int, typer.Option(help="Calls of each kind, in turn.")] = 200,
    slow: Annotated[int, typer.Option(help="Slow calls at once; 0 leaves that part out.")] = 32,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Compare the CPU time of the gateway with that of a bare HTTP call to one server."""
    with _server(0.0) as url:
        report = _overhead(url, calls)

    if slow:
        with _server(5.0) as url:
            report |= _slow_calls(url, slow)

    report["rss_mb"] = _rss_mb()
    print_line(json.dumps(report) if as_json else _as_text(report))


def _overhead(url: str, calls: int) -> dict[str, Any]:
    import httpx

    body = {"model": "m", "messages": list(ASK), "max_tokens": 20, "temperature": 0}
    client = httpx.Client()
    model = open_model(
        read_settings(model="openai/stand-in", model_url=url, model_key="none"),
        None,
        time.time,
        _fixed_random,
    )

    methods: dict[str, Callable[[], Any]] = {
        "bare": lambda: client.post(f"{url}/chat/completions", json=body).json(),
        "gateway": lambda: model.complete(ModelCall(ASK, output_tokens=20)),
        "streamed": lambda: model.complete(ModelCall(ASK, output_tokens=20), lambda _: None),
    }

    cpu: dict[str, list[float]] = {name: [] for name in methods}
    wall: dict[str, list[float]] = {name: [] for name in methods}

    for number in range(calls + 5):
        for name, ask in methods.items():
            cpu_start, start = time.process_time(), time.perf_counter()
            ask()

            if number >= 5:  # the first calls fill caches
                cpu[name].append(1000 * (time.process_time() - cpu_start))
                wall[name].append(1000 * (time.perf_counter() - start))

    medians = {f"{name}_cpu_ms": float(np.median(values)) for name, values in cpu.items()}
    medians |= {f"{name}_wall_ms": float(np.median(values)) for name, values in wall.items()}
    return {
        "calls": calls,
        **medians,
        "overhead_cpu_ms": medians["gateway_cpu_ms"] - medians["bare_cpu_ms"],
    }


def _slow_calls(url: str, count: int) -> dict[str, Any]:
    settings = read_settings(model="openai/stand-in", model_url=url, model_key="none")
    model = open_model(settings, None, time.time, _fixed_random)
    start = time.perf_counter()

    with ThreadPoolExecutor(count) as threads:
        list(threads.map(lambda _: model.complete(ModelCall(ASK)), range(count)))

    return {"slow_calls": count, "slow_seconds": time.perf_counter() - start}


@contextmanager
def _server(seconds: float) -> Iterator[str]:
    """A stand-in model server in a process of its own, so that its processor time is not ours."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_serve, args=(theirs, seconds), daemon=True)
    child.start()

    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        child.join()


def _serve(pipe: Any, seconds: float) -> None:
    with fake_model_server(seconds=seconds) as server:
        pipe.send(server.url)
        pipe.recv()


def _fixed_random() -> float:
    return 0.5


def _rss_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _as_text(report: dict[str, Any]) -> str:
    bare, gateway, streamed = (report[f"{name}_cpu_ms"] for name in ("bare", "gateway", "streamed"))
    lines = [
        f"{report['calls']} calls each, ms CPU: bare {bare:.2f}, "
        f"gateway {gateway:.2f}, streamed {streamed:.2f}",
        f"the gateway adds {report['overhead_cpu_ms']:.2f} ms CPU to a call",
        f"largest memory of this process: {report['rss_mb']:.0f} MB",
    ]

    if "slow_calls" in report:
        lines.insert(
            1, f"{report['slow_calls']} calls of 5 s at once: {report['slow_seconds']:.1f} s"
        )

    return "\n".join(lines)
