"""Renders an export's overview as one HTML file: no script, nothing fetched, light and dark."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from statistics import median_high

from bot.cli.mining_report import account
from bot.cli.mining_report import markdown as report
from bot.ui.texts import weekly
from router.candidate_evidence import GateOutcome
from router.text.printable import printable
from workers.readiness.exported.overview import Entry, MapPoint, Overview
from workers.readiness.money_text import dollars

HUES = 8
"""Colours of the style sheet; more requests than that repeat them."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy: even a text that escaped escaping could load or run nothing."""
MAP_WIDTH = 1000
MAP_HEIGHT = 600
NUMBER_COLUMNS = (2, 3, 6)
WEEKS_COLUMN = 4
BAR_HEIGHT = 20
MINUS = "−"


def render_html(overview: Overview) -> str:
    """Returns the whole page. Every text by people and models is escaped."""
    style = Path(__file__).with_name("style.css").read_text("utf-8")
    sections = [_header(overview), _tiles(overview)]
    sections += _list(report.NEAREST, account.nearest_lines(overview.nearest))
    if overview.entries:
        sections += [_map(overview), _table(overview), _cards(overview.entries), _costs(overview)]

    sections += _list(report.OTHER_BOTS, account.bot_lines(overview.bots))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">'
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(report.headline(overview))}</title>"
            f"<style>{style}</style></head><body><main>",
            *sections,
            _footer(overview),
            "</main></body></html>",
        ]
    )


def _header(overview: Overview) -> str:
    return (
        f"<header><h1>{escape(report.headline(overview))}</h1>"
        f"<p>{escape(report.summary(overview))}</p>"
        f"<p class=short>{escape(report.conclusion(overview))}</p></header>"
    )


def _list(title: str, sentences: Sequence[str]) -> list[str]:
    """Returns a section with these sentences; nothing without any."""
    if not sentences:
        return []

    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return [f"<section><h2>{escape(title)}</h2><ul>{items}</ul></section>"]


def _tiles(overview: Overview) -> str:
    share = overview.covered / max(overview.mined, 1)
    tuning_pays = sum(entry.record.tuning_pays for entry in overview.entries)
    tiles = [
        (f"{overview.mined:,}", "messages read"),
        (f"{share:.0%}", "of them repeat"),
        (str(len(overview.entries)), "repeated requests"),
        (str(tuning_pays), "where tuning pays"),
    ]

    cells = "".join(
        f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for value, name in tiles
    )
    return f'<section class="tiles">{cells}</section>'


def _map(overview: Overview) -> str:
    """Returns the map: a dot for each message, and at each request its number in the table."""
    # Grey dots first: what is drawn later covers what is below it.
    points = sorted(overview.points, key=lambda point: point.number > 0)
    shapes = []
    for point in points:
        radius = 5 if point.number else 3
        shapes.append(_circle(point.x, point.y, radius, _hue(point.number)))

    for entry in overview.entries:
        own_points = [point for point in overview.points if point.number == entry.number]
        if own_points:
            shapes.append(_mark(entry, own_points))

    return (
        '<section><h2>Map of the requests</h2><div class="map">'
        f'<svg viewBox="-24 -24 1048 648" role="img" aria-label="{escape(_map_label(overview))}">'
        f"{''.join(shapes)}</svg></div>"
        "<p class=note>Each dot is a message, near dots have a similar meaning; grey ones do not "
        "repeat. The map is an illustration: nothing was decided from it.</p></section>"
    )


def _mark(entry: Entry, points: Sequence[MapPoint]) -> str:
    """Returns the entry's number at the median of its points, which outliers do not move."""
    x = median_high(point.x for point in points)
    y = median_high(point.y for point in points)
    return (
        f'<a href="#r{entry.number}"><title>{escape(entry.label)}</title>'
        f"{_circle(x, y, 15, f'mark {_hue(entry.number)}')}"
        f'<text x="{x * MAP_WIDTH:.0f}" y="{y * MAP_HEIGHT:.0f}" '
        f'dominant-baseline="central">{entry.number}</text></a>'
    )


def _circle(x: float, y: float, radius: int, style: str) -> str:
    return (
        f'<circle cx="{x * MAP_WIDTH:.0f}" cy="{y * MAP_HEIGHT:.0f}" r="{radius}" class="{style}"/>'
    )


def _map_label(overview: Overview) -> str:
    names = ", ".join(f"{entry.number} {entry.label}" for entry in overview.entries)
    return f"Messages as dots; near ones are similar. Repeated requests: {names}"


def _hue(number: int) -> str:
    """Returns the style class of an entry's colour, `h0` (grey) for what does not repeat."""
    return f"h{(number - 1) % HUES + 1}" if number else "h0"


