"""Whatever kind of block a Slack refuses, each screen is shown with all that people need of it."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from slack_bolt.context.respond import Respond

from bot.plainer.blocks import plainer_blocks
from bot.plainer.controls import restore_clicks
from bot.plainer.kinds import NEWER, kinds_in
from bot.sandbox import seed_data
from bot.sandbox.block_kit import check_message, check_view
from bot.sandbox.clock import ManualClock
from bot.sandbox.delivery.interactions import create_response_url
from bot.sandbox.limits.token_scopes import BOT_SCOPES
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.transport.plainer_calls import PlainerRespond
from bot.ui.blocks import Rendered
from router.config import Settings
from tests.fixtures.screens import SCREENS, World

MAKERS = {"Rendered", "dialog", "message_dialog"}
PASSED_ON = re.compile(r"\w+\.blocks")
"""Calls that send something send the blocks of a `Rendered`, so that this file knows them all."""
GENERIC = {"bot.ui.dialogs.dialog", "bot.ui.dialogs.message_dialog"}
LIKE_OTHERS = {
    "bot.commands.rollout.run",
    "bot.listeners.knowledge_view.render_sources",
    "bot.listeners.labelling.render_tasks",
    "bot.listeners.sending.actions.SendActions.show",
    "bot.listeners.sending.replies.HandedOverReplies.post",
    "bot.weekly.candidate_actions.CandidateActions.show_examples",
    "bot.weekly.candidate_click.CandidateClicks.on_button.tell",
}
"""Functions that need a whole workspace: their example is put together from the same parts."""
WORD = re.compile(r"\w{2,}")
LOST_WITH = {"input", "plain_text_input", "button"}
"""Nothing else takes an answer in free text, and no plainer element is like a button."""


def calls(tree: ast.AST, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.AST]]:
    """Yields each call and dict with the qualified name of the function around it."""
    for child in ast.iter_child_nodes(tree):
        inner = names
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = (*names, child.name)
        if isinstance(child, ast.Call | ast.Dict):
            yield ".".join(names), child

        yield from calls(child, inner)


def is_home(node: ast.AST) -> bool:
    return isinstance(node, ast.Dict) and any(
        isinstance(value, ast.Constant) and value.value in ("home", "modal")
        for value in node.values
    )


def name_of(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def modules() -> Iterator[tuple[str, Path, ast.AST]]:
    for path in sorted(Path("bot").rglob("*.py")):
        if path.parts[1] not in ("sandbox", "plainer", "demo"):
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            yield module, path.resolve(), ast.parse(path.read_text("utf-8"))


def test_each_function_that_makes_a_screen_has_an_example_here():
    makers = set()
    for module, _, tree in modules():
        for function, node in calls(tree):
            if name_of(node) in MAKERS or is_home(node):
                makers.add(f"{module}.{function}")

    assert makers - GENERIC == set(SCREENS)


def executed_lines(make: Callable[[], object]) -> set[tuple[str, int]]:
    """Returns the lines of the bot that ran while `make` did."""
    lines = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if f"{os.sep}bot{os.sep}" not in frame.f_code.co_filename:
            return None
        lines.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        make()
    finally:
        sys.settrace(before)

    return lines


def test_each_place_that_makes_a_screen_is_reached_by_an_example(store, clock):
    world = World(store, Settings(_env_file=None, admins=("UADA",)), clock)
    lines = executed_lines(lambda: [make(world) for make in SCREENS.values()])
    reached = {(str(Path(file).resolve()), line) for file, line in lines}

    missed = []
    for module, file, tree in modules():
        for function, node in calls(tree):
            name = f"{module}.{function}"
            if name_of(node) not in MAKERS or name in LIKE_OTHERS or name in GENERIC:
                continue

            span = range(node.lineno, node.end_lineno + 1)
            if not any((str(file), line) in reached for line in span):
                missed.append(f"{name}, line {node.lineno}")

    assert missed == []


def test_whatever_is_sent_was_made_by_such_a_function():
    for module, _, tree in modules():
        for function, node in calls(tree):
            if not isinstance(node, ast.Call) or name_of(node) in MAKERS:
                continue
            for keyword in node.keywords:
                if keyword.arg == "blocks":
                    source = ast.unparse(keyword.value)
                    assert PASSED_ON.fullmatch(source), f"{module}.{function}: blocks={source}"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    config = SandboxConfig(clock=ManualClock(), limits=False, scopes=BOT_SCOPES)
    with Sandbox(config) as running:
        yield running


@pytest.fixture
def screens(store, clock) -> list[tuple[str, Rendered | dict[str, Any]]]:
    world = World(store, Settings(_env_file=None, admins=("UADA",)), clock)
    return [(name, screen) for name, make in SCREENS.items() for screen in make(world)]


class Shower:
    """Shows a screen on each surface where the bot may show it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.forget()

    def forget(self) -> None:
        """Begins as a bot that knows nothing of this workspace."""
        clients = Clients.single(self.sandbox.bot_token, self.sandbox.api_url)
        self.client = clients.for_team("").retrying
        self.fallback = clients.fallback
        self.user = seed_data.user_id("ada")
        self.channel = self.sandbox.call(
            lambda: next(
                channel["id"]
                for channel in self.sandbox.workspace.channels.values()
                if channel.get("name") == "general"
            )
        )

    def message(self, screen: Rendered) -> dict[str, Any]:
        sent = self.client.chat_postMessage(
            channel=self.channel, text=screen.text, blocks=screen.blocks
        )
        return dict(sent["message"])

    def ephemeral(self, screen: Rendered) -> dict[str, Any]:
        sent = self.client.chat_postEphemeral(
            channel=self.channel, user=self.user, text=screen.text, blocks=screen.blocks
        )
        key = (self.channel, sent["message_ts"])
        return self.sandbox.call(lambda: dict(self.sandbox.workspace.ephemerals[key]))

    def response(self, screen: Rendered) -> dict[str, Any]:
        workspace = self.sandbox.workspace
        before = self.sandbox.call(lambda: set(workspace.ephemerals))
        url = self.sandbox.call(
            lambda: create_response_url(self.sandbox.context, self.user, self.channel)
        )
        respond = PlainerRespond(Respond(response_url=url), "", self.fallback)
        respond(text=screen.text, blocks=screen.blocks, response_type="ephemeral")
        (key,) = self.sandbox.call(lambda: set(workspace.ephemerals)) - before
        return self.sandbox.call(lambda: dict(workspace.ephemerals[key]))

    def view(self, view: dict[str, Any]) -> dict[str, Any]:
        if view["type"] == "home":
            return dict(self.client.views_publish(user_id=self.user, view=view)["view"])

        tokens = self.sandbox.context.short_lived_tokens
        trigger = self.sandbox.call(lambda: tokens.issue("trigger", user=self.user))
        return dict(self.client.views_open(trigger_id=trigger, view=view)["view"])


