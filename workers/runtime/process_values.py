"""What a process takes from the machine: the time, chance and new ids."""

from __future__ import annotations

import random
import time
import uuid


def now() -> float:
    """Returns the time in unix seconds."""
    return time.time()


def random_share() -> float:
    """Returns an unpredictable share in 0-1."""
    return random.SystemRandom().random()


def new_id() -> str:
    """Returns a new id; ids sort roughly by time."""
    return f"{int(now() * 1000):011x}{uuid.uuid4().hex[:13]}"
