"""Plays the demo without a browser: one step for each thing Beagle promises, with what it cost."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence
from itertools import cycle, islice

from rich.console import Console

from bot.console import CleanConsole
from bot.demo.ambiguous import ambiguous_messages
from bot.demo.demo import Demo
from bot.demo.script_user import (
    ANSWER_SECONDS,
    CHANNEL,
    CLOSING_SECONDS,
    Message,
    ScriptStep,
    ScriptUser,
    first_success,
    require,
)
from bot.demo.tier_script import asked_again, cheap_tier, escalated
from bot.sandbox.seed_data import TEAM_ID
from router.text.printable import print_line
from workers.runtime.processes import wait_until

LEARN_SECONDS = 4.0
"""Between two questions while the router learns in the background."""
MAX_QUESTIONS = 30
"""A busy machine learns in a minute, not in seconds; only a failure asks so often."""
JSON_FIELDS = ("name", "ok", "route", "kind", "confidence", "ms", "tokens", "usd", "tiers")

MISROUTED = (
    "I have a question about my leave",
    "a question about my leave",
    "I want to ask about my time off",
)
"""Questions for the handbook that the router sends to the leave form until it is corrected."""
SIMILAR = (
    "I have one more question about my leave",
    "one more question about my leave, please",
    "and another question about my leave",
)
REWRITES = (
    "rewrite this so that it is clear: the thing that we did was not what it should of been, sorry",
    "rewrite this so that it is clear: me and him was late because the train it did not came",
    "rewrite this more politely: send me the file now, I have been waiting for three days",
)


def play(demo: Demo, *, as_json: bool = False) -> bool:
    """Plays all steps; returns whether each succeeded. The transcript, or JSON, is on stdout."""
    console = CleanConsole(stderr=as_json, soft_wrap=True, highlight=False)
    steps = []

    for run_step in STEPS:
        step = run_step(ScriptUser(demo))
        if step is not None:
            steps.append(step)
            _print_step(console, step)

    ok = all(step.ok for step in steps)
    if as_json:
        rows = [{name: getattr(step, name) for name in JSON_FIELDS} for step in steps]
        print_line(json.dumps({"ok": ok, "steps": rows}))
    else:
        succeeded = sum(step.ok for step in steps)
        console.print(f"\n{succeeded} of {len(steps)} steps succeeded.")

    return ok


Step = Callable[[ScriptUser], ScriptStep | None]
"""Plays one step; None where this installation cannot show it."""


def _question(name: str, texts: Sequence[str], kind: str) -> Step:
    """Returns the step that asks a question and expects an answer by a version of that kind."""

    def run_step(user: ScriptUser) -> ScriptStep:
        def play_text(text: str) -> ScriptStep:
            ts = user.ask(text)
            message = user.wait(ts)
            step = user.step(name, text, ts, True, message)
            return require(step, step.kind == kind)

        return first_success(texts, play_text)

    return run_step


def _follow_up(user: ScriptUser) -> ScriptStep:
    opening_ts = user.ask("how many weeks of parental leave do I get?")
    user.wait(opening_ts)

    text = "and when do I have to tell my manager?"
    ts = user.ask(text, thread_ts=opening_ts)
    message = user.wait(ts, opening_ts)
    step = user.step("a follow-up in the thread, without a mention", text, ts, True, message)
    return require(step, step.route == "handbook")


def _edited_page(user: ScriptUser) -> ScriptStep:
    """Edits a page; the next answer must quote the new text, and its link must show it."""
    text = "!handbook when is the Lisbon office open?"
    user.wait(user.ask(text))

    page = user.demo.handbook / "office.md"
    edited = page.read_text("utf-8").replace("from 7:00 to 21:00", "from 6:30 to 22:00")
    page.write_text(edited, "utf-8")
    user.demo.reread_handbook()

    ts = user.ask(text)
    message = user.wait(ts)
    _, outcome, _ = user.facts(ts)
    is_new = False
    if outcome is not None and "6:30" in outcome.text:
        is_new = "6:30" in _fetch(outcome.citations[0].url)

    return user.step(
        "a page edited a moment ago: the next answer says so", text, ts, is_new, message
    )


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=CLOSING_SECONDS) as response:  # noqa: S310  # our own link
        return str(response.read().decode("utf-8"))


def _out_of_scope(user: ScriptUser) -> ScriptStep:
    text = "who won the world cup in 1998?"
    ts = user.ask(text)
    message = user.wait(ts)
    step = user.step("something nobody set it up for", text, ts, True, message)

    decision, _, _ = user.facts(ts)
    return require(step, decision is not None and decision.verb == "out_of_scope")


def _asks_back(user: ScriptUser) -> ScriptStep | None:
    """Asks what the router is unsure about; None when it is sure about every pair of requests."""
    name = "unsure: it asks, a person chooses"
    asked_back = []

    def choose(text: str) -> ScriptStep:
        ts = user.ask(text)
        question = user.wait(ts)
        decision, _, _ = user.facts(ts)
        if question is None or decision is None or decision.verb != "ask":
            return user.step(name, text, ts, False, question)

        asked_back.append(text)
        user.press(question, "choose_route:0")
        message = user.wait(ts, fits=_is_revised)
        step = user.step(name, text, ts, message is not None, message)
        return require(step, step.route == decision.scores[0].route)

    texts = ambiguous_messages(user.demo.settings())
    step = first_success(texts, choose) if texts else None
    return step if asked_back else None


def _corrected(user: ScriptUser) -> ScriptStep:
    name = "a wrong route, corrected with a click"
    text, ts, message = user.first(MISROUTED, lambda decision: decision.verb == "route")
    if message is None:
        return user.step(name, text, ts, False, None)

    user.press(message, "wrong_route")
    wait_until(lambda: bool(user.me.views()), ANSWER_SECONDS)
    view = user.me.views()[-1]
    user.me.submit_view(view["id"], {"route": "handbook", "again": ["yes"]})
    new_answer = user.wait(ts, fits=_is_revised)

    def is_thanked() -> bool:
        return any("Thank you" in note["text"] for note in user.me.ephemerals(CHANNEL))

    thanked = wait_until(is_thanked, ANSWER_SECONDS)
    step = user.step(name, text, ts, thanked, new_answer)
    return require(step, step.route == "handbook")


def _is_revised(message: Message) -> bool:
    """Returns whether this is the answer after a person's choice."""
    return bool(message["metadata"]["event_payload"]["revision"] == 1)


