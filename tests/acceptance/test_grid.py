"""On Enterprise Grid the people of every workspace of the organisation are colleagues."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bot.demo.stack import LocalStack, StackConfig
from bot.sandbox import seed_data
from bot.sandbox.companies import Company
from tests.acceptance.test_other_companies import ask, element, stored, streams
from tests.fixtures.slack import assert_everything_acknowledged
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
SECONDS = 300.0
SISTER = Company("T0OURS00002", "Sister", "E0OURS")


@pytest.fixture(scope="module")
def grid(model):
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        extra = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_ADMINS": seed_data.user_id("ada"),
        }
        config = StackConfig(
            workers={"worker-0": "answer"},
            extra=extra,
            local_model=False,
            limits=False,
            enterprise=SISTER.enterprise,
        )
        with LocalStack(Path(folder), config) as running:
            running.sandbox.add_company(SISTER)
            running.sandbox.add_person("wanda", SISTER)
            ada = running.sandbox.actor("ada")
            ada.share_channel("support", SISTER.team)
            ada.invite("support", "wanda")
            yield running
            assert_everything_acknowledged(running.sandbox)


@pytest.mark.parametrize("name", ["grace", "wanda"])
def test_colleagues_ask_and_press_below_their_own_answer(grid, name):
    person = grid.sandbox.actor(name)
    before = streams(grid)

    ts, message = ask(person, f"of {name}")

    request = stored(grid, person, ts)
    assert request.user_team == ""
    assert streams(grid) == before + 1
    up = element(message, "thumb")["positive_button"]["value"]
    assert person.click("support", message["ts"], "thumb", up)

    def thumbs():
        return [(f.user, f.user_team, f.value) for f in grid.store.feedback.for_request(request.id)]

    assert wait_until(lambda: thumbs() == [(person.id, "", "up")], SECONDS), thumbs()


def test_an_edited_question_of_a_sister_workspace_is_offered_to_its_author(grid):
    wanda = grid.sandbox.actor("wanda")
    ts, _ = ask(wanda, "before the edit")
    wanda.edit("support", ts, "@beagle !rewrite after the edit")

    def offer():
        return [m for m in wanda.ephemerals("support") if element(m, "run_new")]

    assert wait_until(offer, SECONDS)
    wanda.click("support", offer()[-1]["ts"], "run_new")
    request = stored(grid, wanda, ts)
    assert wait_until(lambda: grid.store.decisions.newest(request.id).revision == 1, SECONDS)


def test_the_home_and_commands_work_on_grid(grid):
    ada = grid.sandbox.actor("ada")
    ada.open_home()
    assert wait_until(lambda: ada.home() is not None, SECONDS)

    assert ada.slash("general", "/beagle", "stats")
    assert wait_until(
        lambda: any("Requests" in m["text"] for m in ada.ephemerals("general")), SECONDS
    )


def test_every_event_was_acknowledged(grid):
    counts = grid.sandbox.call(lambda: dict(grid.sandbox.context.dispatcher.counts))
    assert counts.get("given_up", 0) == counts.get("retries", 0) == 0
