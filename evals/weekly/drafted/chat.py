"""Chat in which repeated requests hide: made up, or read from labelled streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.demo.chat_data import statements
from evals.mining.streams.chatter import chatter
from evals.mining.streams.streams import Stream
from evals.weekly.drafted.workspace import ChatMessage

START = 1_800_000_000.0
SPAN = 26 * 86_400.0
PEOPLE = 24
REQUESTS = 60
HELD_OUT_SHARE = 0.25
"""Share of the people whose requests mining never sees; they measure the drafted route."""
ANSWER_SECONDS = 300.0
SECRETS_SHARE = 0.5
"""Share of the requests that carry a secret, where secrets are seeded."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "tomorrow", "next week")
ITEMS = ("monitor", "laptop", "keyboard", "headset", "chair", "docking station", "badge", "phone")
TASKS = {
    "equipment": (
        "can I get a new {item} by {day}",
        "please order a {item} for our team, we need {n} of them by {day}",
        "who orders equipment? I need a {item} on {day}",
        "could you order {n} {item}s for the new people on {day}",
        "my {item} is broken, please order a new one by {day}",
        "we need {n} more {item}s, can somebody order them for {day}",
    ),
    "desk": (
        "is there a free desk on {day} for {n} people",
        "please reserve a desk for me on {day} from {hour}",
        "I would like to book a desk on {day} at {hour}",
        "can I have a desk near the window on {day}",
        "book {n} desks for {day} please, we come at {hour}",
        "any desk free on {day}? we arrive at {hour}",
    ),
    "access": (
        "please give me access to the reports folder",
        "can somebody grant me access to the billing dashboard",
        "I need access to the shared drive of marketing",
        "who can give me access to the staging server",
        "please add me to the design group, I have no access",
        "access to the customer database please",
    ),
    "visitor": (
        "a visitor comes on {day} at {hour}, please prepare a badge",
        "can you register {n} visitors for {day} at {hour}",
        "please register a visitor for {day}, arriving at {hour}",
        "we have {n} guests on {day}, could reception prepare badges",
        "visitor badge for {day} {hour} please",
        "I expect {n} visitors on {day}, please tell reception",
    ),
}
ANSWERS = {
    "equipment": "day: {day}, item: {item}, status: ordered",
    "desk": "day: {day}, desk: window",
    "access": "",
    "visitor": "",
}
"""What people answer in the thread; empty where nobody does."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Messages that are mined, and by kind the requests that nobody mined."""

    messages: Sequence[ChatMessage]
    held_out: dict[str, list[str]]
    now: float


def made_up_chat(kind: str, noise: float, seed: int, secrets: Sequence[str] = ()) -> Chat:
    """Returns a month of chat with one hidden request type; `noise` is the share of other messages.

    `secrets` are strewn over requests and answers: each is in one message.
    """
    random = np.random.default_rng(seed)
    requests = [_request(kind, random) for _ in range(REQUESTS)]
    times = np.sort(random.uniform(START, START + SPAN, REQUESTS))
    users = [f"U{int(number):03}" for number in random.integers(0, PEOPLE, REQUESTS)]
    asked = []
    for (text, _), user, at in zip(requests, users, times, strict=True):
        asked.append(ChatMessage(text, user, round(float(at), 3), kind))

    chat = _hold_out(asked, random)
    answers = []
    answer_of = dict(requests)
    for one in chat.messages:
        if answer_of[one.text]:
            at = round(one.at + ANSWER_SECONDS, 3)
            answers.append(ChatMessage(answer_of[one.text], "UOWNER", at, None, one.at))

    count = round(len(chat.messages) * noise / (1 - noise))
    talk = [*statements(count - count // 4, seed), *chatter(count // 4, random)]
    noise_times = random.uniform(START, START + SPAN, len(talk))
    others = []
    for text, at in zip(talk, noise_times, strict=True):
        user = f"U{int(random.integers(0, PEOPLE)):03}"
        others.append(ChatMessage(text, user, round(float(at), 3)))

    messages = [*chat.messages, *answers, *others]
    return replace(chat, messages=_with_secrets(messages, secrets, random))


def stream_chat(stream: Stream, names: Sequence[str], seed: int) -> Chat:
    """Returns a labelled stream as chat; a quarter of the people of each type are held out."""
    random = np.random.default_rng(seed)
    messages = []
    for row, kind in zip(stream.rows, stream.types, strict=True):
        name = names[int(kind)] if kind >= 0 else None
        messages.append(ChatMessage(row.text, row.user, round(row.at, 3), name))

    return _hold_out(messages, random)


def _hold_out(messages: Sequence[ChatMessage], random: np.random.Generator) -> Chat:
    held_out: dict[str, list[str]] = {}
    people: dict[str, set[str]] = {}
    for one in messages:
        if one.kind is not None:
            people.setdefault(one.kind, set()).add(one.user)

    out_of = {}
    for kind, users in sorted(people.items()):
        count = max(1, round(HELD_OUT_SHARE * len(users)))
        out_of[kind] = set(random.choice(sorted(users), count, replace=False))

    kept = []
    for one in messages:
        if one.kind is not None and one.user in out_of[one.kind]:
            held_out.setdefault(one.kind, []).append(one.text)
        else:
            kept.append(one)

    now = max(one.at for one in kept) + 3600.0
    return Chat(kept, held_out, now)


def _request(kind: str, random: np.random.Generator) -> tuple[str, str]:
    """Returns a request of that kind, and what somebody answers."""
    values = {
        "item": str(random.choice(ITEMS)),
        "day": str(random.choice(DAYS)),
        "n": str(random.integers(2, 9)),
        "hour": f"{random.integers(8, 17)}:{random.choice(('00', '30'))}",
    }
    text = str(random.choice(TASKS[kind])).format(**values)
    answer = ANSWERS[kind].format(**values) if values["day"] in text else ""
    return text, answer


def _with_secrets(
    messages: Sequence[ChatMessage], secrets: Sequence[str], random: np.random.Generator
) -> list[ChatMessage]:
    """Returns the messages with each secret in one of them, half of them in requests."""
    changed = list(messages)
    asked = [place for place, one in enumerate(changed) if one.kind or one.answers]
    for secret in secrets:
        places = asked if random.random() < SECRETS_SHARE else range(len(changed))
        place = int(random.choice(places))
        one = changed[place]
        words = one.text.split()
        words.insert(int(random.integers(0, len(words) + 1)), secret)
        changed[place] = replace(one, text=" ".join(words))

    return changed
