"""Latency and memory of a saved router, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from router.classifier.persistence import load_classifier, save_classifier
from router.config import child_environment
from router.decide import Router
from router.encoder.factory import open_encoder
from router.errors import InputError
from router.text.printable import print_line
from router.text.spelling import Speller
from router.training_config import TrainingConfig

MESSAGES = 400
WARM = 20


def measure_speed(
    router: Router, texts: Sequence[str], encoder: str, cache_folder: Path
) -> dict[str, Any]:
    """Returns latency, CPU time and memory of a child process that loads and uses the router."""
    assert router.model is not None
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        save_classifier(folder, router.version, router.model, router.examples)
        messages = list(dict.fromkeys(texts))[:MESSAGES]
        workload = {
            "version": router.version,
            "routes": list(router.routes),
            "route_words": dict(router.speller.route_words),
            "texts": messages,
        }
        (folder / "workload.json").write_text(json.dumps(workload), "utf-8")
        command = [
            sys.executable,
            "-m",
            "evals.routing.router_speed",
            path,
            encoder,
            str(cache_folder),
        ]
        completed = subprocess.run(  # noqa: S603  # our own module
            command,
            capture_output=True,
            text=True,
            env=child_environment(OMP_NUM_THREADS="1"),
            check=False,
        )

    if completed.returncode:
        raise InputError(f"timing the router failed: {completed.stderr.strip()[-300:]}")

    loaded: dict[str, Any] = json.loads(completed.stdout)
    return loaded


def _measure(folder: Path, name: str, cache_folder: Path) -> dict[str, Any]:
    opened_at = time.perf_counter()
    workload = json.loads((folder / "workload.json").read_text("utf-8"))
    encoder = open_encoder(name, cache_folder)
    loaded = load_classifier(folder, workload["version"])
    assert loaded is not None
    router = Router(
        workload["version"],
        TrainingConfig(dict.fromkeys(workload["routes"], "")),
        loaded[1],
        loaded[0],
        encoder,
        Speller(workload["route_words"]),
    )
    router.decide("a first message, so that everything is loaded")
    ready = time.perf_counter() - opened_at

    for text in workload["texts"][:WARM]:
        router.decide(text)

    texts = workload["texts"][WARM:] or workload["texts"]
    cpu, start = time.process_time(), time.perf_counter()
    latencies = [router.decide(text)[0].seconds * 1000 for text in texts]
    total, cpu = time.perf_counter() - start, time.process_time() - cpu

    return {
        "p50_ms": float(np.quantile(latencies, 0.5)),
        "p95_ms": float(np.quantile(latencies, 0.95)),
        "p99_ms": float(np.quantile(latencies, 0.99)),
        "cpu_ms": cpu * 1000 / len(texts),
        "messages_per_second": len(texts) / total,
        "rss_mb": _peak_mb(),
        "ready_seconds": ready,
        "torch": "torch" in sys.modules,
    }


def _peak_mb() -> float:
    """Returns this process's peak resident memory in MB (Linux).

    `ru_maxrss` would count the parent from before the exec.
    """
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    print_line(json.dumps(_measure(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))