def blocks_of(screen: Rendered | dict[str, Any]) -> list[dict[str, Any]]:
    return list(screen["blocks"]) if isinstance(screen, dict) else list(screen.blocks)


def elements(value: object) -> Iterator[dict[str, Any]]:
    """Yields each button and menu, but no question of a dialog."""
    if isinstance(value, dict):
        if value.get("type") == "input":
            return
        if "action_id" in value:
            yield value
        for member in value.values():
            yield from elements(member)
    elif isinstance(value, list):
        for member in value:
            yield from elements(member)


def clicks(blocks: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Returns what the listeners get for a click on each button and each option of a menu."""
    found = set()
    for element in elements(blocks):
        for action in possible_actions(element):
            click = {"actions": [action]}
            restore_clicks(click, lambda: None)  # type: ignore[arg-type,return-value]
            chosen = action.get("selected_option") or action
            found.add((action["action_id"], chosen.get("value") or ""))

    return found


def possible_actions(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    base = {"type": element["type"], "action_id": element["action_id"]}
    for option in element.get("options", ()):
        yield {**base, "selected_option": option}
    for name in ("positive_button", "negative_button"):
        if name in element:
            yield {**base, "value": element[name]["value"]}
    if element["type"] in ("button", "icon_button"):
        yield {**base, "value": element.get("value"), "text": element["text"]}


def questions(blocks: list[dict[str, Any]]) -> dict[str, str]:
    """Returns each question of a dialog, with everything that it offers."""
    return {
        block["block_id"]: json.dumps(block, ensure_ascii=False)
        for block in blocks
        if block["type"] == "input"
    }


def strings(value: object) -> Iterator[str]:
    """Yields every text that people read."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name in ("text", "title", "caption", "label", "value") and isinstance(member, str):
                if name != "value" or "label" in value:
                    yield member
            else:
                yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)


def words(value: object) -> set[str]:
    return {word for text in strings(value) for word in WORD.findall(text)}


