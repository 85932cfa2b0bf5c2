"""The one-line answers: to small talk, and to a message that no route serves."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from html import escape

from bot.ui.rich_text import strip_invisible
from bot.ui.texts import common as texts
from bot.ui.texts import languages
from bot.ui.texts import sending as sending_texts
from bot.ui.texts import small_talk as small_talk_texts
from router.classifier.second_request import SecondRequest
from router.store.requests.sendings import Sending
from router.text.printable import shorten
from router.types import ACT, LANGUAGE, SMALL_TALK, TOPIC, Decision, Outcome, RouteOffer
from workers.llm.model_prices import LOCAL

SHOWN = 2
"""Routes or examples in one line."""
MAX_EXAMPLE_CHARS = 90
"""A longer example would make more than a line."""
_SPECIAL = re.compile(r"\b(?:this|these)\b|\d", re.IGNORECASE)
"""An example that is about a text beside it, or about figures, says little by itself."""


def small_talk(decision: Decision, offers: Sequence[RouteOffer]) -> str:
    """Returns the line for this kind of small talk, with requests that this person may make."""
    # What the included model mostly gets wrong comes last. Sorting keeps the order of the rest.
    ordered = sorted(within_reach(offers), key=lambda offer: offer.needs_larger_model)
    fitting = [o.example for o in ordered if o.example and len(o.example) <= MAX_EXAMPLE_CHARS]
    # Such a request can be typed as it stands.
    fitting.sort(key=lambda example: _SPECIAL.search(example) is not None)
    examples = [small_talk_texts.EXAMPLE.format(example=_plain(one)) for one in fitting[:SHOWN]]
    ending = ""
    if examples:
        joined = small_talk_texts.EXAMPLES_JOIN.join(examples)
        ending = small_talk_texts.EXAMPLES.format(examples=joined)

    return small_talk_texts.LINES[decision.reason[SMALL_TALK]].format(examples=ending)


def within_reach(offers: Sequence[RouteOffer]) -> list[RouteOffer]:
    """Returns the offers that one of the models here can do; nobody is offered the others."""
    return [offer for offer in offers if not offer.lacks_model]


def topic_line(decision: Decision) -> str:
    """Returns the line that was written for this topic."""
    return texts.TOPICS[str(decision.reason[TOPIC])]


def without_examples(offers: Sequence[RouteOffer], routes: Collection[str]) -> list[RouteOffer]:
    """Returns the offers; those of `routes` have no example."""
    return [replace(one, example="") if one.name in routes else one for one in offers]


def out_of_scope(decision: Decision, offers: Sequence[RouteOffer]) -> str:
    """Returns the line for a message that no route serves.

    It names the nearest routes of those that this person may use.
    """
    language = str(decision.reason.get(LANGUAGE, ""))
    if language in languages.NOT_SERVED:
        return texts.NOT_ENGLISH.format(line=languages.NOT_SERVED[language])

    act = decision.reason.get(ACT) or {}
    is_cancelled = act.get("act") == "cancellation"
    if is_cancelled and any(offer.name == act["route"] for offer in offers):
        return texts.NO_CANCELLATION.format(route=_plain(str(act["route"])))

    by_name = {offer.name: offer for offer in within_reach(offers)}
    nearest = [by_name.pop(score.route) for score in decision.scores if score.route in by_name]
    # Few scores are stored, and a person may use none of them.
    nearest = [*nearest, *by_name.values()][:SHOWN]
    if not nearest:
        return texts.OUT_OF_SCOPE.format(nearest=texts.NO_ROUTES)

    routes = texts.NEAREST_JOIN.join(_named(offer) for offer in nearest)
    return texts.OUT_OF_SCOPE.format(nearest=texts.NEAREST.format(routes=routes))


def second_request(second: SecondRequest, first: str | None, *, is_taken_up: bool) -> str:
    """Returns what is said of another request in the same message."""
    words = shorten(strip_invisible(second.words), MAX_EXAMPLE_CHARS)
    text = texts.SECOND_TAKEN_UP if is_taken_up else texts.SECOND_REQUEST
    return text.format(words=words, route=second.route, first=first)


def note(outcome: Outcome, offers: Sequence[RouteOffer], *, is_passed_on: bool = False) -> str:
    """Returns what the route says of what it did not do, and whether the model is too small for it.

    Empty where there is nothing to say, or nothing was done. Once the answer was sent somewhere,
    or a reminder of it was set, the route's own note is not true any more.
    """
    if not outcome.model and outcome.data is None:
        return ""

    parts = []
    for offer in offers:
        if offer.name == outcome.route:
            if not is_passed_on:
                parts.append(offer.note)
            # A tuned version of the same model (`local/…`) has passed its own measurement.
            if offer.needs_larger_model and outcome.model == LOCAL:
                parts.append(texts.NEEDS_LARGER_MODEL)

    return " ".join(part for part in parts if part)


def passed_on(sent: Sequence[Sending]) -> str:
    """Returns where the answer was sent and when it comes back, in Slack's markup.

    Empty where neither was asked for.
    """
    places, people, times = [], [], []
    for one in sent:
        if one.kind == "reminder":
            # Whoever was forgotten since is not named.
            people += [f"<@{one.user}>"] if one.user else []
            times.append(sending_texts.time_text(one.post_at))
        elif one.kind == "channel":
            places.append(f"<#{one.target}>")
        elif one.kind == "person":
            places.append(f"<@{one.target}>")
        else:
            places.append(_plain(one.target))

    lines = []
    if places:
        lines.append(sending_texts.SENT_TO.format(places=_listed(places)))
    if times:
        whom = sending_texts.REMINDER_FOR.format(people=_listed(people)) if people else ""
        lines.append(sending_texts.REMINDER_SET.format(people=whom, times=_listed(times)))
    if times and not places:
        lines.append(sending_texts.NOT_ELSEWHERE)

    return " ".join(lines)


def _listed(parts: Sequence[str]) -> str:
    # The same answer may go to one place twice, where a first try failed.
    return sending_texts.PLACES_JOIN.join(dict.fromkeys(parts))


def _named(offer: RouteOffer) -> str:
    if not offer.description:
        return f"*{_plain(offer.name)}*"

    description = _plain(offer.description).rstrip(".")
    return texts.NEAREST_ROUTE.format(name=_plain(offer.name), description=description)


def _plain(words: str) -> str:
    """Returns words of a route file in which nothing is a mention or a link."""
    return escape(strip_invisible(words), quote=False)
