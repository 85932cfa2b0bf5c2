"""What `make test` leaves out: the list names tests that exist, and comes from a report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.slow_tests import find_slow, is_slow, listed, read_report

ROOT = Path(__file__).parents[2]
REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_b" name="test_one[x]" time="0.1"/>
<testcase classname="tests.a.test_b" name="test_one[y]" time="0.9"/>
<testcase classname="tests.a.test_b" name="test_two" time="0.01"/>
<testcase classname="" name="a collection error" time="0.0"/>
</testsuite></testsuites>"""


@pytest.mark.parametrize("node", sorted(listed()))
def test_a_slow_test_exists(node: str) -> None:
    file, _, function = node.partition("::")
    source = (ROOT / file).read_text("utf-8")

    assert not function or re.search(rf"^(async )?def {function}\(", source, re.MULTILINE)


def test_the_seconds_come_from_a_report_of_pytest(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, "utf-8")

    assert read_report(report) == {
        "tests/a/test_b.py::test_one[x]": 0.1,
        "tests/a/test_b.py::test_one[y]": 0.9,
        "tests/a/test_b.py::test_two": 0.01,
    }


def test_a_function_is_slow_by_its_mean_or_its_sum_and_a_file_by_most_of_its_tests() -> None:
    quick = {f"tests/q.py::test_{n}": 0.01 for n in range(300)}
    seconds = quick | {
        "tests/q.py::test_mean[a]": 0.5,
        "tests/whole.py::test_first": 4.0,
        "tests/whole.py::test_second": 0.01,
    }
    seconds |= {f"tests/q.py::test_sum[{n}]": 0.05 for n in range(100)}
    slow = find_slow(seconds)

    assert slow == ["tests/q.py::test_mean", "tests/q.py::test_sum", "tests/whole.py"]
    assert is_slow("tests/whole.py::test_second", frozenset(slow))
    assert is_slow("tests/q.py::test_sum[7]", frozenset(slow))
    assert not is_slow("tests/q.py::test_7", frozenset(slow))
