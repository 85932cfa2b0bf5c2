"""The same content in blocks of other kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from bot.payloads import Block
from bot.plainer.controls import plainer_controls, plainer_input
from bot.plainer.kinds import is_accepted
from bot.plainer.words import (
    Words,
    as_rich,
    as_text_objects,
    children,
    columns,
    heading,
    line,
    plain_lines,
)

MAX_BLOCKS: Mapping[str, int] = {"modal": 100, "home": 100}
MAX_MESSAGE_BLOCKS = 50
MAX_ROW = 25
"""Slack's limits for blocks by surface, and for the elements of a row."""
WITHOUT_TABLES = frozenset({"modal"})
"""Surfaces on which Slack refuses tables."""

Part = Words | list[Block] | Block
"""A piece of a refused block: words, a row of buttons and menus, or a block as it is."""


def plainer_blocks(blocks: Sequence[Block], refused: Collection[str], surface: str) -> list[Block]:
    """Returns the blocks with plainer ones in place of those that hold something refused."""
    found: list[Block] = []
    for block in blocks:
        if is_accepted(block, refused):
            found.append(block)
            continue

        for part in _parts(block, refused, surface):
            found += _rendered(part, refused, surface)

    return _fit(found, MAX_BLOCKS.get(surface, MAX_MESSAGE_BLOCKS))


def words_of(blocks: Sequence[Block], surface: str) -> str:
    """Returns the words of the blocks as plain text, without buttons."""
    texts = []
    for block in blocks:
        for part in _parts(block, {str(block.get("type"))}, surface):
            if isinstance(part, Words):
                texts.append(plain_lines(as_rich(part)))

    return "\n".join(texts)


def shortened(blocks: Sequence[Block], characters: int) -> list[Block]:
    """Returns the blocks without the words that go beyond so many characters; buttons stay."""
    kept: list[Block] = []
    left = characters
    for block in blocks:
        words = "" if _has_controls(block) else words_of([block], "message")
        if len(words) <= left:
            kept.append(block)
        elif left > 0:
            kept += _words_blocks(line(words[: left - 1] + "…"), ())

        left = max(0, left - len(words))

    return kept


def _rendered(part: Part, refused: Collection[str], surface: str) -> Iterator[Block]:
    if isinstance(part, Words):
        yield from _words_blocks(part, refused)
    elif isinstance(part, list):
        yield from _control_blocks(part, refused)
    elif is_accepted(part, refused):
        yield part
    else:
        # A plainer block that is refused as well, such as a table in place of a sortable one.
        for inner in _parts(part, refused, surface):
            yield from _rendered(inner, refused, surface)


def _words_blocks(words: Words, refused: Collection[str]) -> Iterator[Block]:
    """Yields the words in the first container that is accepted; none where all are refused."""
    if words.rich and "rich_text" not in refused:
        block: Block = {"type": "rich_text", "elements": as_rich(words)}
        if is_accepted(block, refused):
            yield block
            return

    if "section" not in refused:
        for text in as_text_objects(words):
            yield {"type": "section", "text": text}
    elif "context" not in refused:
        for text in as_text_objects(words):
            yield {"type": "context", "elements": [text]}
    elif as_rich(words):
        block = {"type": "rich_text", "elements": as_rich(words)}
        if is_accepted(block, refused):
            yield block


def _control_blocks(elements: Sequence[Block], refused: Collection[str]) -> Iterator[Block]:
    """Yields rows of buttons; where rows are refused, one section for each button."""
    controls = plainer_controls(elements, refused)
    if not controls:
        return
    if "actions" not in refused:
        for start in range(0, len(controls), MAX_ROW):
            yield {"type": "actions", "elements": controls[start : start + MAX_ROW]}
        return
    if "section" in refused:
        return

    for control in controls:
        text = control.get("text") or control.get("placeholder")
        label = text if isinstance(text, dict) else {"type": "plain_text", "text": "…"}
        words = {"type": "plain_text", "text": label.get("text", "…")}
        yield {"type": "section", "text": words, "accessory": control}


def _parts(block: Block, refused: Collection[str], surface: str) -> Iterator[Part]:
    """Yields what a refused block holds, in its order."""
    kind = str(block.get("type"))
    if kind == "input":
        changed = plainer_input(block, refused)
        if changed is not None:
            yield changed
            return

        for name in ("label", "hint"):
            if block.get(name):
                yield _text(block[name])
    elif kind == "data_table" and "table" not in refused and surface not in WITHOUT_TABLES:
        yield _caption(block)
        yield _plain_table(block)
    elif kind in _PARTS:
        yield from _PARTS[kind](block, refused, surface)
    else:
        yield from _named_texts(block)