def _table(overview: Overview) -> str:
    names = ("#", "Request", "Requests", "People", "Four weeks", "Advice", "Tuning would")
    head = "".join(f"<th{_alignment(column)}>{name}</th>" for column, name in enumerate(names))
    body = "".join(f"<tr>{_cells(entry)}</tr>" for entry in overview.entries)

    return (
        "<section><h2>What repeats</h2>"
        '<div class="scroll" tabindex="0" role="region" aria-label="What repeats">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _alignment(column: int) -> str:
    return ' class="n"' if column in NUMBER_COLUMNS else ""


def _cells(entry: Entry) -> str:
    number, label, *values = report.row(entry)
    cells = [
        f'<td><span class="dot {_hue(entry.number)}">{number}</span></td>',
        f'<td><a href="#r{number}">{escape(label)}</a></td>',
    ]

    for column, value in enumerate(values, len(cells)):
        # The bars are markup of our own; all other cells are text.
        content = _weeks(entry.record.weekly) if column == WEEKS_COLUMN else escape(value)
        cells.append(f"<td{_alignment(column)}>{content}</td>")

    return "".join(cells)


def _weeks(counts: Sequence[int]) -> str:
    """Returns a bar for each week, oldest first."""
    maximum = max([*counts, 1])
    bars = []
    for week, count in enumerate(counts):
        height = max(1.0, BAR_HEIGHT * count / maximum)
        bars.append(
            f'<rect x="{week * 14}" y="{BAR_HEIGHT + 2 - height:.1f}" '
            f'width="11" height="{height:.1f}" rx="2"/>'
        )

    listed = ", ".join(map(str, counts))
    label = f'role="img" aria-label="a week: {listed}"'
    return (
        f'<svg class="weeks" viewBox="0 0 54 22" {label}>'
        f"<title>{listed}</title>{''.join(bars)}</svg>"
    )


def _cards(entries: Sequence[Entry]) -> str:
    return f"<section><h2>What to do</h2>{''.join(map(_card, entries))}</section>"


def _card(entry: Entry) -> str:
    record = entry.record
    quotes = "".join(f"<blockquote>{escape(example)}</blockquote>" for example in record.examples)
    if not report.repeats_example(entry):
        quotes = f"<p>{escape(entry.definition)}</p>{quotes}"

    gates = "".join(_gate(gate) for gate in record.gates)
    return (
        f'<article id="r{entry.number}"><h3>'
        f'<span class="dot {_hue(entry.number)}">{entry.number}</span> '
        f"{escape(entry.label)}</h3><p><b>{escape(weekly.advice(record))}.</b> "
        f"{escape(report.volume_sentence(entry))} {escape(account.asked_sentence(entry.asked))}"
        f"</p>{quotes}"
        f"<details><summary>Checks: {report.gate_counts(record.gates)}</summary>"
        f"<ul class=gates>{gates}</ul></details></article>"
    )


def _gate(gate: GateOutcome) -> str:
    style = {True: "yes", False: "no", None: "open"}[gate.passed]
    return (
        f'<li class="{style}"><b>{weekly.MARKS[gate.passed]}, '
        f"{escape(weekly.gate_title(gate))}</b> "
        f"{escape(report.gate_sentence(gate))}</li>"
    )


def _costs(overview: Overview) -> str:
    names = (
        "#",
        "Saved a call",
        "A month",
        "Before it starts",
        "Paid back after",
        "Needs, a month",
    )
    priced = [entry for entry in overview.entries if entry.record.money]
    table = ""
    if priced:
        head = "".join(f'<th class="n">{name}</th>' for name in names)
        rows = "".join(f"<tr>{_cost_cells(entry)}</tr>" for entry in priced)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    return (
        f"<section><h2>Costs</h2><p>{escape(report.cost_sentence(overview))}</p>"
        f'<div class="scroll" tabindex="0" role="region" aria-label="Costs">{table}</div></section>'
    )


def _cost_cells(entry: Entry) -> str:
    money = entry.record.money
    assert money is not None
    saved = money["saved_per_call_usd"]
    sign = MINUS if saved < 0 else ""

    payback = "never"
    break_even = money["break_even_months"]
    if break_even is not None:
        payback = f"{break_even['likely']:,.0f} months"

    needs = "no number pays"
    if money["calls_needed"] is not None:
        needs = f"about {report.round_roughly(money['calls_needed']):,} requests"

    values = [
        str(entry.number),
        f"{sign}${abs(saved):.6f}",
        weekly.a_month(entry.record),
        dollars(money["first_usd"]),
        payback,
        needs,
    ]
    return "".join(f'<td class="n">{escape(value)}</td>' for value in values)


def _footer(overview: Overview) -> str:
    left_out = "".join(f"<li>{escape(sentence)}</li>" for sentence in account.left_out(overview))
    return (
        f"<footer><h2>Left out</h2><ul>{left_out}</ul>"
        f"<h2>How this was made</h2><p>{escape(report.method(overview))}</p>"
        f"<p>{escape(report.LIMITS)}</p></footer>"
    )


def escape(text: str) -> str:
    """Returns people's and models' words as HTML text or a quoted attribute's value."""
    return html.escape(printable(text))
