"""What the processes that parse documents took, read from /proc (Linux)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ParserUsage:
    """Processor time in all, and the largest peak of memory in RAM, of one or more processes."""

    cpu_seconds: float = 0.0
    peak_kb: int = 0

    def plus(self, other: ParserUsage) -> ParserUsage:
        """Returns the usage of both together, of which one followed the other."""
        return ParserUsage(self.cpu_seconds + other.cpu_seconds, max(self.peak_kb, other.peak_kb))


def later_usage(pid: int, before: ParserUsage) -> ParserUsage:
    """Returns what a process took since its start; what was known before where it is gone.

    A process that has just ended, and that nobody has waited for yet, still tells its time, but no
    longer its memory: that is the peak which was known before.
    """
    # Not from getrusage: the peak there is of any child that ever ended, and each child's begins
    # with the memory of the process that started it.
    folder = Path(f"/proc/{pid}")
    try:
        # After the name, which may hold blanks, the 12th and 13th fields are ticks of time.
        fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        lines = (folder / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return before

    peak = before.peak_kb
    for line in lines:
        if line.startswith("VmHWM:"):
            peak = max(peak, int(line.split()[1]))

    ticks = int(fields[11]) + int(fields[12])
    return ParserUsage(ticks / os.sysconf("SC_CLK_TCK"), peak)
