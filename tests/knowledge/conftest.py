"""An index on a store of its own, a folder to ingest, and a context that answers without a model."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from router.catalog.version import PromptStep, RetrieveStep, Version
from router.config import Settings
from router.index import WORKSPACE_ACL, Chunk, Document, Index
from router.types import Viewer
from workers.context import Context, Work
from workers.knowledge.ingest import DocumentOrigin, ingest_folder
from workers.runtime.leases import Leases

CHANGED_AT = 1_790_000_000.0


class Words:
    """An encoder of which one can see what it does: one direction for each of a few words."""

    model_id = "words-1"
    known = ("dog", "cat", "boat", "tide", "rain", "harbour", "pay", "leave")

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts):
        self.asked += texts
        rows = np.array(
            [[1e-3 + text.lower().count(word) for word in self.known] for text in texts],
            dtype=np.float32,
        )

        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class Says:
    """A model that replies what it was told to, and remembers what it was asked."""

    def __init__(self, reply) -> None:
        self.reply = reply
        self.calls = []

    def complete(self, call, on_text=None):
        self.calls.append(call)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@pytest.fixture
def index(store) -> Index:
    return store.documents


@pytest.fixture
def encoder() -> Words:
    return Words()


@pytest.fixture
def everybody() -> Viewer:
    return Viewer("T1", "U1", frozenset({WORKSPACE_ACL}))


@pytest.fixture
def page() -> Callable[..., Document]:
    def make(body: str, key: str = "handbook:page.md", **over: object) -> Document:
        values = {
            "team": "T1",
            "key": key,
            "source": "handbook",
            "title": "Page",
            "url": "http://127.0.0.1/page",
            "acl": WORKSPACE_ACL,
            "updated_at": CHANGED_AT,
            "hash": body,
            "chunks": [Chunk("Page", "", part) for part in body.split("\n\n")],
        }
        return Document(**(values | over))  # type: ignore[arg-type]

    return make


@pytest.fixture
def folder(tmp_path) -> Callable[..., Path]:
    """Writes files below a folder; the folder is returned."""

    def write(**files: str | bytes) -> Path:
        root = tmp_path / "docs"
        root.mkdir(exist_ok=True)

        for name, content in files.items():
            file = root / name.replace("__", "/").replace("_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
            os.utime(file, (CHANGED_AT, CHANGED_AT))

        return root

    return write


@pytest.fixture
def origin() -> DocumentOrigin:
    return DocumentOrigin("T1", "handbook", base_url="http://127.0.0.1:9/handbook")


@pytest.fixture
def answer(store, index, clock, make_request, make_decision):
    """Asks the rag path; `said` is what a model that can write replies, none for the small local one."""
    from workers.fakes import MemoryDirectory, MemoryQueue, MemoryReplies
    from workers.paths import rag

    people = MemoryDirectory()

    def ask(text: str, said=None, history=(), **over):
        model = Says(said or AssertionError("no model was meant to be called"))
        ask.calls = model.calls
        context = Context(
            settings=Settings(_env_file=None, model="openai/some-model" if said else "local"),
            store=store,
            queue=MemoryQueue({}),
            model=model,
            replies=MemoryReplies(),
            leases=Leases(store.requests, "w1", clock, 20.0),
            now=clock,
            random=lambda: 0.5,
            index=index,
            directory=people,
        )

        steps = (RetrieveStep(do="retrieve", top=6), PromptStep())
        version = Version(
            route="handbook", kind="rag", steps=steps, prompt="Answer from the passages."
        )

        return rag.run(
            context, Work(make_request(text, **over), make_decision("handbook"), version, history)
        )

    ask.people = people
    return ask


@pytest.fixture
def ingested(index, folder, origin):
    """Writes files and ingests their folder."""

    def bring(**files: str | bytes):
        return ingest_folder(index, folder(**files), origin)

    return bring
