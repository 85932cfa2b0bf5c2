"""A thousand seeded secrets: none in a label, a definition, an example, a page or a log."""

from __future__ import annotations

import io
import logging

import numpy as np

from bot import report, report_page
from router.config import Settings
from workers.evidence import Prices
from workers.exports import Export
from workers.mining.rows import Row
from workers.overview import look_over

SURNAMES = ("Okonkwo", "Lindqvist", "Marchetti", "Haverkamp", "Szymanski", "Tanaka", "Oduya", "Petrov", "Alvarez")


def secrets(count=1_000):
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


def test_no_seeded_secret_is_in_anything_that_people_read(encode, caplog, asked, chatter):
    hidden = secrets()
    names = frozenset(secret for i, secret in enumerate(hidden) if i % 4 == 3)
    plain = [*asked("vpn", count=340, people=60), *asked("invoice", count=330), *asked("room", count=330, people=60)]
    rows = [
        Row(f"{row.text} {secret}", row.user, row.at, row.channel) for row, secret in zip(plain, hidden, strict=True)
    ]
    logs = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(logs))

    export = Export((*rows, *chatter(1_000)), names, 0, "CSV")
    seen = look_over(export, encode, Settings(_env_file=None), Prices(lambda _: None))

    shown = report.markdown(seen) + report_page.html(seen) + logs.getvalue() + caplog.text + repr(seen.entries)
    assert seen.entries
    assert [secret for secret in hidden if secret in shown or secret.split()[-1] in shown] == []
