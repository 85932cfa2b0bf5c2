"""The report of `beagle mine`: readable, self-contained, and safe against hostile messages."""

from __future__ import annotations

import dataclasses
import json
import re
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from bot.cli import mine
from bot.cli.__main__ import app
from bot.cli.mining_report import html as report_page
from bot.cli.mining_report import markdown as report
from bot.demo.chat_export import write_sample
from router.config import Settings
from router.errors import InputError, ModelError
from workers.llm.fake_server import fake_model_server
from workers.llm.fakes import ScriptedModel
from workers.llm.pricing import Price
from workers.mining.exports import Answer, BotRequest, Export, read_export
from workers.mining.llm_naming import Namer
from workers.readiness.exported.overview import Entry, MapPoint, Overview, build_overview
from workers.readiness.exported.window import FOUR_WEEKS, parse_window
from workers.readiness.prices import Prices

LISTED = {
    "gpt-4o-mini": Price(1.5e-7, 7.5e-8, 6e-7),
    "gpt-5.6-luna": Price(1.5e-7, 7.5e-8, 6e-7),
    "local": Price(),
}
EVIL = "<img src=x onerror=alert(1)>\"'&| [x](http://evil.example) `code`"


@pytest.fixture(scope="module")
def seen(encode, repeated_requests, chatter):
    rows = (*repeated_requests("vpn"), *repeated_requests("invoice", count=36), *chatter(400))
    return build_overview(
        Export(rows, frozenset(), 3, "CSV"), encode, Settings(_env_file=None), Prices(LISTED.get)
    )


def evil(entry):
    record = dataclasses.replace(entry.record, examples=(EVIL,))
    return Entry(1, EVIL, EVIL, record)


def test_the_report_says_what_repeats_with_figures_and_money(seen):
    text = report.render_markdown(seen)
    assert text.startswith("# ")
    assert all(entry.label in text.replace("\\", "") for entry in seen.entries)
    assert "gpt-5.6-luna" in text
    assert "3 lines that could not be read" in text


@pytest.mark.usefixtures("no_map")
def test_without_a_known_price_nothing_is_claimed(encode, repeated_requests, chatter):
    rows = (*repeated_requests("vpn"), *chatter(400))
    bare = build_overview(
        Export(rows, frozenset(), 0, "CSV"),
        encode,
        Settings(_env_file=None),
        Prices(lambda _: None),
    )

    assert "nothing is claimed" in report.render_markdown(bare)
    assert "no price known" in report.render_markdown(bare)


@pytest.mark.usefixtures("no_map")
def test_an_export_in_which_nothing_repeats_says_so(encode, chatter):
    export = Export(tuple(chatter(100)), frozenset(), 0, "CSV")
    empty = build_overview(export, encode, Settings(_env_file=None), Prices(LISTED.get))
    assert report.render_markdown(empty).startswith(
        "# Nothing repeats often enough in 100 messages"
    )
    assert "<table" not in report_page.render_html(empty)


def named_by(model, encode, repeated_requests, chatter):
    settings = Settings(_env_file=None, model="gpt-4o-mini")
    export = Export(
        (*repeated_requests("vpn"), *repeated_requests("invoice", count=36), *chatter(400)),
        frozenset(),
        0,
        "CSV",
    )

    return build_overview(
        export, encode, settings, Prices(LISTED.get), namer=Namer(model, settings)
    )


@pytest.mark.usefixtures("no_map")
def test_a_model_names_the_report_when_a_person_asks_and_the_report_says_so(
    seen, encode, repeated_requests, chatter
):
    said = '{"label": "ask for a thing", "definition": "People ask for a thing."}'
    told = named_by(ScriptedModel([said] * 9), encode, repeated_requests, chatter)
    assert {(entry.label, entry.definition) for entry in told.entries} == {
        ("ask for a thing", "People ask for a thing.")
    }

    for text in (report.render_markdown(told), report_page.render_html(told)):
        assert "were sent to the model “gpt-4o-mini”" in text

    for text in (report.render_markdown(seen), report_page.render_html(seen)):
        assert report.LOCAL_ONLY in text
        assert "were sent" not in text


@pytest.mark.usefixtures("no_map")
def test_a_model_that_failed_was_still_sent_something(seen, encode, repeated_requests, chatter):
    told = named_by(ScriptedModel([ModelError("away")]), encode, repeated_requests, chatter)
    assert {entry.label for entry in told.entries} == {entry.label for entry in seen.entries}
    assert "were sent to the model" in report.render_markdown(told)


def test_the_small_model_is_refused_for_names(tmp_path):
    told = CliRunner().invoke(app, ["mine", str(tmp_path / "none.zip"), "--name-by-model"])
    assert "--name-by-model" in str(told.exception)


