"""A used-up cap is shown to the requester alone; admins see it in the statistics."""

from __future__ import annotations

from bot.admins import Admins
from bot.commands import stats
from bot.routing.service import RoutingService
from bot.sandbox import seed_data
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.store.usage.spend import DAY_SECONDS, Cap
from router.types import Outcome
from tests.fixtures.command_context import make_command
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

USED_UP = Outcome(text="", error="budget", data={"resets_at": 1_800_057_600.0, "whose": "user"})


def test_only_the_asker_learns_that_a_cap_is_used_up(sandbox, replies, post_request, make_decision):
    ada, request = post_request()
    others_before = sandbox.actor("mae").ephemerals("general")

    replies.deliver(request, make_decision(), USED_UP)

    whisper = ada.wait_for_ephemeral("general", "your share is used up for today")
    assert "00:00 UTC" in whisper["text"]
    assert len(ada.thread("general", request.ts)) == 1
    assert sandbox.actor("mae").ephemerals("general") == others_before


def test_after_the_reset_the_answer_is_posted_in_the_thread(replies, post_request, make_decision):
    ada, request = post_request()
    replies.deliver(request, make_decision(), USED_UP)

    replies.deliver(request, make_decision(revision=1), Outcome(text="Done.", route="triage"))

    assert "Done." in ada.thread("general", request.ts)[-1]["text"]


def test_admins_see_what_is_used_of_the_caps(store, clock, tmp_path):
    settings = Settings(_env_file=None, admins="U1", cap_team_usd=20.0, cap_user_requests=3)
    caps = [Cap(("team", "T1"), usd=20.0), Cap(("user", "T1/U7"), 3)]
    store.spend.reserve(caps, int(clock() // DAY_SECONDS), 3, 4.5)

    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    admins = Admins(settings, store.audit, clock)
    routing = RoutingService(catalog, Learner(TrigramEncoder()), store, CountingQueue(), admins)

    def stats_text(user):
        asking = make_command(store, settings, clock, user=user, routing=routing)
        return str(stats.run(asking).blocks)

    assert "$4.50 of $20.00" in stats_text("U1")
    assert "1 person, 0 channels" in stats_text("U1")
    assert "$20.00" not in stats_text("U2")


def test_a_click_that_passes_a_cap_is_refused_to_who_pressed_and_the_answer_stays(
    sandbox, replies, post_request, make_decision
):
    ada, request = post_request()
    mae = seed_data.user_id("mae")
    replies.deliver(request, make_decision(), Outcome(text="Done.", route="triage"))
    told_before = len(ada.ephemerals("general"))

    replies.deliver(request, make_decision(revision=1, asked_by=mae), USED_UP)

    assert "Done." in ada.thread("general", request.ts)[-1]["text"]
    assert sandbox.actor("mae").wait_for_ephemeral("general", "your share is used up")
    assert len(ada.ephemerals("general")) == told_before
