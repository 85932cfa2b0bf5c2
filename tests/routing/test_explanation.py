"""Whoever asks why reads plain words; the figures behind them are for admins alone."""

from __future__ import annotations

from bot.admins import Admins
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.types import SlackPerson
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder


def test_only_an_admin_reads_scores_versions_and_times(tmp_path, store, clock, make_request):
    write_routes(tmp_path / "routes")
    settings = Settings(_env_file=None, admins="UADMIN")  # type: ignore[call-arg, arg-type]
    admins = Admins(settings, store.audit, clock)
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    routing = RoutingService(
        load_routes(tmp_path / "routes"), learner, store, CountingQueue(), admins
    )
    request = make_request("reset my password please")
    store.requests.insert(request, clock())
    decision = routing.decide(request)

    to_employee = routing.explanation(request, decision, SlackPerson("T1", "U1"))
    to_admin = routing.explanation(request, decision, SlackPerson("T1", "UADMIN"))

    assert to_employee.plain
    assert not to_employee.technical
    assert any(decision.router_version in line for line in to_admin.technical)
    # Of the same id elsewhere nobody is an admin.
    stranger = SlackPerson("T1", "UADMIN", "T2")
    assert not routing.explanation(request, decision, stranger).technical
