"""A template fills texts in and can do nothing else, whoever wrote it."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Callable

import jinja2
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from router.text.special_tokens import ANGLE_NAMES, SQUARE_NAMES, defuse_tokens
from router.text.templates import (
    FILTERS,
    MAX_RENDERED,
    TESTS,
    VARIABLES,
    check_template,
    escape_fences,
    render,
    variables_in,
)

LONG = "a\n" * 20_000
VALUES = dict.fromkeys(VARIABLES, LONG)
EVERYTHING = ImmutableSandboxedEnvironment()

REFUSED = {
    "a gigabyte": "{{ 'a'*10**9 }}",
    "a number without end": "{{ 10**10**10 }}",
    "a wide format": "{{ '%1000000000d' % 1 }}",
    "an unknown filter": '{{ message|replace("a","b") }}',
    "an unknown filter in a block": "{% filter replace('a', 'b') %}a{% endfilter %}",
    "an unknown test": "{{ message is callable }}",
    "a loop over a message": "{% for a in message %}{{ thread }}{% endfor %}",
    "loops in loops": "{% for a in [1, 2] %}{% for b in [1, 2] %}x{% endfor %}{% endfor %}",
    "a recursive loop": "{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}",
    "range": "{% for a in range(10) %}x{% endfor %}",
    "doubling": "{% set a = message %}{% set a = a ~ a %}{{ a }}",
    "a macro": "{% macro a() %}x{% endmacro %}{{ a() }}",
    "an attribute by name": "{{ message['__class__'] }}",
    "an attribute by variable": "{{ message[thread] }}",
    "an attribute by filter": "{{ message|attr('upper') }}",
    "the template itself": "{{ self }}",
    "a wrong argument": "{{ message|truncate(1) }}",
    "too many arguments": "{{ message|upper(1, 2, 3) }}",
    "a wide indent": "{{ message|indent(1000000000) }}",
    "deep brackets": "{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}",
    "deep ifs": "{% if message %}" * 3_000 + "{% endif %}" * 3_000,
    "deep nots": "{{ " + "not " * 9_000 + "message }}",
    "many parts": "{{ message }}" * 3_000,
    "a long text": "a" * 200_000,
    "include": "{% include 'x' %}",
    "import": "{% import 'x' as y %}",
    "an unknown tag": "{% flush %}",
    "an open brace": "{{ message",
}


def refusal(run: Callable[[], object]) -> str:
    """What the error says; empty without one. Any other error fails the test."""
    try:
        run()
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_could_take_memory_time_or_objects_is_refused_at_load(name):
    began = time.process_time()

    with pytest.raises(ValueError, match=r"\w"):
        check_template(REFUSED[name])

    # Computing one of these constants would take far longer, or a gigabyte.
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_asking_for_a_templates_variables_evaluates_nothing(name):
    found: frozenset[str] = frozenset()

    tracemalloc.start()
    with contextlib.suppress(ValueError):
        found = variables_in(REFUSED[name])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found <= {"message", "thread"}
    # Reading the longest of them takes half a megabyte, and computing a constant a gigabyte.
    assert peak < 10_000_000


NAMES = sorted(name for name in {*EVERYTHING.filters, *EVERYTHING.tests} if name.isidentifier())


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_and_test_of_jinja_is_on_our_list_or_refused_in_words(name):
    for source in (f"{{{{ message|{name} }}}}", f"{{{{ message is {name} }}}}"):
        used = name in (FILTERS if "|" in source else TESTS)
        said = refusal(lambda source=source: check_template(source))

        # Those on the list may still need an argument.
        assert ("unknown" in said) == (not used)


@pytest.mark.parametrize("first", FILTERS)
def test_no_chain_of_filters_makes_a_text_that_no_model_reads(first):
    argument = {"join": "(thread)", "indent": "(thread)", "default": "(thread)"}.get(first, "")
    source = "{{ message" + f"|{first}{argument}" * 12 + " }}"
    longest = 0

    def run() -> None:
        nonlocal longest
        check_template(source)
        longest = len(render(source, VALUES))

    assert "more than" in refusal(run) or longest <= MAX_RENDERED


def test_a_prompt_without_end_is_noticed_before_it_fills_the_memory():
    source = "{% for a in [1,2,3,4,5,6,7,8,9,10] %}" + "{{ message }}" * 100 + "{% endfor %}"
    check_template(source)

    with pytest.raises(ValueError, match="more than"):
        render(source, VALUES)


def test_what_routes_use_still_works():
    source = (
        "{% if thread %}<thread>{{ thread[:5] }}</thread>{% endif %}"
        "{% for mood in ['calm', 'brief'] %}{{ mood|upper }} {% endfor %}"
        "{{ passages|default('none', true)|indent(2) }}{{ message|trim|tojson }}"
    )
    check_template(source)

    assert render(source, {**VALUES, "thread": "hello you", "passages": "", "message": " a "}) == (
        '<thread>hello</thread>CALM BRIEF none"a"'
    )


def test_a_value_is_never_a_template():
    assert render("{{ message }}", {"message": "{{ 7*7 }}"}) == "{{ 7*7 }}"


TOKENS = [
    *(f"<{slash}{name}>" for name in ANGLE_NAMES for slash in ("", "/")),
    *(f"[{slash}{name}]" for name in SQUARE_NAMES for slash in ("", "/")),
    *("<|im_start|>", "<|eot_id|>", "<|START_OF_TURN_TOKEN|>", "<|channel|>", "<|end|>"),
    *("<\uff5cbegin\u2581of\u2581sentence\uff5c>", "<<SYS>>", "<</SYS>>", "<unused12>", "<0x0A>"),
    *("< /s >", "<turn|>", "<|turn>", "[ / INST ]", "<extra_id_0>"),
]


@pytest.mark.parametrize("token", TOKENS)
def test_no_familys_control_token_survives_in_what_people_write(token):
    for text in (token, token.upper(), f"hi {token}system", token * 3):
        assert token.casefold() not in defuse_tokens(text).casefold()
        assert token.casefold() not in escape_fences(text).casefold()
        assert len(defuse_tokens(text)) == len(text)


@pytest.mark.parametrize(
    "text",
    ["a < b and b > c", "x[0] = [1, 2]", "[link](https://example.com)", "<@U1> <#C1>", "I <3 it"],
)
def test_ordinary_brackets_stay(text):
    assert defuse_tokens(text) == text


@pytest.mark.parametrize("text", ["<" * 40_000, "<" + " " * 40_000, "[/" * 20_000, "< / " * 10_000])
def test_long_runs_of_brackets_are_read_once(text):
    began = time.process_time()

    escape_fences(text)

    # Read again and again these take many seconds.
    assert time.process_time() - began < 2


def test_jinja_evaluates_constants_while_it_compiles():
    # Why a template is checked part by part before anything else looks at it.
    assert "aaaa" in jinja2.Environment(autoescape=True).compile("{{ 'a'*4 }}", raw=True)
