"""The schema of `rich_text`: sections, lists, quotes and code, and their inline elements."""

from __future__ import annotations

from bot.sandbox.block_kit.checks import (
    Check,
    any_value,
    array,
    boolean,
    integer,
    object_with,
    one_of,
    string,
    tagged_union,
)
from bot.sandbox.block_kit.rules import count, most, number_within, text_within

STYLE = object_with(
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
LONG_TEXT = text_within("rich_text.text")
INLINE_ELEMENTS: dict[str, Check] = {
    "text": object_with({"text": LONG_TEXT}, {"style": STYLE}),
    "link": object_with(
        {"url": text_within("url")}, {"text": LONG_TEXT, "style": STYLE, "unsafe": boolean}
    ),
    "emoji": object_with(
        {"name": string(255)}, {"unicode": string(255), "style": STYLE, "skin_tone": integer(1, 6)}
    ),
    "user": object_with({"user_id": string(255)}, {"style": STYLE}),
    "usergroup": object_with({"usergroup_id": string(255)}, {"style": STYLE}),
    "channel": object_with({"channel_id": string(255)}, {"style": STYLE}),
    "team": object_with({"team_id": string(255)}, {"style": STYLE}),
    "broadcast": object_with({"range": one_of("here", "channel", "everyone")}, {"style": STYLE}),
    "color": object_with({"value": string(255)}, {"style": STYLE}),
    "date": object_with(
        {"timestamp": integer(0, 9_999_999_999), "format": string(255)},
        {"url": text_within("url"), "fallback": string(255), "style": STYLE},
    ),
}
INLINE_ARRAY = array(
    tagged_union(INLINE_ELEMENTS, "rich text element"), 0, most("rich_text.elements")
)
# Lists contain sections only, while rich_text contains all of them.
SECTION: dict[str, Check] = {"rich_text_section": object_with({"elements": INLINE_ARRAY})}
RICH_TEXT_PARTS: dict[str, Check] = {
    **SECTION,
    "rich_text_list": object_with(
        {
            "style": one_of("bullet", "ordered"),
            "elements": array(tagged_union(SECTION, "list item"), *count("rich_text.elements")),
        },
        {
            "indent": number_within("rich_text_list.indent"),
            "offset": integer(0, 100_000),
            "border": integer(0, 1),
        },
    ),
    "rich_text_preformatted": object_with(
        {"elements": INLINE_ARRAY}, {"border": integer(0, 1), "language": any_value}
    ),
    "rich_text_quote": object_with({"elements": INLINE_ARRAY}, {"border": integer(0, 1)}),
}
RICH_TEXT = tagged_union(
    {
        "rich_text": object_with(
            {
                "elements": array(
                    tagged_union(RICH_TEXT_PARTS, "rich text part"), *count("rich_text.elements")
                )
            }
        )
    },
    "block type",
)
