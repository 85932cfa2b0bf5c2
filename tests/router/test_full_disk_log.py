"""A log on a full disk loses lines; the work that it tells of goes on."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from router.log import get_log, set_up_logs
set_up_logs("{style}")
for number in range(2000):
    get_log(part="test").warning("told", number=number)
print("went on")
"""


@pytest.mark.parametrize("style", ["json", "pretty"])
def test_work_goes_on_where_no_line_can_be_written(style):
    # The kernel answers each write to this file as a full disk does.
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(style=style)],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )

    assert result.stdout == "went on\n"
