"""An overview as one HTML file: no script, nothing fetched, light and dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from bot.cli.mining_report import markdown as report
from bot.ui.texts import weekly
from router.candidate_evidence import GateOutcome
from workers.readiness.export_overview import Entry, Overview

HUES = 8
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render_html(seen: Overview) -> str:
    """The whole page. Every word of people and models is escaped."""
    style = Path(__file__).with_name("style.css").read_text("utf-8")
    parts = [_head(seen), _tiles(seen)]
    if seen.entries:
        parts += [_map(seen), _table(seen), _cards(seen.entries), _money(seen)]

    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
            f"<title>{escape(report.headline(seen))}</title><style>{style}</style></head><body><main>",
            *parts,
            _foot(seen),
            "</main></body></html>",
        ]
    )


def _head(seen: Overview) -> str:
    return (
        f"<header><h1>{escape(report.headline(seen))}</h1><p>{escape(report.summary(seen))}</p>"
        f"<p class=short>{escape(report.conclusion(seen))}</p></header>"
    )


def _tiles(seen: Overview) -> str:
    share = seen.covered / max(seen.mined, 1)
    pays = sum(entry.record.tuning_pays for entry in seen.entries)
    tiles = [
        (f"{seen.mined:,}", "messages read"),
        (f"{share:.0%}", "of them repeat"),
        (str(len(seen.entries)), "repeated requests"),
        (str(pays), "where tuning pays"),
    ]

    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in tiles
    )
    return f'<section class="tiles">{cells}</section>'


def _map(seen: Overview) -> str:
    """Each message a dot; a number where a request is at home, the same as in the table."""
    dots = [
        _circle(spot.x, spot.y, 5 if spot.number else 3, _hue(spot.number))
        for spot in sorted(seen.points, key=lambda spot: spot.number > 0)
    ]
    marks = []

    for entry in seen.entries:
        own = [spot for spot in seen.points if spot.number == entry.number]
        if own:
            x, y = (
                sorted(values)[len(values) // 2]
                for values in ([s.x for s in own], [s.y for s in own])
            )
            marks.append(
                f'<a href="#r{entry.number}"><title>{escape(entry.label)}</title>'
                f"{_circle(x, y, 15, f'mark {_hue(entry.number)}')}"
                f'<text x="{x * 1000:.0f}" y="{y * 600:.0f}" dominant-baseline="central">{entry.number}</text></a>'
            )

    return (
        '<section><h2>Map of the requests</h2><div class="map">'
        f'<svg viewBox="-24 -24 1048 648" role="img" aria-label="{escape(_map_description(seen))}">'
        f"{''.join(dots)}{''.join(marks)}</svg></div>"
        "<p class=note>Each dot is a message, near dots have a similar meaning; grey ones do not repeat. The map is "
        "an illustration: nothing was decided from it.</p></section>"
    )


def _circle(x: float, y: float, radius: int, kind: str) -> str:
    return f'<circle cx="{x * 1000:.0f}" cy="{y * 600:.0f}" r="{radius}" class="{kind}"/>'


def _map_description(seen: Overview) -> str:
    names = ", ".join(f"{entry.number} {entry.label}" for entry in seen.entries)
    return f"Messages as dots; near ones are similar. Repeated requests: {names}"


def _hue(number: int) -> str:
    return f"h{(number - 1) % HUES + 1}" if number else "h0"


def _table(seen: Overview) -> str:
    heads = ("#", "Request", "Requests", "People", "Four weeks", "Advice", "Tuning saves, a month")
    head = "".join(f"<th{_number(i)}>{name}</th>" for i, name in enumerate(heads))
    body = "".join(f"<tr>{_cells(entry)}</tr>" for entry in seen.entries)

    return (
        '<section><h2>What repeats</h2><div class="scroll" tabindex="0" role="region" aria-label="What repeats">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _number(column: int) -> str:
    return ' class="n"' if column in (2, 3, 6) else ""


def _cells(entry: Entry) -> str:
    number, label, *rest = report.row(entry)
    rest[2] = _weeks(entry.record.weekly)
    cells = [f'<td><span class="dot {_hue(entry.number)}">{number}</span></td>']
    cells.append(f'<td><a href="#r{number}">{escape(label)}</a></td>')
    cells += [
        f"<td{_number(i)}>{value if i == 4 else escape(value)}</td>"
        for i, value in enumerate(rest, 2)
    ]

    return "".join(cells)


def _weeks(weekly: Sequence[int]) -> str:
    """Four bars, oldest first."""
    most, said = max([*weekly, 1]), ", ".join(map(str, weekly))
    heights = [max(1.0, 20 * count / most) for count in weekly]
    bars = "".join(
        f'<rect x="{i * 14}" y="{22 - height:.1f}" width="11" height="{height:.1f}" rx="2"/>'
        for i, height in enumerate(heights)
    )
    about = f'role="img" aria-label="a week: {said}"'

    return f'<svg class="weeks" viewBox="0 0 54 22" {about}><title>{said}</title>{bars}</svg>'


def _cards(entries: Sequence[Entry]) -> str:
    return f"<section><h2>What to do</h2>{''.join(map(_card, entries))}</section>"


def _card(entry: Entry) -> str:
    record = entry.record
    quotes = "".join(f"<blockquote>{escape(example)}</blockquote>" for example in record.examples)
    gates = "".join(_gate(gate) for gate in record.gates)

    if not report.repeats_example(entry):
        quotes = f"<p>{escape(entry.definition)}</p>{quotes}"

    return (
        f'<article id="r{entry.number}"><h3><span class="dot {_hue(entry.number)}">{entry.number}</span> '
        f"{escape(entry.label)}</h3><p><b>{escape(weekly.advice(record))}.</b> "
        f"{escape(report.volume_sentence(entry))}</p>{quotes}"
        f"<details><summary>Checks: {report.gate_counts(record.gates)}</summary><ul class=gates>{gates}</ul>"
        "</details></article>"
    )


def _gate(gate: GateOutcome) -> str:
    kind = {True: "yes", False: "no", None: "open"}[gate.passed]
    return (
        f'<li class="{kind}"><b>{weekly.MARKS[gate.passed]} {escape(weekly.gate_title(gate))}</b> '
        f"{escape(weekly.gate_sentence(gate))}</li>"
    )


def _money(seen: Overview) -> str:
    heads = (
        "#",
        "Saved a call",
        "A month",
        "Before it starts",
        "Paid back after",
        "Needs, a month",
    )

    rows = "".join(
        f"<tr>{_money_cells(entry)}</tr>" for entry in seen.entries if entry.record.money
    )
    head = "".join(f'<th class="n">{name}</th>' for name in heads)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""

    return (
        f"<section><h2>Costs</h2><p>{escape(report.cost_sentence(seen))}</p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Costs">{table}</div></section>'
    )


def _money_cells(entry: Entry) -> str:
    found = entry.record.money
    assert found is not None
    even, needed = found["break_even_months"], found["calls_needed"]
    values = [
        str(entry.number),
        f"{'−' * (found['saved_per_call_usd'] < 0)}${abs(found['saved_per_call_usd']):.6f}",
        weekly.a_month(entry.record),
        weekly.dollars(found["first_usd"]),
        "never" if even is None else f"{even['likely']:,.0f} months",
        "no number pays" if needed is None else f"about {report.round_roughly(needed):,} requests",
    ]

    return "".join(f'<td class="n">{escape(value)}</td>' for value in values)


def _foot(seen: Overview) -> str:
    left = "".join(f"<li>{escape(said)}</li>" for said in report.left_out(seen))
    return (
        f"<footer><h2>Left out</h2><ul>{left}</ul><h2>How this was made</h2><p>{escape(report.method(seen))}</p>"
        f"<p>{escape(report.LIMITS)}</p></footer>"
    )
