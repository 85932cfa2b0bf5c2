"""An engine is left to the process that opened it, and is gone when nobody uses it any more."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

from router.store.base.engine import open_engine

IN_A_FORKED_CHILD = """
import os, sys
from router.store.base.engine import open_engine, reading

engine = open_engine(f"sqlite:///{sys.argv[1]}")
with reading(engine):
    pass

assert engine.pool.checkedin() == 1
child = os.fork()
if child == 0:
    os._exit(engine.pool.checkedin())

print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), engine.pool.checkedin())
"""


def test_a_forked_child_has_none_of_the_parents_connections(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FORKED_CHILD, str(tmp_path / "beagle.db")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["0", "1"], "connections of the child, and of the parent"


def test_an_engine_that_nobody_uses_is_freed(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'beagle.db'}")
    alive = weakref.ref(engine)

    engine.dispose()
    del engine
    gc.collect()

    assert alive() is None