def _learned(user: ScriptUser) -> ScriptStep:
    """Sends similar messages until one goes there; the router learns in the background."""
    name = "the next message like it goes there by itself"
    for text in islice(cycle(SIMILAR), MAX_QUESTIONS):
        ts = user.ask(text)
        message = user.wait(ts)

        step = user.step(name, text, ts, True, message)
        if step.route == "handbook":
            return step

        wait_until(lambda: False, LEARN_SECONDS)

    return require(step, False)


def _duplicate_event(user: ScriptUser) -> ScriptStep:
    text = "please reset my password for the payroll portal"
    # As Slack does when an acknowledgement is late.
    user.demo.sandbox.inject_fault("duplicate", times=2)
    ts = user.ask(text)
    message = user.wait(ts)
    is_single = len(user.answers(ts)) == 1

    return user.step("the same event delivered twice: one answer", text, ts, is_single, message)


def _killed_worker(user: ScriptUser) -> ScriptStep:
    name = "the worker killed in the middle: one answer all the same"
    channel = user.me.channel(CHANNEL)
    counts = []

    def ask_and_kill(text: str) -> ScriptStep:
        ts = user.ask(text)

        def is_begun() -> bool:
            request = user.demo.store.requests.find(TEAM_ID, channel, ts)
            return request is not None and user.demo.store.requests.has_owner(request.id)

        # Killed only when it holds the request: otherwise nothing would be interrupted.
        wait_until(is_begun, ANSWER_SECONDS)
        user.demo.kill("worker-answer")
        message = user.wait(ts)
        counts.append(len(user.answers(ts)))
        return user.step(name, text, ts, True, message)

    step = first_success(REWRITES, ask_and_kill)
    # A refused answer is one answer, and another text is tried; none and two are never right.
    return require(step, set(counts) == {1})


STEPS: tuple[Step, ...] = (
    _question(
        "a support message, sorted by a small tuned model",
        (
            "the vpn is down again for the whole Berlin office",
            "the vpn on my laptop keeps disconnecting since this morning",
        ),
        "tuned",
    ),
    _question(
        "a prompt workflow with a strict schema",
        (
            "incident report: the login page was down from 9:05 to 9:40, nobody could sign in",
            "incident report: checkout failed from 14:10 to 14:55, customers could not pay",
            "write up the outage: search was slow from 8:00 to 8:30 for all customers",
        ),
        "prompt",
    ),
    _question(
        "a prompt workflow in free text",
        (
            "summarise this: the courier lost two parcels, support has sent new ones today, and "
            "the customers got a voucher",
            "summarise this: the new shelves arrived on Monday, one was broken, and the supplier "
            "sends another on Thursday",
            "summarise this: the boiler on the second floor is off, a technician comes tomorrow at "
            "9, and until then there is no hot water",
        ),
        "prompt",
    ),
    _question(
        "retrieval, quoted with links", ("how many weeks of parental leave do we get?",), "rag"
    ),
    _question(
        "another tuned model",
        (
            "I'm off next Thursday and Friday, Priya covers for me",
            "I'm on holiday from Monday to Wednesday, Tom covers for me",
        ),
        "tuned",
    ),
    _follow_up,
    _edited_page,
    _out_of_scope,
    _asks_back,
    _corrected,
    _learned,
    _duplicate_event,
    _killed_worker,
    cheap_tier,
    asked_again,
    escalated,
)


def _print_step(console: Console, step: ScriptStep) -> None:
    mark = "[green]ok[/]" if step.ok else "[red]FAILED[/]"
    console.print(f"\n{mark} [bold]{step.name}[/]")
    # Texts of people and models are no console markup.
    console.print(f"   Ada     {step.text}", markup=False)

    speaker = "Beagle"
    for line in step.answer.splitlines() or [""]:
        console.print(f"   {speaker:6}  {line}", markup=False)
        speaker = ""

    console.print(
        f"   route {step.route or '-'} · kind {step.kind or '-'} · "
        f"confidence {step.confidence:.2f} · {step.ms:.0f} ms · {step.tokens} tokens · "
        f"${step.usd:.5f}",
        style="dim",
    )
    if step.tiers:
        tried = ", then ".join(f"{tier} ${usd:.5f}" for tier, usd in step.tiers)
        console.print(f"   tiers {tried}", style="dim")
