"""Sends hostile texts through every step that reads text, and counts those that take long."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from bot.intake.message_text import MAX_CHARACTERS, strip_mention
from bot.replies.stream import escape_markdown, partial_message
from bot.ui import blocks
from bot.ui.button_values import decode_value
from evals.figures import print_figures
from evals.stand_ins import HashingEncoder
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.decide import Router
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.errors import BeagleError, InputError
from router.log import set_up_logs
from router.speech.acts import speech_act
from router.speech.topics import topic_of
from router.text.printable import print_line
from router.text.redact import redact, redact_for_display
from router.text.templates import escape_fences
from router.types import Decision, Outcome, Request, Score
from workers.datasets.screening import screening_reason
from workers.knowledge.chunking import chunk_sections
from workers.knowledge.formats import Section, clean
from workers.knowledge.relevance.asking_part import asking_part
from workers.knowledge.sources.slack_message import plain_text
from workers.mining.llm_naming import clean_definition, clean_label
from workers.mining.rows import Row, canonicalise, mask_rows
from workers.paths._cited_answer import CITATION_MARK, find_quote
from workers.paths._sums import has_unproven_figure, sum_of
from workers.prompting.extract.material import own_material
from workers.prompting.extract.spoken_sentences import spoken_sentences
from workers.prompting.free_text import invents, is_in_language
from workers.prompting.grounding import ground
from workers.prompting.repetition import is_degenerate
from workers.prompting.structured_output import parse_answer
from workers.runtime.heap import freeze_startup_objects
from workers.tools.calculator import evaluate

Step = Callable[[str], object]
LIMIT_SECONDS = 0.1
REQUEST = Request("r1", "T1", "C1", "U1", "1.0", "Ev1", "hello", 0.0)
DECISION = Decision("route", "triage", 0.9, 0.5, 0.9, (Score("triage", 0.9),), "v")
NAMES = frozenset({"Ada Byron", "Zbynek", "Grace Brewster Hopper"})
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
LISTS = {"type": "object", "properties": {"list": {"type": "array", "items": SCHEMA}}}

SIGNS = "aA1.,…-_*`~|#@&<>[](){}'\"/\\:;!?=+%$^"
UNITS = (
    *SIGNS,
    *("\n", "\t", " ", "\r\n", "\x00", "\ud800", "\u2028", "\u00a0", "\u200b", "\u200d"),
    *(
        "\ufdfa",
        "\ufb03",
        "\u1e9b\u0323",
        "\u0301",
        "\u0327\u0301",
        "\u0344",
        "é",
        "中",
        "🙂",
        "👩‍👩‍👧",
    ),
    *("a@b.c", "@d.e", "a.b.", "1.1.", "1 2 3 ", "a-", "x1-", "Aa'", "Anna ", "Anna de ", "A. "),
    *("<http:", "<https://a|", "<@U1|", "<#C1|", "<!here", "http://", "mailto:", "a://", "&lt;"),
    *("&amp;", "&#1;", "```", "``", "**", "> ", "&gt;", "- ", "1. ", "| a |\n", "|-|\n", "# "),
    *("pin:", "token=", "bearer ", "sk-", "xoxb-", "eyJa.", "-----BEGIN ", "PRIVATE KEY-----"),
    *("hi ", "hi, ", "thanks ", ", thanks", "name is Al ", "Dear Al ", "please use ", "what can "),
    *("ignore ", "</message>", "<|im_end|>", "[1]", "[1, ", " [", "![a](", "[a][", "[a]: b\n"),
    *('{"a":', "[[", '"a", ', "{{", "{% ", "((", "9**9", "5% of ", "!route ", "how to ", "dot "),
)
"""Pieces that some step looks for, and characters that become several or none."""


def main(
    texts: Annotated[int, typer.Option(min=1, help="How many texts are made.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Draws the texts.")] = 0,
    encoder: Annotated[
        str, typer.Option(help="`stand-in` hashes words; fast, torch or a name for a real one.")
    ] = "stand-in",
    cache: Annotated[Path, typer.Option(help="Folder of the fast encoder.")] = Path(
        ".beagle/encoder"
    ),
    step: Annotated[str, typer.Option(help="Times this step alone.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Time hostile texts in intake, decision, masking, rendering and mining."""
    set_up_logs("auto", "error")
    chosen = (
        HashingEncoder(trigrams=False) if encoder == "stand-in" else open_encoder(encoder, cache)
    )
    steps = _chosen_steps(text_steps(chosen), step)
    # As bot and workers do: a pause for the collector says nothing about a text.
    freeze_startup_objects()
    figures = measure(texts, seed, steps, report=None if as_json else _progress)
    print_figures(figures, as_json=as_json)

    raise typer.Exit(1 if figures["over_100ms"] else 0)


def _chosen_steps(steps: dict[str, Step], name: str) -> dict[str, Step]:
    """Returns all steps, or the one of that name. Raises InputError for an unknown name."""
    if not name:
        return steps
    if name not in steps:
        raise InputError(f"choosing a step: no {name!r}; known: {', '.join(steps)}")

    return {name: steps[name]}