def test_the_page_fetches_nothing_and_runs_nothing(seen):
    page = report_page.render_html(seen)
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:script|link|img|iframe|object)\b|url\(|@import|https?://", page)


def test_words_of_people_cannot_break_out(seen):
    hostile = Overview(
        **{
            name: getattr(seen, name)
            for name in Overview.__slots__
            if name not in ("entries", "points")
        },
        entries=[evil(seen.entries[0])],
        points=[MapPoint(0.5, 0.5, 1)],
    )

    assert "<img" not in report_page.render_html(hostile)
    assert not re.search(r"(?<!\\)<img|(?<!\\)\[x|(?<!\\)`", report.render_markdown(hostile))


def test_every_row_on_the_map_is_inside_it(seen):
    assert seen.points
    assert all(0 <= spot.x <= 1 and 0 <= spot.y <= 1 for spot in seen.points)
    assert {spot.number for spot in seen.points} == {0, *(entry.number for entry in seen.entries)}


def test_the_command_names_what_it_cannot_read(tmp_path):
    told = CliRunner().invoke(app, ["mine", str(tmp_path / "none.zip")])
    assert "no such file or folder" in str(told.exception)


@pytest.mark.usefixtures("no_map")
def test_the_command_reads_a_file_and_saves_both_forms(tmp_path, repeated_requests, chatter):
    file = tmp_path / "log.jsonl"
    rows = [*repeated_requests("vpn"), *chatter(60)]
    file.write_text(
        "\n".join(json.dumps({"text": row.text, "user": row.user, "at": row.at}) for row in rows),
        "utf-8",
    )
    told = CliRunner().invoke(app, ["mine", str(file), "--out", str(tmp_path / "out"), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["messages"] == 100
    assert (tmp_path / "out/digest.html").read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "out/digest.md").exists()


@pytest.mark.usefixtures("no_map")
def test_the_command_calls_the_configured_model_only_with_the_option(
    tmp_path, repeated_requests, monkeypatch, encode
):
    monkeypatch.setattr(mine, "encoder", lambda _: SimpleNamespace(encode=encode))
    file = tmp_path / "log.jsonl"
    rows = [
        {"text": row.text, "user": row.user, "at": row.at}
        for row in repeated_requests("room", count=60)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")

    with fake_model_server(
        text='{"label": "ask for a thing", "definition": "People ask for a thing."}'
    ) as server:
        own = Settings(_env_file=None, model="served", model_url=server.url)
        plain = json.loads(mine.mine_export(own, file, tmp_path / "out", as_json=True))
        assert server.requests == []
        named = json.loads(
            mine.mine_export(own, file, tmp_path / "out", as_json=True, name_by_model=True)
        )
        assert len(server.requests) == len(named["requests"]) > 0

    assert {one["label"] for one in named["requests"]} == {"ask for a thing"}
    assert "ask for a thing" not in {one["label"] for one in plain["requests"]}


def overview_of(export, encode, **changes):
    settings = Settings(_env_file=None, **changes)
    return build_overview(export, encode, settings, Prices(LISTED.get))


@pytest.mark.usefixtures("no_map")
def test_everything_that_was_read_is_accounted_for(encode, repeated_requests, chatter):
    old = [dataclasses.replace(row, at=row.at - 90 * 86_400) for row in chatter(30, seed=7)]
    export = Export(
        (*repeated_requests("vpn"), *chatter(200), *old),
        frozenset(),
        3,
        "Slack export",
        bots={"Deployer": 12},
        events=4,
        without_text=5,
        outsiders=6,
        forms={"IT help": 2},
        notes=("1 × the time 'x' is none",),
    )
    text = report.render_markdown(overview_of(export, encode)).replace("\\", "")

    for line in (
        "30 messages older than 28 days before the newest; `--window all` reads them too",
        "12 messages of the bot “Deployer”",
        "2 submissions of the form “IT help” are read as the messages of",
        "4 notices of Slack",
        "5 messages without text",
        "6 messages by people of other companies",
        "3 lines that could not be read",
        "1 × the time 'x' is none",
    ):
        assert line in text


@pytest.mark.usefixtures("no_map")
def test_the_window_reaches_as_far_as_it_is_asked_to(encode, repeated_requests, chatter):
    old = [
        dataclasses.replace(row, at=row.at - 90 * 86_400)
        for row in repeated_requests("invoice", count=40)
    ]
    export = Export((*repeated_requests("vpn"), *chatter(300), *old), frozenset(), 0, "CSV")
    settings = Settings(_env_file=None)

    def labels(window):
        found = build_overview(export, encode, settings, Prices(LISTED.get), window=window)
        return " ".join(entry.label for entry in found.entries)

    assert "invoice" in labels(parse_window("all"))
    assert "invoice" not in labels(parse_window("28d"))


@pytest.mark.parametrize(("text", "seconds"), [("28d", FOUR_WEEKS), ("4w", FOUR_WEEKS)])
def test_a_window_is_days_weeks_or_all(text, seconds):
    assert parse_window(text) == seconds
    assert parse_window("ALL") is None


@pytest.mark.parametrize("text", ["", "soon", "0d", "-3d", "28"])
def test_another_window_is_refused_with_what_is_expected(text):
    with pytest.raises(InputError, match="28d"):
        parse_window(text)


@pytest.mark.usefixtures("no_map")
def test_an_empty_report_names_what_came_nearest_and_what_stopped_it(
    encode, repeated_requests, chatter
):
    rows = (*repeated_requests("vpn", people=4), *chatter(200))
    found = overview_of(Export(rows, frozenset(), 0, "CSV"), encode, mine_min_people=5)
    text = report.render_markdown(found)

    assert not found.entries
    assert report.NEAREST in text
    assert "4 people asked, at least 5 must have" in text
    assert "vpn" not in text.split(report.NEAREST)[1]
    assert report.NEAREST in report_page.render_html(found)


@pytest.mark.usefixtures("no_map")
def test_a_request_says_where_it_is_asked_how_soon_it_is_answered_and_what_that_takes(
    encode, repeated_requests, chatter
):
    asked = [
        dataclasses.replace(row, channel="help" if number % 4 else "random")
        for number, row in enumerate(repeated_requests("vpn", count=48))
    ]
    answers = {
        (row.channel, row.at): Answer(600.0, f"A{number % 6}")
        for number, row in enumerate(asked[:24])
    }
    export = Export((*asked, *chatter(300)), frozenset(), 0, "Slack export", answers=answers)
    found = overview_of(export, encode, request_minutes=10.0, reviewer_usd_per_hour=60.0)
    text = report.render_markdown(found).replace("\\", "")

    assert "Asked in help (" in text
    assert "half of these within 10 minutes; 6 people did" in text
    assert "The most that one person answered is 4" in text
    assert "hours a month on it ($" in text
    assert not re.search(r"\bA[0-5]\b", text)

    free = overview_of(export, encode, request_minutes=0.0)
    assert "hours a month" not in report.render_markdown(free)


@pytest.mark.usefixtures("no_map")
def test_what_people_ask_other_assistants_is_said_with_its_price(
    encode, repeated_requests, chatter
):
    asked = repeated_requests("room", count=48)
    requests = tuple(BotRequest("Helper", row) for row in asked)
    export = Export((*asked, *chatter(300)), frozenset(), 0, "Slack export", bot_requests=requests)
    text = report.render_markdown(overview_of(export, encode)).replace("\\", "")

    assert report.OTHER_BOTS in text
    assert "“Helper”: asked 48 times by 8 people." in text
    assert "at the list price of gpt-5.6-luna, $0 here." in text


@pytest.mark.usefixtures("no_map")
def test_messages_without_times_are_no_messages_of_an_unknown_day(encode, repeated_requests):
    rows = [dataclasses.replace(row, at=0.0) for row in repeated_requests("vpn")]
    text = report.render_markdown(overview_of(Export(tuple(rows), frozenset(), 0, "CSV"), encode))

    assert "CSV, without times: " in text
    assert "unknown day" not in text


@pytest.mark.usefixtures("no_map")
def test_a_report_speaks_of_an_export_and_of_models_as_people_do(encode, repeated_requests):
    export = Export(tuple(repeated_requests("vpn")), frozenset(), 0, "CSV")
    text = report.render_markdown(overview_of(export, encode, tuned_model="local"))

    assert "| tuning would |" in text
    assert "a tuned local" not in text
    assert "on local," not in text
    assert "Each week Beagle" not in text


def test_a_sample_export_is_made_and_can_be_read(tmp_path):
    file = tmp_path / "new" / "sample.csv"
    write_sample(file, 1_790_000_000.0)
    export = read_export(file)

    assert len(export.rows) > 500
    assert len({row.user for row in export.rows}) > 5
    assert not export.skipped
    assert any("meeting room" in row.text for row in export.rows)


def test_a_sample_never_replaces_somebodys_file(tmp_path):
    (tmp_path / "own.csv").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="is there already"):
        write_sample(tmp_path / "own.csv", 1.0)

    assert (tmp_path / "own.csv").read_text("utf-8") == "mine"
