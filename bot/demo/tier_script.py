"""The chapters about tiers: the cheapest one answers, one escalates, one is asked again."""

from __future__ import annotations

from bot.demo.demo import LONG_LETTER, SHORT_LETTER, Demo
from bot.demo.script_user import ScriptStep, ScriptUser, first_success, require
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.types import INSTALLATION, TIERS
from workers.runtime.processes import wait_until

MEASURED_SECONDS = 1_200.0
"""For the tiers to be measured, which happens once, beside all else that starts. On two idle cores
it takes a minute or two; a measurement that was lost is made again after three."""
TIERED = "reply"
"""The route with tiers."""
LETTERS = (
    (SHORT_LETTER, "write an answer please: may my dog come along to the office on Friday?"),
    (
        "draft an answer: can I bring my bike into the office?",
        "write an answer please: may I bring along my bike into the office?",
    ),
    (
        "draft an answer: could we move our meeting to Thursday?",
        "write an answer please: could our meeting be moved to Thursday?",
    ),
)
"""Short letters, each with the same in other words."""
LONG_LETTERS = (
    "draft an answer to this customer: I would like to buy chairs for our school, can you tell me "
    "whether there is a discount, how long the delivery takes, and if we can pay later",
    "answer this mail for me: could you tell me when the workshop starts, where we park, what we "
    "should bring, whether lunch is included, and who I can call on the day?",
    "write a reply: thanks for the offer. Before we sign we need the price for 40 people, your "
    "data protection agreement, references from two schools, and a date for the first training. "
    "Can you also explain how support works at weekends?",
)
"""Further letters with many questions, should the small model be brief for once."""


def _tiers_measured(demo: Demo) -> bool:
    """Waits until both tiers of the route were measured: until then the last one answers."""
    tiers = load_routes(builtin_routes_folder()).routes[TIERED].tiers
    versions = [tier.version.id for tier in tiers]

    def is_measured() -> bool:
        measured = demo.store.quality.measurements(INSTALLATION, TIERED, versions)
        return len(measured) == len(versions)

    return wait_until(is_measured, MEASURED_SECONDS)


def cheap_tier(user: ScriptUser) -> ScriptStep:
    """Asks for a short letter, which the cheapest tier answers once it has been measured."""
    measured = _tiers_measured(user.demo)

    def ask(text: str) -> ScriptStep:
        ts = user.ask(text)
        message = user.wait(ts)
        name = "the cheapest tier answers, because it is good enough"
        step = user.step(name, text, ts, measured, message)
        return require(step, [tier for tier, _ in step.tiers] == ["quick"])

    return first_success([letter for letter, _ in LETTERS], ask)


def asked_again(user: ScriptUser) -> ScriptStep:
    """Says the same in other words: the person was not helped, so a higher tier answers."""
    asker = ScriptUser(user.demo, "linus")
    letters = {rephrased: letter for letter, rephrased in LETTERS}

    def ask_twice(text: str) -> ScriptStep:
        asker.wait(asker.ask(letters[text]))
        ts = asker.ask(text)
        message = asker.wait(ts)
        name = "asked again in other words: the next tier answers"
        step = asker.step(name, text, ts, True, message)
        decision, _, _ = asker.facts(ts)
        again = decision is not None and decision.reason.get(TIERS, {}).get("why") == "asked_again"
        return require(step, again and [tier for tier, _ in step.tiers] == ["careful"])

    return first_success(list(letters), ask_twice)


def escalated(user: ScriptUser) -> ScriptStep:
    """Asks for letters that may take more than the quick tier has room for, until one does."""
    asker = ScriptUser(user.demo, "grace")

    def ask(text: str) -> ScriptStep:
        ts = asker.ask(text)
        message = asker.wait(ts)
        name = "tried by the quick tier, checked, answered by the careful one"
        step = asker.step(name, text, ts, True, message)
        return require(step, [tier for tier, _ in step.tiers] == ["quick", "careful"])

    return first_success([LONG_LETTER, *LONG_LETTERS], ask)