def assert_nothing_is_lost(
    before: list[dict[str, Any]], shown: dict[str, Any], refused: frozenset[str], name: str
) -> None:
    after = shown["blocks"]
    assert not refused & set(kinds_in(after)), name
    expected = before
    if "input" in refused:
        # Without questions there is nothing to choose from, but people read what was asked.
        expected = [block.get("label") or block for block in before]

    assert words(expected) <= words(after) | words({"text": shown.get("text", "")}), name

    if not refused & LOST_WITH:
        assert clicks(before) == clicks(after), name
        kept = questions(after)
        for key, question in questions(before).items():
            assert words(json.loads(question)["label"]) <= words(json.loads(kept[key])), name
            for option in json.loads(question)["element"].get("options", ()):
                assert option["value"] in kept[key], name


@pytest.fixture
def shower(sandbox: Sandbox) -> Shower:
    return Shower(sandbox)


def different(screens: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yields one screen of each function and set of kinds: the others would show nothing new."""
    seen = set()
    for name, screen in screens:
        signature = (name, frozenset(kinds_in(blocks_of(screen))))
        if signature not in seen:
            seen.add(signature)
            yield name, screen


def test_slack_accepts_every_screen(screens):
    for name, screen in screens:
        if isinstance(screen, dict):
            assert check_view(screen) == [], name
        else:
            assert check_message(screen.blocks).details == [], name


def test_with_each_kind_refused_in_turn_every_screen_shows_all_that_people_need(
    sandbox, shower, screens
):
    for name, screen in different(screens):
        before = blocks_of(screen)
        for kind in sorted(set(kinds_in(before))):
            sandbox.context.refusals.kinds = frozenset({kind})
            shower.forget()
            shown = shower.view(screen) if isinstance(screen, dict) else shower.message(screen)
            assert_nothing_is_lost(before, shown, frozenset({kind}), f"{name} without {kind}")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_ephemeral_messages_and_responses_fall_back_too_whatever_status_slack_gives(
    sandbox, shower, screens, status
):
    sandbox.context.refusals.response_status = status
    for name, screen in different(screens):
        kinds = NEWER & set(kinds_in(blocks_of(screen)))
        if isinstance(screen, dict) or not kinds:
            continue

        sandbox.context.refusals.kinds = frozenset(kinds)
        shower.forget()
        for shown in (shower.ephemeral(screen), shower.response(screen)):
            assert_nothing_is_lost(screen.blocks, shown, frozenset(kinds), name)


@pytest.mark.parametrize("code", ["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_many"])
def test_where_slack_does_not_say_what_it_refuses_the_newest_blocks_go_first(
    sandbox, shower, screens, code
):
    sandbox.context.refusals.named, sandbox.context.refusals.code = False, code
    for name, screen in different(screens):
        before = blocks_of(screen)
        kinds = frozenset(NEWER & set(kinds_in(before)))
        sandbox.context.refusals.kinds = kinds
        shower.forget()
        shown = shower.view(screen) if isinstance(screen, dict) else shower.message(screen)
        assert_nothing_is_lost(before, shown, kinds, name)


def test_any_kinds_may_be_refused_together_and_what_is_left_follows_slacks_rules(screens):
    chance = random.Random(7)
    for name, screen in different(screens):
        blocks = blocks_of(screen)
        surface = screen["type"] if isinstance(screen, dict) else "message"
        kinds = sorted(set(kinds_in(blocks)) | {"rich_text", "table", "section", "static_select"})

        for _ in range(20):
            refused = frozenset(chance.sample(kinds, chance.randrange(1, len(kinds) + 1)))
            shown = plainer_blocks(blocks, refused, surface)
            assert not refused & set(kinds_in(shown)), (name, refused)
            if surface == "message":
                assert check_message(shown).details == [], (name, refused)
            elif shown:
                view = {**screen, "blocks": shown}
                assert check_view(view, surface) == [], (name, refused)


@pytest.mark.parametrize("at_once", [True, False])
def test_where_slack_refuses_every_block_a_message_is_its_text_and_a_dialog_can_be_read(
    sandbox, shower, screens, at_once
):
    sandbox.context.refusals.named_at_once = at_once
    for name, screen in different(screens):
        kinds = set(kinds_in(blocks_of(screen)))
        if isinstance(screen, dict):
            sandbox.context.refusals.kinds = frozenset(kinds | {"button", "context"}) - {"section"}
            shower.forget()
            assert {block["type"] for block in shower.view(screen)["blocks"]} == {"section"}, name
        else:
            every = {"section", "context", "rich_text", "actions", "header", "divider", "table"}
            sandbox.context.refusals.kinds = frozenset(kinds | every)
            shower.forget()
            shown = shower.message(screen)
            assert not shown.get("blocks"), name
            assert shown["text"].strip(), name
