"""What processes take, sampled from /proc (Linux), and how much of it grew."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bot.demo.stack import LocalStack

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
SETTLED_SHARE = 1 / 3
"""The share of a run after which nothing may grow: until then caches fill."""
WINDOW_SHARE = 1 / 10
"""The share of the samples whose median is compared, so that one moment does not decide."""


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """What one process takes at a moment: memory in MiB, threads, open files, CPU since its start.

    `resident_mb` is the memory that is in RAM, shared files included.
    """

    resident_mb: float
    threads: int
    handles: int
    cpu_seconds: float


def read_usage(pid: int) -> ProcessUsage | None:
    """Returns what a process takes now; None where it has ended."""
    folder = Path(f"/proc/{pid}")
    try:
        pages = int((folder / "statm").read_text("ascii").split()[1])
        # The name may hold blanks and brackets; the numbers follow its last bracket.
        numbers = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
        handles = len(list((folder / "fd").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return None

    ticks = int(numbers[11]) + int(numbers[12])
    return ProcessUsage(
        resident_mb=pages * PAGE_BYTES / MIB,
        threads=int(numbers[17]),
        handles=handles,
        cpu_seconds=ticks / TICKS_PER_SECOND,
    )


def process_ids(stack: LocalStack) -> dict[str, int]:
    """Returns the process id of each of Beagle's processes, by name."""
    pids = {name: child.pid for name, child in stack.children.items()}
    if stack.broker.pid is not None:
        pids["broker"] = stack.broker.pid

    return pids


class UsageLog:
    """Samples of several processes by name, oldest first."""

    def __init__(self) -> None:
        self._samples: dict[str, list[ProcessUsage]] = {}

    def sample(self, pids: Mapping[str, int]) -> None:
        """Adds a sample of each process that runs."""
        for name, pid in pids.items():
            usage = read_usage(pid)
            if usage is not None:
                self._samples.setdefault(name, []).append(usage)

    def cpu_seconds(self) -> float:
        """Returns the CPU of all processes between their first and their last sample."""
        return sum(
            samples[-1].cpu_seconds - samples[0].cpu_seconds for samples in self._samples.values()
        )

    def growth(self) -> float:
        """Returns the largest share by which the memory of a process grew once it had settled."""
        shares = []
        for samples in self._samples.values():
            shares.append(growth([usage.resident_mb for usage in samples]))

        return max(shares, default=0.0)

    def figures(self) -> dict[str, dict[str, float]]:
        """Returns each process's memory, threads and files once settled and at the end, and CPU."""
        figures = {}
        for name, samples in self._samples.items():
            middle = samples[int(len(samples) * SETTLED_SHARE)]
            last = samples[-1]
            memory = [usage.resident_mb for usage in samples]
            figures[name] = {
                "settled_mb": round(settled(memory), 1),
                "end_mb": round(final(memory), 1),
                "peak_mb": round(max(memory), 1),
                "growth": round(growth(memory), 4),
                "threads_settled": middle.threads,
                "threads": last.threads,
                "handles_settled": middle.handles,
                "handles": last.handles,
                "cpu_seconds": round(last.cpu_seconds - samples[0].cpu_seconds, 1),
            }

        return figures


def growth(values: Sequence[float]) -> float:
    """Returns the share by which the end of a run is above its state after the first third.

    Both are medians over a tenth of the samples; negative where it has shrunk.
    """
    before = settled(values)
    return final(values) / before - 1.0 if before else 0.0


def settled(values: Sequence[float]) -> float:
    """Returns the median of the tenth of the samples that follows the first third."""
    start = int(len(values) * SETTLED_SHARE)
    return median(values[start : start + _window(values)] or [0.0])


def final(values: Sequence[float]) -> float:
    """Returns the median of the last tenth of the samples."""
    return median(values[-_window(values) :] or [0.0])


def _window(values: Sequence[float]) -> int:
    return max(1, int(len(values) * WINDOW_SHARE))
