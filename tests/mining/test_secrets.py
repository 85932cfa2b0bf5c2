"""Seeded secrets appear in no label, definition, example, page or log."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest

from bot.cli.mining_report import html as report_page
from bot.cli.mining_report import markdown as report
from router.config import Settings
from workers.mining.exports import Export
from workers.mining.rows import Row
from workers.readiness.exported.overview import build_overview
from workers.readiness.prices import Prices

SURNAMES = (
    "Okonkwo",
    "Lindqvist",
    "Marchetti",
    "Haverkamp",
    "Szymanski",
    "Tanaka",
    "Oduya",
    "Petrov",
    "Alvarez",
)


pytestmark = pytest.mark.usefixtures("no_map")
counts = pytest.mark.parametrize("count", [80, pytest.param(1_000, marks=pytest.mark.fuzz)])
"""Few messages in the fast tests; all of them take a minute."""


def repeated(repeated_requests, count):
    """This many requests, of three sorts or as many as leave forty of each."""
    names = ("vpn", "room", "invoice")[: count // 40]
    each, rest = divmod(count, len(names))
    sizes = [each + rest, *[each] * (len(names) - 1)]
    return [
        row
        for name, size in zip(names, sizes, strict=True)
        for row in repeated_requests(name, count=size, people=8 if name == "invoice" else 60)
    ]


def secrets(count):
    """Addresses, phone numbers, keys and names, each once."""
    random = np.random.default_rng(7)
    out = []

    for i in range(count):
        digits = "".join(map(str, random.integers(0, 10, 8)))
        letters = "".join(chr(97 + c) for c in random.integers(0, 26, 24))
        kinds = (
            f"{letters[:7]}.{digits}@example.org",
            f"+49 170 {digits}",
            f"sk-proj-{letters}{digits}",
            f"{letters[:6].capitalize()} {SURNAMES[i % len(SURNAMES)]}{letters[6:9]}",
        )

        out.append(kinds[i % 4])

    return out


@counts
def test_no_seeded_secret_is_in_anything_that_people_read(
    encode, caplog, repeated_requests, chatter, count
):
    hidden = secrets(count)
    names = frozenset(secret for i, secret in enumerate(hidden) if i % 4 == 3)
    plain = repeated(repeated_requests, count)
    rows = [
        Row(f"{row.text} {secret}", row.user, row.at, row.channel)
        for row, secret in zip(plain, hidden, strict=True)
    ]
    logs = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(logs))

    export = Export((*rows, *chatter(max(count, 300))), names, 0, "CSV")
    seen = build_overview(export, encode, Settings(_env_file=None), Prices(lambda _: None))

    shown = (
        report.render_markdown(seen)
        + report_page.render_html(seen)
        + logs.getvalue()
        + caplog.text
        + repr(seen.entries)
    )

    assert seen.entries
    assert [secret for secret in hidden if secret in shown or secret.split()[-1] in shown] == []


GREETINGS = ("Hi {},", "hey {}!", "Hello {}:", "Good morning {},", "Dear {},", "Hi there {} -")


def rare_name(n):
    """A name that is on no list."""
    return "".join(
        "bcdfgklmnprstvz"[(n // 15**i) % 15] + "aeiou"[(n + i) % 5] for i in range(4)
    ).capitalize()


@counts
@pytest.mark.parametrize("writers", [1, 60])
def test_a_name_that_no_list_knows_is_hidden_after_a_greeting_however_many_write_it(
    encode, repeated_requests, chatter, writers, count
):
    greeted = [rare_name(n if writers == 1 else 4_242) for n in range(count)]
    plain = repeated(repeated_requests, count)
    rows = [
        Row(
            f"{GREETINGS[n % len(GREETINGS)].format(name)} {row.text} at desk {n % 37}",
            row.user,
            row.at,
            row.channel,
        )
        for n, (row, name) in enumerate(zip(plain, greeted, strict=True))
    ]

    seen = build_overview(
        Export((*rows, *chatter(max(count, 300))), frozenset(), 0, "CSV"),
        encode,
        Settings(_env_file=None),
        Prices(lambda _: None),
    )

    shown = report.render_markdown(seen) + report_page.render_html(seen) + repr(seen.entries)
    assert seen.entries
    assert [name for name in set(greeted) if name.lower() in shown.lower()] == []


def test_a_secret_that_one_person_repeats_is_in_no_example(encode, repeated_requests, chatter):
    hidden = secrets(40)
    rows = [
        Row(f"{row.text} {hidden[n % 4 * 10 + n % 3]}", f"u{n % 4}", row.at, row.channel)
        for n, row in enumerate(repeated_requests("vpn", count=200))
    ]
    others = repeated_requests("vpn", count=200, people=40)
    export = Export((*rows, *others, *chatter(400)), frozenset(), 0, "CSV")
    seen = build_overview(export, encode, Settings(_env_file=None), Prices(lambda _: None))
    shown = report.render_markdown(seen) + report_page.render_html(seen) + repr(seen.entries)
    assert [secret for secret in hidden if secret in shown] == []