def _section(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    if isinstance(block.get("text"), dict):
        yield _text(block["text"])
    for field in _list(block, "fields"):
        yield _text(field)

    accessory = block.get("accessory")
    if isinstance(accessory, dict):
        yield line(str(accessory["alt_text"])) if accessory.get("alt_text") else [accessory]


def _context(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    for element in children(block):
        yield _text(element) if "text" in element else line(str(element.get("alt_text") or ""))


def _controls(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    yield children(block)


def _header(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    yield heading(_content(block.get("text")))


def _rich_text(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    yield Words(rich=children(block))


def _markdown(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    yield line(str(block.get("text") or ""))


def _table(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    if block.get("caption"):
        yield _caption(block)
    yield columns(_rows(block))


def _chart(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    """Yields the values of a chart, one line for each point."""
    chart = block.get("chart")
    yield heading(str(block.get("title") or ""))
    if not isinstance(chart, dict):
        return

    items = []
    for point in _list(chart, "segments"):
        items.append(f"{point.get('label')}: {point.get('value')}")
    for series in _list(chart, "series"):
        name = f"{series.get('name')}, " if len(_list(chart, "series")) > 1 else ""
        for point in _list(series, "data"):
            items.append(f"{name}{point.get('label')}: {point.get('value')}")

    yield Words(rich=[_bullets(items)])


def _card(block: Block, _refused: Collection[str], _surface: str) -> Iterator[Part]:
    rich: list[Block] = []
    if block.get("title"):
        rich += as_rich(heading(_content(block["title"])))
    for name in ("subtitle", "body"):
        if block.get(name):
            rich += as_rich(_text(block[name]))

    yield Words(rich=rich)
    if block.get("actions"):
        yield _list(block, "actions")


def _carousel(block: Block, refused: Collection[str], surface: str) -> Iterator[Part]:
    for card in children(block):
        if is_accepted(card, refused):
            yield card
        else:
            yield from _card(card, refused, surface)


def _container(block: Block, refused: Collection[str], surface: str) -> Iterator[Part]:
    for name in ("title", "subtitle"):
        if block.get(name):
            yield heading(_content(block[name]))
    for child in _list(block, "child_blocks"):
        if is_accepted(child, refused):
            yield child
        else:
            yield from _parts(child, refused, surface)


def _named_texts(block: Block) -> Iterator[Part]:
    """Yields the texts of a block that is of no kind we know, or has no buttons."""
    for name in ("title", "text", "alt_text", "details", "output"):
        value = block.get(name)
        if isinstance(value, dict) and value.get("type") == "rich_text":
            yield Words(rich=children(value))
        elif isinstance(value, dict) and "text" in value:
            yield _text(value)
        elif isinstance(value, str) and value:
            yield line(value)

    for task in _list(block, "tasks"):
        yield from _named_texts(task)


_PARTS: Mapping[str, Callable[[Block, Collection[str], str], Iterator[Part]]] = {
    "actions": _controls,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "context": _context,
    "context_actions": _controls,
    "data_table": _table,
    "data_visualization": _chart,
    "header": _header,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}


def _text(text: object) -> Words:
    return Words(text=text if isinstance(text, dict) else {"type": "plain_text", "text": "…"})


def _content(text: object) -> str:
    return str(text.get("text", "")) if isinstance(text, dict) else str(text or "")


def _caption(block: Block) -> Words:
    return heading(str(block.get("caption") or ""))


def _bullets(items: Sequence[str]) -> Block:
    sections = []
    for item in items:
        text = {"type": "text", "text": item}
        sections.append({"type": "rich_text_section", "elements": [text]})

    return {"type": "rich_text_list", "style": "bullet", "elements": sections}


def _plain_table(block: Block) -> Block:
    """Returns a table that cannot be sorted, with the same cells."""
    rows = []
    for row in _rows(block):
        rows.append([_plain_cell(cell) for cell in row])

    return {"type": "table", "rows": rows}


def _plain_cell(cell: Block) -> Block:
    if cell.get("type") != "raw_number":
        return cell

    return {"type": "raw_text", "text": str(cell.get("text") or cell.get("value"))}


def _rows(block: Block) -> list[list[Block]]:
    rows = block.get("rows")
    return rows if isinstance(rows, list) else []


def _list(block: Mapping[str, object], name: str) -> list[Block]:
    found = block.get(name)
    return found if isinstance(found, list) else []


def _has_controls(block: Block) -> bool:
    if block.get("type") in ("actions", "context_actions", "input"):
        return True

    return "accessory" in block or any(card.get("actions") for card in [block, *children(block)])


def _fit(blocks: list[Block], limit: int) -> list[Block]:
    """Returns at most so many blocks: dividers go first, then words from the end."""
    if len(blocks) > limit:
        blocks = [block for block in blocks if block.get("type") != "divider"]

    excess = len(blocks) - limit
    kept: list[Block] = []
    for block in reversed(blocks):
        if excess > 0 and not _has_controls(block):
            excess -= 1
        else:
            kept.append(block)

    return kept[::-1][:limit]
