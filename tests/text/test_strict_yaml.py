"""YAML is plain values of bounded size, or a refusal in one line."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.text.strict_yaml import MAX_CHARS, MAX_DEPTH, MAX_NODES, dump_yaml, load_yaml

HOSTILE = {
    "alias": "a: *b",
    "alias with a dash": "a: *-b",
    "anchor": "a: &b 1",
    "anchor with a dash": "a: &-b 1",
    "billion laughs": "a: &-a [1, 1]\nb: &-b [*-a, *-a]\nc: [*-b, *-b]",
    "python tag": "a: !!python/name:os.system b",
    "number tag": "a: !!int " + "9" * 9_000,
    "binary tag": "a: !!binary QUFB",
    "deep lists": "[" * MAX_CHARS,
    "deep blocks": "- " * (MAX_CHARS // 2),
    "deep mappings": "{a: " * (MAX_CHARS // 4),
    "many values": "[" + "1," * (MAX_NODES + 1) + "]",
    "long": "a: " + "b" * MAX_CHARS,
    "list as a key": "? [a]\n: b",
    "mapping as a key": "{a: b}: c",
    "duplicate key": "a: 1\na: 2",
    "empty hexadecimal number": "a: 0x_",
    "empty binary number": "a: 0b_",
    "value": "a: =",
    "infinity": "a: .inf",
    "no number": "a: .nan",
    "beyond floats": "a: 1.0e+999",
    "two documents": "a\n---\nb",
    "NUL": "a: \x00",
    "never closed": "a: 'b",
}


@pytest.mark.parametrize("dates", [False, True])
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_yaml_is_refused_in_one_short_line(name, dates):
    began = time.process_time()

    with pytest.raises(ValueError, match=r".") as caught:
        load_yaml(HOSTILE[name], dates=dates)

    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)
    # A bomb takes minutes; the largest text that is parsed at all takes about a second.
    assert time.process_time() - began < 20


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "1" + ":59" * 5_000])
def test_a_number_of_thousands_of_digits_is_text(number):
    assert load_yaml(f"a: {number}") == {"a": number}


def test_words_that_yaml_takes_for_something_else_are_text():
    assert load_yaml("a: no\nb: 2024-05-06\nc: true\n<<: on") == {
        "a": "no",
        "b": "2024-05-06",
        "c": True,
        "<<": "on",
    }
    assert load_yaml("a: 2024-05-06", dates=True) == {"a": date(2024, 5, 6)}


def test_a_refusal_names_the_line_of_the_file():
    with pytest.raises(ValueError, match="line 5: aliases"):
        load_yaml("a: 1\n\n\nb: *c", first_line=2)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcd"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))), values)
def test_any_text_is_a_value_or_a_refusal_and_what_is_written_is_read_back(text, value):
    try:
        load_yaml(text)
        load_yaml(text, dates=True)
    except ValueError:
        pass

    # The same list twice would be written as an anchor and an alias.
    assert load_yaml(dump_yaml({"first": value, "again": value})) == {
        "first": value,
        "again": value,
    }


@pytest.mark.parametrize("line_end", ["\x85", "\u2028", "\u2029", "\n", "\r"])
def test_every_line_end_is_read_back(line_end):
    value = {"first": line_end, "again": f"a{line_end}b "}

    assert load_yaml(dump_yaml(value)) == value


def test_the_allowed_depth_is_enough_for_a_route():
    depth = MAX_DEPTH - 2
    assert load_yaml("[" * depth + "]" * depth) is not None
