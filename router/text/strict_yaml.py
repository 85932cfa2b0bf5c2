"""The only reader and writer of YAML: plain values, bounded in size, depth and number.

YAML of a few hundred bytes can expand to gigabytes (aliases), run code (tags) or take minutes
(deep nesting, huge numbers). Everything of that kind is refused before a value is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

MAX_CHARS = 50_000
"""Characters of one document: about a second of parsing."""
UNICODE_LINE_ENDS = frozenset("\x85\u2028\u2029")
MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_NUMBER_CHARS = 40
"""A longer number is read as text: Python needs quadratic time for very long ones."""
STRING_TAG = "tag:yaml.org,2002:str"


class StrictLoader(yaml.SafeLoader):
    """YAML without its traps: no anchors, aliases, tags, duplicate or nested keys.

    Only `true` and `false` are booleans; `no`, dates and `<<` are text.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Checks each node before anything of it is built."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs lack it
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise self._refusal("aliases are not allowed; write the value out")
        if getattr(event, "anchor", None) is not None:
            raise self._refusal("anchors are not allowed; leave the & name out")
        if getattr(event, "tag", None) not in (None, "!", STRING_TAG):
            raise self._refusal("tags are not allowed; leave the ! name out")
        if self._nodes > MAX_NODES:
            raise self._refusal(f"more than {MAX_NODES} values; shorten it")
        if self._depth >= MAX_DEPTH:
            raise self._refusal(f"nested deeper than {MAX_DEPTH}; make it flatter")

        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def resolve(self, kind: Any, value: str | None, implicit: Any) -> str:
        """Returns the tag of a value; a very long number is text."""
        if kind is yaml.ScalarNode and value is not None and len(value) > MAX_NUMBER_CHARS:
            return STRING_TAG
        tag = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # as above
        return str(tag)

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        """Refuses keys that are no single value, and duplicates, of which YAML keeps the last."""
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    None, None, "a key must be a single word or text", key.start_mark
                )
            if key.value in keys:
                raise yaml.MarkedYAMLError(
                    None, None, f"duplicate key {key.value!r:.60}; keep one", key.start_mark
                )

            keys.add(key.value)

        return super().construct_mapping(node, deep)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Refuses what no store keeps: infinity and NaN."""
        number = super().construct_yaml_float(node)
        if not math.isfinite(number):
            raise yaml.MarkedYAMLError(None, None, "no finite number", node.start_mark)

        return float(number)

    def _refusal(self, problem: str) -> yaml.MarkedYAMLError:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # as above
        return yaml.MarkedYAMLError(None, None, problem, event.start_mark)


StrictLoader.add_constructor("tag:yaml.org,2002:float", StrictLoader.construct_yaml_float)


class DatedLoader(StrictLoader):
    """The same, where dates are dates."""


# YAML 1.1 reads `no`, dates and `<<` as something else than text. Those rules are dropped, and
# booleans get a rule of their own.
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_DISABLED_TAGS = ("tag:yaml.org,2002:bool", _TIMESTAMP, "tag:yaml.org,2002:merge")


def _rules_without(*tags: str) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    rules = {}
    for first_letter, letter_rules in yaml.SafeLoader.yaml_implicit_resolvers.items():
        rules[first_letter] = [rule for rule in letter_rules if rule[0] not in tags]

    return rules


StrictLoader.yaml_implicit_resolvers = _rules_without(*_DISABLED_TAGS)
DatedLoader.yaml_implicit_resolvers = _rules_without("tag:yaml.org,2002:merge")
StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")
)


def load_yaml(text: str, *, dates: bool = False, first_line: int = 1) -> object:
    """Returns the value of one YAML document; `dates` makes dates of what looks like one.

    Raises ValueError in one line, with the number of the line where there is one; the document
    begins on line `first_line` of its file.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"it has {len(text)} characters; at most {MAX_CHARS} are read; shorten it")

    loader = DatedLoader if dates else StrictLoader
    try:
        return yaml.load(text, loader)  # noqa: S506  # a SafeLoader that refuses more
    except yaml.MarkedYAMLError as error:
        problem = " ".join((error.problem or "no YAML").split())
        if error.problem_mark is not None:
            # Marks count from 0.
            problem = f"line {error.problem_mark.line + first_line}: {problem}"
        raise ValueError(problem) from error
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, OverflowError) as error:
        # The constructors of numbers and dates raise several kinds for what is no number or date.
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Writes a value that occurs twice twice: the loader refuses aliases."""
        return True


def _represent_text(dumper: _PlainDumper, text: str) -> yaml.ScalarNode:
    # PyYAML folds these line ends of Unicode like any other unless they are escaped.
    style = '"' if UNICODE_LINE_ENDS.intersection(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_PlainDumper.add_representer(str, _represent_text)


def dump_yaml(value: object) -> str:
    """Returns YAML that `load_yaml` reads back as the same plain value."""
    return yaml.dump(value, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=120)
