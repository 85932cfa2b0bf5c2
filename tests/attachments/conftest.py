"""Fixtures for requests with files: a worker's context, and files in a stand-in of Slack."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import pytest

from router.catalog.version import Version
from router.store.versions.versions import StoredVersion
from router.types import Outcome, Request
from tests.fixtures.delivery import make_context
from workers.fakes import MemoryDirectory
from workers.jobs import answer
from workers.llm.fakes import ScriptedModel
from workers.ports import FileInfo

__all__ = ["make_context"]

CHANNEL, ASKER, OTHER = "C1", "U1", "U2"


def png(colour: int = 0) -> bytes:
    """A real picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes([0, colour]))
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Desk:
    """Asks with files and answers as a worker does; `model` has the calls that were made."""

    def __init__(self, context, directory, model, ask) -> None:
        self.context = context
        self.directory = directory
        self.model = model
        self._ask = ask

    def share(self, name: str, data: bytes | str, media_type: str = "", **over: object) -> str:
        """Puts a file into Slack and returns its id."""
        content = data.encode() if isinstance(data, str) else data
        key = f"F{len(self.directory.file_infos):05d}"
        values = {
            "id": key,
            "name": name,
            "media_type": media_type,
            "size": len(content),
            "user": ASKER,
            "channels": frozenset({CHANNEL}),
            "url": f"https://files.slack.com/files-pri/T1-{key}/x",
        }
        self.directory.file_infos[key] = FileInfo(**(values | over))
        self.directory.file_contents[key] = content
        return key

    def answer(self, text: str, *files: str, **over: object) -> Outcome:
        """Asks with the files and returns the stored outcome."""
        request = self._ask(text, files=" ".join(files), **over)
        return self.answer_again(request)

    def answer_again(self, request: Request) -> Outcome:
        answer.run(self.context, request.id)
        decision = self.context.store.decisions.newest(request.id)
        outcome = self.context.store.decisions.outcome(request.id, decision.revision)
        assert outcome is not None
        return outcome

    @property
    def prompt(self) -> str:
        """All words of the newest call."""
        return "\n".join(message["content"] for message in self.model.calls[-1].messages)


@pytest.fixture
def make_desk(make_context, store, make_request, make_decision, clock) -> Callable[..., Desk]:
    def make(sees: bool = True, over: dict | None = None, **fields: object) -> Desk:
        body = {"route": "triage", "kind": "prompt", "prompt": "Help.", "models": ("gpt-x",)}
        version = Version(**(body | fields))
        stored = version.model_dump(mode="json")
        kind = version.kind
        store.versions.insert(StoredVersion("", "triage", version.id, kind, "live", stored, 1.0))

        def ask(text: str, **values: object) -> Request:
            request = make_request(text, **values)
            store.requests.insert(request, clock())
            decision = make_decision(version=version.id)
            store.decisions.insert_first(request.id, decision, clock())
            return request

        directory, model = MemoryDirectory(), ScriptedModel()
        context = make_context(
            directory=directory, model=model, sees=lambda name: sees, **(over or {})
        )
        return Desk(context, directory, model, ask)

    return make
