"""A simulated fortnight of chat in which people ask each other for meeting rooms.

Nobody asks Beagle, and no route serves such a request: it is hidden among talk that asks for
nothing. Everything is made from the texts below and a seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from router.store import Store
from router.store.mining.channel_messages import ChannelMessage
from router.store.workspace.channel_rules import ChannelRule
from router.text.redact import redact

DAY = 86_400.0
DAYS = 13.5
REQUESTS = 45
NOISE_SHARE = 0.93
"""Share of the messages that ask for nothing, answers in threads apart."""
ANSWER_SECONDS = 240.0
ANSWERED_SHARE = 0.8
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
REQUEST_TEXTS = (
    "can somebody book a meeting room for {people} people on {day} at {time}",
    "please book a meeting room on {day} at {time}, we are {people} people",
    "I need a meeting room on {day} at {time} for {people} people",
    "could you reserve a meeting room for {people} of us on {day} at {time}",
    "is there a meeting room on {day} at {time}? we are {people} people, please book it",
    "we need a meeting room for {people} people, {day} {time} please",
)
ANSWER_TEXT = "day: {day}, time: {time}, people: {people}, room: {room}"
ROOMS = ("Atlas", "Borealis", "Cassini", "Delphi", "Elbe", "Fjord", "Gobi", "Huron", "Indigo")
KINDS = (
    "old",
    "new",
    "blue",
    "green",
    "tall",
    "quiet",
    "famous",
    "tiny",
    "broken",
    "shiny",
    "dusty",
    "crooked",
    "spare",
    "wooden",
    "noisy",
    "forgotten",
    "painted",
    "round",
    "heavy",
    "second",
)
NOUNS = (
    "build",
    "release",
    "roadmap",
    "bike",
    "chair",
    "window",
    "map",
    "letter",
    "soup",
    "choir",
    "quiz",
    "bridge",
    "garden",
    "printer",
    "poster",
    "lamp",
    "kettle",
    "carpet",
    "balcony",
    "ladder",
    "fountain",
    "radio",
    "novel",
    "picture",
    "clock",
    "bench",
    "tunnel",
    "statue",
    "lift",
    "cellar",
    "staircase",
    "hedge",
    "puzzle",
    "violin",
    "kite",
    "museum",
    "parade",
    "lighthouse",
    "bakery",
    "harbour",
    "piano",
    "orchard",
    "theatre",
    "market",
    "tower",
)
VERBS = (
    "was better than I thought",
    "went well today",
    "still looks odd to me",
    "is nearly done",
    "moved to next week",
    "needs another look from somebody",
    "made everybody laugh",
    "cost us the whole morning",
    "is the talk of the floor",
    "reminds me of last year",
    "got a lot of praise",
    "broke again over night",
    "took longer than planned",
    "will be quieter next month",
    "surprised the whole team",
    "is finally behind us",
)
TAILS = (
    "",
    ", honestly",
    ", at least for me",
    ", if you ask me",
    ", and nobody noticed",
    ", which is a relief",
    ", so let's see",
    ", as always",
    ", I am told",
    ", to be fair",
    ", says the team",
)


DID = (
    "finally fixed",
    "read half of",
    "wrote down what I know of",
    "talked with sales about",
    "cannot stop thinking about",
    "was surprised by",
    "took photos of",
    "learned a lot from",
    "forgot everything about",
    "laughed at",
    "gave up on",
    "finished my part of",
)
WHEN = (
    "this morning",
    "over the weekend",
    "on my way here",
    "while the others were out",
    "after lunch",
    "last night",
    "between two calls",
    "before anybody was here",
)


def room_requests(seed: int) -> Iterator[str]:
    """Yields requests for a room as people would write them, without end."""
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    while True:
        yield rng.choice(REQUEST_TEXTS).format(**_values(rng))


def statements(count: int, seed: int) -> list[str]:
    """Returns messages that tell something and ask for nothing."""
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    texts = []
    for number in range(count):
        thing = f"the {rng.choice(KINDS)} {rng.choice(NOUNS)}"
        if number % 2:
            texts.append(f"I {rng.choice(DID)} {thing} {rng.choice(WHEN)}")
        else:
            texts.append(f"{thing} {rng.choice(VERBS)}{rng.choice(TAILS)}")

    return texts


def load_chat(
    store: Store, team: str, channel: str, admin: str, people: Sequence[str], now: float
) -> int:
    """Stores the fortnight before `now` as the bot would have, in a channel that `admin` opted in.

    Returns how many messages there are.
    """
    store.channel_rules.upsert(ChannelRule(team, channel))
    store.channel_messages.start_mining(team, channel, admin, now - DAYS * DAY)
    messages = chat_messages(team, channel, people, now)
    for message in messages:
        store.channel_messages.insert(message)

    return len(messages)


def chat_messages(
    team: str, channel: str, people: Sequence[str], now: float, seed: int = 3
) -> list[ChannelMessage]:
    """Returns the requests, most of them with the answer of a colleague in their thread, and talk.

    The result is the same for the same arguments.
    """
    rng = random.Random(seed)  # noqa: S311  # sample data, no secret
    messages: list[ChannelMessage] = []

    def add(text: str, user: str, at: float, thread: str = "") -> str:
        ts = f"{at:.6f}"
        masked = redact(text)
        messages.append(ChannelMessage(team, channel, ts, user, masked, "public", at, thread))
        return ts

    for number in range(REQUESTS):
        at = now - rng.uniform(0.1, DAYS) * DAY
        user = people[number % len(people)]
        values = _values(rng)
        ts = add(rng.choice(REQUEST_TEXTS).format(**values), user, at)
        if rng.random() < ANSWERED_SHARE:
            colleague = people[(number + 1 + number // len(people)) % len(people)]
            colleague = colleague if colleague != user else people[(number + 1) % len(people)]
            answer = ANSWER_TEXT.format(room=rng.choice(ROOMS), **values)
            add(answer, colleague, at + ANSWER_SECONDS, ts)

    others = round(REQUESTS * NOISE_SHARE / (1 - NOISE_SHARE))
    for text in statements(others, seed):
        add(text, rng.choice(people), now - rng.uniform(0.1, DAYS) * DAY)

    return sorted(messages, key=lambda message: (message.at, message.ts))


def _values(rng: random.Random) -> dict[str, str]:
    return {
        "people": str(rng.randrange(2, 10)),
        "day": rng.choice(WEEKDAYS),
        "time": f"{rng.randrange(8, 18)}:{rng.choice(('00', '30'))}",
    }
