"""Each figure is the same on every screen that shows it, whatever has happened."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import asdict, dataclass, replace

import pytest

from bot.ui import stats as stats_view
from bot.ui.texts import stats as stats_texts
from bot.ui.texts import weekly as texts
from bot.weekly import approval_dialog, candidate_view
from router.candidate_evidence import CandidateEvidence, GateOutcome
from router.config import Settings
from router.store.usage.spend import Cap
from router.store.usage.stats import day_start
from router.types import Candidate, Feedback, Outcome, Tokens
from workers.jobs.digest import period_numbers
from workers.llm.pricing import Price
from workers.readiness.money_text import format_usd, monthly_saving
from workers.readiness.roi import CostModel, Interval, TuningCosts, estimate_roi, monthly_text

ROUTES = ("rewrite", "triage", "handbook")
DAY = 86_400.0
FEW, MANY = 12, 1_000


@dataclass
class Expected:
    """What a person with pen and paper would count."""

    requests: int = 0
    answered: int = 0
    asked: int = 0
    asked_answered: int = 0
    out_of_scope: int = 0
    failed: int = 0
    corrected: int = 0
    usd: float = 0.0


class History:
    """What happens in a workspace in a few days, drawn at random and written down beside it."""

    def __init__(self, store, clock, make_request, make_decision, seed: int) -> None:
        self.store, self.clock, self.team = store, clock, f"T{seed}"
        self.make_request, self.make_decision = make_request, make_decision
        self.rng = random.Random(seed)
        self.expected = Expected()

    def play(self) -> None:
        for _ in range(self.rng.randrange(1, 14)):
            self.clock.forward(self.rng.choice((3.0, 900.0, 0.3 * DAY)))
            self.ask()
            if self.rng.random() < 0.3:
                self.pay(self.rng.choice((0.0, 0.002, 0.4)))  # a name, a trial, a test

    def ask(self) -> None:
        new = self.make_request(team=self.team)
        self.store.requests.insert(new, self.clock())
        self.expected.requests += 1
        verb = self.rng.choice(("route", "route", "route", "ask", "out_of_scope"))
        route = self.rng.choice(ROUTES) if verb == "route" else None
        decision = self.make_decision(route, verb=verb, seconds=0.02)
        self.store.decisions.insert_first(new.id, decision, self.clock())
        if self.rng.random() < 0.1:
            self.expected.asked += verb == "ask"
            self.expected.out_of_scope += verb == "out_of_scope"
            return  # still open

        is_wrong_route = route is not None and self.rng.random() < 0.2
        is_chosen = verb == "ask" and self.rng.random() < 0.5
        failed = self.rng.random() < 0.2
        is_again = is_wrong_route or is_chosen
        self.serve(new, failed=failed and not is_again)
        if is_again:
            self.choose(new, failed=failed)
            self.expected.corrected += is_wrong_route

        self.expected.failed += failed
        if failed:
            return

        self.expected.answered += verb == "route" or is_chosen
        self.expected.asked += verb == "ask"
        self.expected.asked_answered += is_chosen
        self.expected.out_of_scope += verb == "out_of_scope"

    def serve(self, request, *, failed: bool) -> None:
        decision = self.store.decisions.newest(request.id)
        lease = self.store.requests.acquire(request.id, "w", self.clock(), 60)
        usd = self.rng.choice((0.0, 0.0007, 0.25)) if decision.route else 0.0
        outcome = Outcome(
            "an answer",
            tokens=Tokens(query=3, output=4),
            usd=usd,
            seconds=1.5,
            model="m",
            route=decision.route or "",
            kind="prompt" if decision.route else None,
            error="model" if failed else None,
        )
        self.store.decisions.insert_outcome(request.id, decision.revision, outcome, self.clock())
        # A person may be told of an error, or the request is given up: both have failed.
        state = self.rng.choice(("dead", "answered")) if failed else "answered"
        self.store.requests.complete(lease, state, self.clock())
        self.pay(usd)

    def choose(self, request, *, failed: bool) -> None:
        decision = self.store.decisions.newest(request.id)
        other = self.rng.choice([route for route in ROUTES if route != decision.route])
        self.store.feedback.record(Feedback(request.id, "U1", "route", other, self.clock()))
        revised = replace(decision, verb="route", route=other, reason={"chosen": "by a person"})
        self.store.decisions.revise(
            request.id, revised, decision.revision, self.clock(), asked_by="U1"
        )
        self.serve(request, failed=failed)

    def pay(self, usd: float) -> None:
        scope = ("team", self.team)
        self.store.spend.reserve([Cap(scope)], int(self.clock() // DAY), 0, usd)
        self.expected.usd += usd


def check_history(store, clock, make_request, make_decision, seed: int) -> None:
    totals_before = store.stats.totals()
    history = History(store, clock, make_request, make_decision, seed)
    history.play()
    expected = history.expected

    period = store.stats.since(history.team, day_start(clock(), 30))
    told = stats_view.figures(period)
    digest = period_numbers(period)
    table = stats_view.data_table("30d", period)["rows"][1:]
    rows = list(csv.DictReader(io.StringIO(stats_view.as_csv(period).removeprefix("\ufeff"))))
    totals = store.stats.totals()
    today = store.spend.usage(("team", history.team), int(clock() // DAY)).usd

    # Home, digest, stats: counts, and money in all.
    assert told[stats_texts.REQUESTS].split()[0] == str(expected.requests)
    assert told[stats_texts.ANSWERED] == str(expected.answered) == str(digest["answered"])
    assert told[stats_texts.FAILED] == str(expected.failed) == str(digest["failed"])
    assert told[stats_texts.CORRECTED].split()[0] == str(expected.corrected)
    assert digest["corrected"] == expected.corrected
    assert told[stats_texts.COST].split()[0] == format_usd(period.spent_usd)
    assert period.spent_usd == pytest.approx(expected.usd)
    assert digest["usd"] == pytest.approx(expected.usd, abs=1e-6)
    for name in ("asked", "asked_answered", "out_of_scope"):
        assert getattr(period, name) == digest[name] == getattr(expected, name), name

    waiting = expected.asked - expected.asked_answered
    parts = expected.answered + expected.failed + waiting + expected.out_of_scope
    assert expected.requests - parts == period.other == digest["other"] >= 0
    assert sum(route.requests - route.failed for route in period.routes) == expected.answered
    assert today <= period.spent_usd + 1e-9

    # The file and the table add up to the totals.
    assert sum(float(row["usd"]) for row in rows) == pytest.approx(expected.usd)
    assert sum(int(row["corrected"]) for row in rows) == expected.corrected
    assert sum(int(row["failed"]) for row in rows) <= expected.failed
    assert len(table) in (len(rows) - 1, len(rows))

    # Monitoring counts the same answers.
    assert sum(totals.usd.values()) - sum(totals_before.usd.values()) == pytest.approx(period.usd)
    errors = sum(totals.errors.values()) - sum(totals_before.errors.values())
    assert errors == expected.failed


def make_candidate(rng: random.Random) -> tuple[Candidate, str]:
    """A candidate with drawn prices and volume, and the sentence about its money."""
    prompted = CostModel("prompted", Price(*[rng.uniform(1e-7, 5e-5)] * 3), 1_500, 60)
    tuned = CostModel("tuned", Price(*[rng.uniform(1e-7, 5e-5)] * 3), 260, 60)
    roi = estimate_roi(
        [prompted],
        tuned,
        Interval.around(rng.choice((3, 80, 4_000, 1e6)), 0.25),
        TuningCosts(drift_usd=rng.choice((0.0, 5.0)), retrain_usd=rng.choice((0.0, 120.0))),
    )
    month = roi.monthly_usd
    gate = GateOutcome(
        name="roi",
        passed=roi.pays,
        figure=monthly_text(month, roi.break_even_months),
        limit="pays",
    )
    money = json.loads(json.dumps(asdict(roi)).replace("Infinity", "null"))
    evidence = CandidateEvidence(
        count=40, people=8, gates=(gate,), reasons=roi.why, money=money, examples=("vpn",)
    )
    candidate = Candidate("c", "T1", "vpn", "", "digested", evidence=evidence)
    return candidate, monthly_saving(month.low, month.likely, month.high)


def check_money(seed: int) -> None:
    candidate, sentence = make_candidate(random.Random(seed))
    settings = Settings(_env_file=None)

    for name, screen in (
        ("card", candidate_view.candidate_card(candidate)),
        ("home", candidate_view.home_cards([candidate], {})),
        ("dialog", approval_dialog.approval_view(candidate, settings)),
        ("examples", candidate_view.examples(candidate)),
    ):
        shown = json.dumps(screen, ensure_ascii=False)
        assert sentence in shown, name
        # Nobody reads a second amount a month that differs.
        assert shown.count(" a month") == shown.count(sentence), name

    assert texts.a_month(candidate.evidence) == sentence


@pytest.mark.parametrize("seed", range(FEW))
def test_screens_agree_about_a_history(seed, store, clock, make_request, make_decision):
    check_history(store, clock, make_request, make_decision, seed)


@pytest.mark.nightly
def test_screens_agree_about_a_thousand_histories(store, clock, make_request, make_decision):
    for seed in range(MANY):
        check_history(store, clock, make_request, make_decision, 100 + seed)


@pytest.mark.parametrize("seed", range(FEW))
def test_screens_agree_about_what_tuning_would_save(seed):
    check_money(seed)


@pytest.mark.fuzz
def test_screens_agree_about_a_thousand_savings():
    for seed in range(MANY):
        check_money(100 + seed)


@pytest.mark.parametrize(
    ("low", "likely", "high", "text"),
    [
        (-6.65, -6.648, -6.64, "lose about $6.65 a month"),
        (7.0, 9.0, 11.0, "save about $9.00 a month, between $7.00 and $11"),
        (-1.0, 2.0, 5.0, "save about $2.00 a month; at worst lose $1.00, at best save $5.00"),
    ],
)
def test_a_range_is_told_only_where_it_says_something(low, likely, high, text):
    assert monthly_saving(low, likely, high) == text
