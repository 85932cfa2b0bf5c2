"""Model output cannot become a link, a mention or an image."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replies.stream import escape_markdown
from bot.ui import rich_text

ATOMS = [
    "<!channel>", "<!here>", "<@U123>", "<#C1|x>", "<https://evil.example|click>",
    "[a](https://evil.example)", "![i](https://evil.example/x.png)", "https://evil.example",
    "www.evil.example", "a@b.example", "`", "```", "**", "_", "~~", "# ", "> ", "- ", "1. ",
    "\n", "\n\n", "|a|b|\n|-|-|\n|1|2|\n", "<img src=x>", "&lt;!channel&gt;", "\\",
    "[x]: http://e", "\u202e", "\U000e0041", "\u200b", "word", " ", "<subteam^S1>", ":tada:",
    "\t", "*", "(", ")", "<", ">", "&",
]  # fmt: skip
MADE_BY_US = {"link", "user", "usergroup", "channel", "broadcast", "image", "emoji"}


def kinds(element):
    yield element["type"]
    for child in element.get("elements", ()):
        yield from kinds(child)


def plain_texts(elements):
    return "".join(
        e.get("text", "") if e["type"] == "text" else plain_texts(e["elements"]) for e in elements
    )


@pytest.mark.nightly
def test_a_hundred_thousand_hostile_texts_make_only_text():
    chance = random.Random(11)
    allowed = {
        "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "text",
    }  # fmt: skip

    for _ in range(100_000):
        hostile = "".join(chance.choice(ATOMS) for _ in range(chance.randrange(1, 14)))
        for element in rich_text.from_markdown(hostile):
            assert set(kinds(element)) <= allowed, hostile


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_renders_and_every_text_element_says_something(text):
    elements = rich_text.from_markdown(text)
    assert all(kind not in MADE_BY_US for element in elements for kind in kinds(element))


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("**hi**", {"bold": True}),
        ("*hi*", {"italic": True}),
        ("~~hi~~", {"strike": True}),
        ("`hi`", {"code": True}),
        ("**~~*hi*~~**", {"bold": True, "italic": True, "strike": True}),
    ],
)
def test_emphasis_is_shown_in_slack_s_own_styles_and_ends_where_it_ends(text, style):
    (section,) = rich_text.from_markdown(f"{text} there")

    words, rest = section["elements"]
    assert (words["text"], words["style"]) == ("hi", style)
    assert rest["text"] == " there"
    assert not rest.get("style")


def test_a_list_in_a_list_keeps_its_depth():
    blocks = rich_text.from_markdown("- a\n  - b\n- c")
    assert [(b["indent"], plain_texts(b["elements"])) for b in blocks] == [
        (0, "a"),
        (1, "b"),
        (0, "c"),
    ]


def test_code_stays_code_word_for_word():
    (block,) = rich_text.from_markdown("```py\nif a < b:\n    pass\n```")
    assert block == {
        "type": "rich_text_preformatted",
        "elements": [{"type": "text", "text": "if a < b:\n    pass"}],
    }


def test_a_table_is_shown_in_columns():
    (block,) = rich_text.from_markdown("|a|bb|\n|-|-|\n|ccc|d|")
    assert plain_texts([block]) == "a    bb\nccc  d"


TABLE = (
    "Before\n\n"
    "| who | what |\n|:--|--:|\n| **Ada** | <!channel> |\n| [Linus](https://e.example) | |\n\n"
    "After"
)


def test_a_table_becomes_one_of_slack_s_own_between_its_paragraphs():
    before, table, after = rich_text.blocks(rich_text.from_markdown(TABLE, tables=True))
    assert (before["type"], table["type"], after["type"]) == ("rich_text", "table", "rich_text")
    assert [column["align"] for column in table["column_settings"]] == ["left", "right"]
    assert [[cell["text"] for cell in row] for row in table["rows"]] == [
        ["who", "what"],
        ["Ada", "<!channel>"],
        ["Linus (https://e.example)", "—"],
    ]

    assert {cell["type"] for row in table["rows"] for cell in row} == {"raw_text"}


@pytest.mark.parametrize(
    ("columns", "rows", "cell"),
    [(21, 2, "x"), (2, 100, "x"), (2, 20, "x" * 400)],
    ids=["wide", "long", "full"],
)
def test_a_table_that_slack_would_refuse_is_shown_in_columns(columns, rows, cell):
    line = f"|{'|'.join([cell] * columns)}|\n"
    found = rich_text.from_markdown(line + "|-" * columns + "|\n" + line * rows, tables=True)
    assert [element["type"] for element in found] == ["rich_text_preformatted"]


@pytest.mark.parametrize(
    "text", [f"{TABLE}\n\n{TABLE}", "- x\n\n  |a|b|\n  |-|-|\n  |1|2|\n\n" + TABLE]
)
def test_one_message_holds_one_table(text):
    kinds_of = [
        block["type"] for block in rich_text.blocks(rich_text.from_markdown(text, tables=True))
    ]
    assert kinds_of.count("table") == 1
    assert "rich_text_preformatted" in str(rich_text.from_markdown(text, tables=True))


def test_a_link_comes_out_as_words_with_its_address_as_text():
    assert (
        plain_texts(rich_text.from_markdown("[docs](https://a.example)"))
        == "docs (https://a.example)"
    )


def test_a_link_never_hides_behind_an_invisible_label():
    invisible = "\u200b\u2060"

    assert rich_text.link("https://a.example", invisible)["text"] == "https://a.example"
    assert rich_text.link("https://a.example", f"do{invisible}cs")["text"] == "docs"


def test_a_very_long_word_is_split_without_loss():
    elements = rich_text.text("x" * 7000)
    assert [len(e["text"]) for e in elements] == [3000, 3000, 1000]


def test_invisible_letters_are_gone():
    assert rich_text.strip_invisible("a\u202eb\U000e0041\u200bc") == "abc"


@given(st.text(alphabet="abc.:/<>@#[]()!*_`~&\\ w", max_size=60))
@settings(max_examples=300, deadline=None)
def test_streamed_text_is_shown_as_it_is_by_a_markdown_reader(text):
    from html import unescape

    from markdown_it import MarkdownIt

    reader = MarkdownIt("gfm-like", {"linkify": False}).disable("linkify")
    (*_, inline) = [
        t for t in reader.parse("x" + escape_markdown(text) + "x") if t.type == "inline"
    ] or [None]
    assert {child.type for child in inline.children} <= {"text", "text_special"}
    assert (
        unescape("".join(child.content for child in inline.children))
        == "x" + text.rstrip("\n") + "x"
    )


@pytest.mark.parametrize("mark", ["[", "<|", "*a ", "- x\n"])
def test_a_model_that_repeats_a_mark_is_shown_as_it_wrote(mark):
    written = mark * 2_000

    (shown,) = rich_text.from_markdown(written)

    assert "".join(part["text"] for part in rich_text.children(shown)) == written
