import subprocess
import sys

from router.config import child_environment

ASK = (
    "import sys, bot.cli.__main__ as cli; assert 'numpy' not in sys.modules; "
    "cli.use_one_blas_thread(); import os; print(os.environ[%r])"
)


def test_a_process_computes_with_one_thread_and_numpy_loads_after_that_was_said():
    free = {
        name: value for name, value in child_environment().items() if name != "OPENBLAS_NUM_THREADS"
    }

    done = subprocess.run(
        [sys.executable, "-c", ASK % "OPENBLAS_NUM_THREADS"],
        env=free,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "1"


def test_an_operator_may_say_otherwise():
    done = subprocess.run(
        [sys.executable, "-c", ASK % "OMP_NUM_THREADS"],
        env=child_environment(OMP_NUM_THREADS="3"),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "3"
