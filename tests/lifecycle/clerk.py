"""A model that really goes by its instructions, and one that really rewrites them: for tests of what is optimised."""

from __future__ import annotations

import json
import re
import sys
import threading
from pathlib import Path

from router.catalog.catalog import read_route
from router.config import Settings
from router.store import open_store
from router.store.versions.versions import StoredVersion
from router.types import Tokens
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.optimise.search import optimise_prompt
from workers.ports import ModelReply
from workers.runtime.leases import Leases

BOXES = {
    "red": "right",
    "blue": "left",
    "green": "top",
    "black": "right",
    "white": "left",
    "grey": "top",
}
THINGS = (
    "crate",
    "lamp",
    "chair",
    "ladder",
    "bucket",
    "carpet",
    "mirror",
    "kettle",
    "drill",
    "tray",
)
ROUTE = """---
name: boxes
description: Say which box.
utterances: [which box]
output: {type: object, properties: {box: {enum: [left, right, top]}}}
---
Say which box it is.
"""
USD = 0.001


def rows():
    """Sixty messages, each colour and each split as often as the other; only the colour says what is right."""
    splits = ("train", "dev", "test", "test", "test")
    for number, thing in enumerate(THINGS):
        for colour, box in BOXES.items():
            yield {
                "text": f"put the {colour} {thing} away",
                "answer": {"box": box},
                "split": splits[number % 5],
            }


def write_route(folder: Path) -> Path:
    place = folder / "routes" / "boxes"
    place.mkdir(parents=True, exist_ok=True)
    (place / "route.md").write_text(ROUTE, "utf-8")
    (place / "examples.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows()), "utf-8"
    )

    return place


class Clerk:
    """Says `left` unless its instructions have a rule like `red goes to top`, or an example speaks of that colour.

    The model `reflector` gets what went wrong and writes down the rules it sees in that; `junk`
    writes JSON instead.
    """

    def __init__(self, copies=True, pause=0.0, usd=USD) -> None:
        self.copies, self.pause, self.usd, self.calls = copies, pause, usd, []

    def complete(self, call, on_text=None):
        self.calls.append(call)
        threading.Event().wait(self.pause)
        name = call.models[0] if call.models else "clerk"
        text = {"reflector": rewritten, "junk": junk}.get(name, self.sorted)(call)

        return ModelReply(text, name, Tokens(query=9, output=3), self.usd, 0.01)

    def sorted(self, call):
        *before, last = [turn["content"] for turn in call.messages]
        rules = dict(re.findall(r"(\w+) goes to (\w+)", before[0])) if before else {}

        if self.copies:
            shown = zip(before[1::2], before[2::2], strict=True)
            rules |= {
                colour: json.loads(said)["box"]
                for asked, said in shown
                for colour in BOXES
                if colour in asked
            }

        return json.dumps(
            {"box": next((box for word, box in rules.items() if word in last), "left")}
        )


def rewritten(call):
    asked = call.messages[-1]["content"]
    old = asked.split("```")[1].strip()
    wrong = re.findall(
        r"Message:\n.*?the (\w+) .*?What was wrong:\n(.*?)(?:\n\n|\Z)", asked, re.DOTALL
    )
    rules = [
        f"- {colour} goes to {told[1]}"
        for colour, said in wrong
        if (told := re.search(r"expected '(\w+)'", said))
    ]

    return (
        "```\n"
        + "\n".join([old, *dict.fromkeys(rule for rule in rules if rule not in old)])
        + "\n```"
    )


def junk(call):
    return json.dumps(
        {"instruction": "I am a helpful assistant", "n": len(call.messages[-1]["content"])}
    )


class Clock:
    """Time that moves only when a test says so."""

    time = 1_800_000_000.0

    def __call__(self):
        return self.time


def make_context(folder: Path, model, /, **settings):
    store = open_store(f"sqlite:///{folder / 'beagle.db'}")
    found = Settings(_env_file=None, data=folder / "data", routes=folder / "routes", **settings)
    clock = Clock()
    leases = Leases(store.requests, "me", clock, 20.0)

    return Context(
        found, store, MemoryQueue({}), model, MemoryReplies(), leases, clock, lambda: 0.0
    )


def make_route(context, folder: Path):
    """The route as its file has it, live."""
    route = read_route(write_route(folder))
    body = route.version.model_dump(mode="json")
    context.store.versions.insert(StoredVersion("boxes", route.version.id, "prompt", "shadow", body, 1.0))
    context.store.versions.go_live("boxes", route.version.id)

    return route


if __name__ == "__main__":
    place = Path(sys.argv[1])
    here = make_context(place, Clerk(copies=False, pause=0.02), reflection_model="reflector")
    there = make_route(here, place)
    optimise_prompt(here, there, there.version, "T1")
