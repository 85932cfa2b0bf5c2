"""The process that reads untrusted documents, one after the other, within limits.

It gets a document on its standard input and writes its text, as JSON, on its standard output. What
a document does to it, from endless loops to crashes of native code, is over when the process is.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from dataclasses import asdict
from typing import IO, Any

MAX_MEMORY_BYTES = 512 * 2**20
"""Address space of the process, Python and the libraries included."""
MAX_CPU_SECONDS = 9.0
"""For one document."""
MAX_OUTPUT_CHARS = 20_000_000
OUT_OF_MEMORY = 3
"""Exit status after a document filled the memory: what is left of it is not worth keeping."""


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

    while header := sys.stdin.buffer.readline():
        request = json.loads(header)
        data = sys.stdin.buffer.read(request["size"])
        is_full = False
        # Counts the time of this process only, so a busy machine does not cut a document short.
        signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
        try:
            answer = _answer(readers[request["suffix"]], data, request)
        except MemoryError:
            is_full = True
            del data
            answer = {
                "error": f"it takes over {MAX_MEMORY_BYTES // 2**20} MB of memory to read; split it"
            }
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

        _write(output, answer)
        if is_full:
            sys.exit(OUT_OF_MEMORY)


def set_limits() -> None:
    """Limits what the process may use; the CPU time is limited for each document."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    # It reads what it is given: no file is written, nor a dump of its memory.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


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


def _write(output: IO[bytes], answer: dict[str, Any]) -> None:
    output.write(json.dumps(answer).encode("ascii") + b"\n")
    output.flush()


if __name__ == "__main__":
    main()