def measure(
    count: int,
    seed: int,
    steps: Mapping[str, Step],
    report: Callable[[str], None] | None = None,
) -> dict[str, object]:
    """Returns how many of `count` texts took one step longer than LIMIT_SECONDS, and the slowest.

    Times are CPU seconds of this thread, so that other processes do not count.
    """
    over, slowest, about = 0, 0.0, {}
    for number, text in enumerate(hostile_texts(count, seed), 1):
        worst, step = _slowest_step(text, steps)
        if worst > LIMIT_SECONDS:
            # Once more: a pause of the machine, or a first call, says nothing about the text.
            worst, step = min((worst, step), _slowest_step(text, steps))

        over += worst > LIMIT_SECONDS
        if worst > slowest:
            slowest, about = worst, _about(number, text, step)
        if report is not None and (number % 1000 == 0 or worst > LIMIT_SECONDS):
            report(
                f"{number} texts, {over} over {LIMIT_SECONDS:.1f} s; "
                f"this one {worst * 1000:.0f} ms in {step}, the slowest {slowest * 1000:.0f} ms"
            )

    return {
        "texts": count,
        "over_100ms": over,
        "slowest_ms": round(slowest * 1000, 1),
        **about,
    }


def _about(number: int, text: str, step: str) -> dict[str, object]:
    """Says which text it is: its number among those of the seed, from one."""
    return {
        "slowest_step": step,
        "slowest_number": number,
        "slowest_text": ascii(text[:40]),
        "slowest_characters": len(text),
    }


def hostile_texts(count: int, seed: int) -> Iterator[str]:
    """Returns texts of up to MAX_CHARACTERS: runs of pieces, alone or mixed, with a bad end."""
    rng = random.Random(seed)  # noqa: S311  # not for secrets
    for _ in range(count):
        # Short and long ones alike: the logarithm of the length is uniform.
        length = int(10 ** rng.uniform(1, np.log10(MAX_CHARACTERS)))
        pieces = rng.choices(UNITS, k=rng.randint(1, 4))
        run = "".join(pieces)

        kind = rng.random()
        if kind < 0.1:
            text = _made_up_words(rng, length)
        elif kind < 0.3:
            text = "".join(rng.choices(UNITS, k=length // 3))
        elif rng.random() < 0.5:
            text = pieces[0] + pieces[-1] * (length // len(pieces[-1]))
        else:
            text = run * (length // len(run))

        yield (text + rng.choice(("", "\n", "\x00", "x", " !")))[:MAX_CHARACTERS]


def _made_up_words(rng: random.Random, length: int) -> str:
    """Returns different words beside known ones, so that what a step remembers does not help it."""
    words = []
    for _ in range(length // 6):
        word = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 8)))
        words += [rng.choice((word, word.capitalize())), rng.choice(("and", "please", "order"))]

    return rng.choice((" ", ", ", "\n")).join(words)


def text_steps(encoder: Encoder) -> dict[str, Step]:
    """Returns each step that reads people's or models' text, by name."""
    catalog = load_routes(builtin_routes_folder())
    routes = catalog.descriptions()
    router = Router.train(catalog.training_examples(), encoder, routes)

    return {
        "intake": lambda text: strip_mention(text, "UBOT"),
        "click": decode_value,
        "decision": router.decide,
        "masking": lambda text: redact(text, NAMES),
        "masking for display": lambda text: redact_for_display(text, NAMES, usual=frozenset("a")),
        "rendering": _render,
        "streaming": lambda text: (escape_markdown(text), partial_message(["…"], text)),
        "prompt": escape_fences,
        "structured answer": lambda text: parse_answer(text, SCHEMA),
        "quotation": lambda text: find_quote(text, f"{text}x"),
        "citations": lambda text: CITATION_MARK.sub("", text),
        "mining": lambda text: canonicalise(mask_rows([Row(text, "U1", 0.0)], NAMES)),
        "naming": lambda text: (clean_label(text), clean_definition(text)),
        "screening": lambda text: screening_reason(text, text),
        "documents": lambda text: chunk_sections("t", [Section([], "", clean(text))]),
        "history": plain_text,
        "calculator": evaluate,
        "sums": lambda text: (sum_of(text, [text]), has_unproven_figure(text, [text])),
        "speech": lambda text: (speech_act(text), topic_of(text), asking_part(text)),
        "repetition": lambda text: is_degenerate(text, text),
        "inventions": lambda text: (invents(text, text), is_in_language(text, "en")),
        "form": lambda text: ground({"text": text}, SCHEMA, text),
        "summary": lambda text: (own_material(text, 2), spoken_sentences(text)),
        "list in a form": lambda text: ground(
            {"list": [{"text": line} for line in text.split("\n")[:20]]}, LISTS, text
        ),
    }


def _render(text: str) -> object:
    outcome = Outcome(text, route="triage", kind="prompt", model="m")
    return blocks.answer(REQUEST, DECISION, outcome, ())


def _slowest_step(text: str, steps: Mapping[str, Step]) -> tuple[float, str]:
    worst = (0.0, "")
    for name, step in steps.items():
        start = time.thread_time()
        with suppress(BeagleError, ValueError):  # refused in words, which is an answer too
            step(text)

        worst = max(worst, (time.thread_time() - start, name))

    return worst


def _progress(line: str) -> None:
    print_line(line, file=sys.stderr)
