"""Parses documents in a child process with limits, because what is in them is anybody's."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from workers.knowledge.formats import Parsed, Section, SourceError
from workers.knowledge.parser_child import FULL_STATUS, MAX_MEMORY_BYTES, READY
from workers.knowledge.parser_usage import ParserUsage, later_usage

MAX_WALL_SECONDS = 60.0
"""For one document on a busy machine; the child itself limits its computing to much less."""
READ_BYTES = 1 << 16
MAX_ANSWER_BYTES = 160 * 2**20
"""More than the child may write: twenty million letters, each as `\\uXXXX`, and their headings."""
CHILD = "workers.knowledge.parser_child"


class DocumentReader(Protocol):
    """Turns a file's bytes into a page."""

    def read(self, data: bytes, name: str, suffix: str, charset: str = "") -> Parsed:
        """Returns the page in that suffix's format. Raises SourceError if it cannot be read."""
        ...


class ParserProcess:
    """Reads documents in one child process, which is started when it is first needed.

    A document that makes the child hang, crash or fill its memory is refused with the reason; the
    next one gets a new child. The child says when it is ready for a document, so that one that ends
    after its answer, however late, is not taken for damage in the next document. For one thread at
    a time. Use it in a `with` statement.
    """

    def __init__(self, wall_seconds: float = MAX_WALL_SECONDS) -> None:
        self._wall_seconds = wall_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._ended = ParserUsage()
        self._current = ParserUsage()

    def __enter__(self) -> ParserProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, data: bytes, name: str, suffix: str, charset: str = "") -> Parsed:
        """See `DocumentReader.read`."""
        request = {"name": name, "suffix": suffix, "charset": charset, "size": len(data)}

        try:
            answer = self._ask(request, data)
        except BaseException:
            # Whatever it still writes must not be taken for the next document's text.
            self.close()
            raise

        if "error" in answer:
            raise SourceError(answer["error"])

        return _parsed(answer["parsed"])

    def usage(self) -> ParserUsage:
        """Returns what the children took up to the last answer (Linux only).

        The memory of a child that was ended while it read a document, other than for taking too
        long, is what it was before that document.
        """
        return self._ended.plus(self._current)

    def close(self) -> None:
        """Ends the child, if one runs."""
        process = self._process
        self._process = None
        self._buffer = b""
        if process is None:
            return

        self._ended = self.usage()
        self._current = ParserUsage()
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # It may hold bytes for a child that is gone.
                with suppress(OSError):
                    pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            root = Path(__file__).resolve().parents[2]
            # No variables of ours: they hold tokens and keys.
            self._process = subprocess.Popen(  # noqa: S603  # ourselves, with arguments we made
                [sys.executable, "-m", CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": str(root), "LC_ALL": "C.UTF-8"},
                cwd=root,
                bufsize=0,
            )

        return self._process

    def _ask(self, request: dict[str, Any], data: bytes) -> dict[str, Any]:
        deadline = time.monotonic() + self._wall_seconds
        process = self._ready(request["name"], deadline)
        assert process.stdin is not None
        # A child that died before it read all of it says why by its exit status.
        with suppress(BrokenPipeError):
            _write_all(
                process.stdin.fileno(), json.dumps(request).encode() + b"\n" + data, deadline
            )

        line = self._line(process, deadline)
        # Before anybody waits for a child that has ended: after that nothing is known of it.
        self._current = later_usage(process.pid, self._current)
        if line is None:
            raise SourceError(_reason(process, request["name"]))

        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ready(self, name: str, deadline: float) -> subprocess.Popen[bytes]:
        """Returns a child that waits for a document, in place of one that ended after its last."""
        is_used = self._process is not None
        process = self._running()
        line = self._line(process, deadline)
        if line is None and is_used:
            self.close()
            process = self._running()
            line = self._line(process, deadline)
        if line != READY:
            raise SourceError(_reason(process, name))

        return process

    def _line(self, process: subprocess.Popen[bytes], deadline: float) -> bytes | None:
        """Returns the child's next line; None when it ended, took too long, or wrote too much."""
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        pieces = [self._buffer]
        size = len(self._buffer)

        while b"\n" not in pieces[-1]:
            seconds = deadline - time.monotonic()
            if size > MAX_ANSWER_BYTES or seconds <= 0:
                return None
            if not select.select([descriptor], [], [], seconds)[0]:
                return None

            piece = os.read(descriptor, READ_BYTES)
            if not piece:
                return None

            pieces.append(piece)
            size += len(piece)

        line, _, self._buffer = b"".join(pieces).partition(b"\n")
        return line


def _write_all(descriptor: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        seconds = max(0.0, deadline - time.monotonic())
        if not select.select([], [descriptor], [], seconds)[1]:
            return

        view = view[os.write(descriptor, view[:READ_BYTES]) :]


def _reason(process: subprocess.Popen[bytes], name: str) -> str:
    """Returns why there is no answer, from how the child ended."""
    try:
        status = process.wait(1.0)
    except subprocess.TimeoutExpired:
        return f"reading {name!r}: it takes too long to read; save it again, or split it"

    if status == -signal.SIGPROF:
        return f"reading {name!r}: it takes too long to read; save it again, or split it"

    if status == FULL_STATUS:
        limit = MAX_MEMORY_BYTES // 2**20
        return f"reading {name!r}: it takes over {limit} MB of memory to read; split it"

    return f"reading {name!r}: the reader stopped at it ({status}); it is damaged, save it again"


def _parsed(fields: dict[str, Any]) -> Parsed:
    sections = [Section(**section) for section in fields["sections"]]
    left_out = tuple((part, why) for part, why in fields["left_out"])
    return Parsed(fields["title"], sections, fields["updated_at"], left_out)
