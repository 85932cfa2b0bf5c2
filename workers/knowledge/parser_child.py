"""The process that reads untrusted documents, one after the other, within limits.

It says that it is ready, gets a document on its standard input and writes its text, as JSON, on its
standard output. What a document does to it, from endless loops to crashes of native code, is over
when the process is.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

MAX_MEMORY_BYTES = 512 * 2**20
"""Address space of the process, Python and the libraries included."""
MAX_CPU_SECONDS = 9.0
"""For one document."""
MAX_OUTPUT_CHARS = 20_000_000
FULL_STATUS = 3
"""The exit status after a document that did not fit into the memory."""
READY = b"ready"
"""The line that it writes before each document, once all of the one before it is freed."""


def main() -> None:
    """Reads documents until the input ends."""
    # The spreadsheet reader would load it, for numbers that no document has.
    sys.modules["numpy"] = None  # type: ignore[assignment]  # the import then fails, as documented
    from workers.knowledge.formats import formats

    readers = formats()
    set_limits()
    output = sys.stdout.buffer
    # A library that prints must not write into the answers.
    sys.stdout = sys.stderr

    try:
        _write(output, READY)
        while header := sys.stdin.buffer.readline():
            _read_document(readers, json.loads(header), output)
            _write(output, READY)
    except MemoryError:
        # At once: a full memory may have no room for a sentence, nor for an orderly end.
        os._exit(FULL_STATUS)


def set_limits() -> None:
    """Limits what the process may use; the CPU time is limited for each document."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    # It reads what it is given: no file is written, nor a dump of its memory.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def _read_document(readers: Mapping[str, Any], request: dict[str, Any], output: IO[bytes]) -> None:
    """Answers with the document that follows on the input."""
    # Counts the time of this process only, so a busy machine does not cut a document short.
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
    try:
        data = sys.stdin.buffer.read(request["size"])
        line = _line(_answer(readers[request["suffix"]], data, request))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)

    _write(output, line)


def _answer(reader: Any, data: bytes, request: dict[str, Any]) -> dict[str, Any]:
    from workers.knowledge.formats import SourceError

    try:
        parsed = reader.read(data, request["name"], request["charset"])
    except SourceError as error:
        return {"error": str(error)}
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a library raises, only this file is lost
        return {"error": f"reading {request['name']!r}: {type(error).__name__}; it is damaged"}

    if sum(len(section.text) for section in parsed.sections) > MAX_OUTPUT_CHARS:
        return {"error": f"it unpacks to over {MAX_OUTPUT_CHARS} letters; this is no document"}

    return {"parsed": asdict(parsed)}


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode("ascii")


def _write(output: IO[bytes], line: bytes) -> None:
    output.write(line)
    output.write(b"\n")
    output.flush()


if __name__ == "__main__":
    main()
