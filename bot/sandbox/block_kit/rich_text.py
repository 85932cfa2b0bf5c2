"""The shape of `rich_text`: sections, lists, quotes and code, and what stands inside them."""

from __future__ import annotations

from bot.sandbox.block_kit.checks import (
    Check,
    anything,
    array,
    boolean,
    fields,
    kind,
    one_of,
    string,
    whole,
)

STYLE = fields(
    {},
    dict.fromkeys(
        (
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
            "unlink",
        ),
        boolean,
    ),
)
LONG = string(40_000)
INSIDE: dict[str, Check] = {
    "text": fields({"text": LONG}, {"style": STYLE}),
    "link": fields({"url": string(3000)}, {"text": LONG, "style": STYLE, "unsafe": boolean}),
    "emoji": fields(
        {"name": string(255)}, {"unicode": string(255), "style": STYLE, "skin_tone": whole(1, 6)}
    ),
    "user": fields({"user_id": string(255)}, {"style": STYLE}),
    "usergroup": fields({"usergroup_id": string(255)}, {"style": STYLE}),
    "channel": fields({"channel_id": string(255)}, {"style": STYLE}),
    "team": fields({"team_id": string(255)}, {"style": STYLE}),
    "broadcast": fields({"range": one_of("here", "channel", "everyone")}, {"style": STYLE}),
    "color": fields({"value": string(255)}, {"style": STYLE}),
    "date": fields(
        {"timestamp": whole(0, 9_999_999_999), "format": string(255)},
        {"url": string(3000), "fallback": string(255), "style": STYLE},
    ),
}
PIECES = array(kind(INSIDE, "rich text element"), 0, 10_000)
LINES: dict[str, Check] = {"rich_text_section": fields({"elements": PIECES})}
PARTS: dict[str, Check] = {
    **LINES,
    "rich_text_list": fields(
        {
            "style": one_of("bullet", "ordered"),
            "elements": array(kind(LINES, "list item"), 1, 10_000),
        },
        {"indent": whole(0, 8), "offset": whole(0, 100_000), "border": whole(0, 1)},
    ),
    "rich_text_preformatted": fields(
        {"elements": PIECES}, {"border": whole(0, 1), "language": anything}
    ),
    "rich_text_quote": fields({"elements": PIECES}, {"border": whole(0, 1)}),
}
RICH_TEXT = kind(
    {"rich_text": fields({"elements": array(kind(PARTS, "rich text part"), 1, 10_000)})},
    "block type",
)
