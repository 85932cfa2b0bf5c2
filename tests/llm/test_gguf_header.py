"""Telling an adapter from a model by the first keys of its file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.catalog import builtin_routes_folder
from workers.llm.local.gguf_header import is_adapter


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def header(*keys: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(keys)) + b"".join(keys)


def string_key(name: bytes, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", 8) + text(value)


NUMBER = text(b"general.file_type") + struct.pack("<II", 4, 7)
LIST = text(b"general.languages") + struct.pack("<IIQ", 9, 8, 1) + text(b"en")


def test_the_adapter_that_comes_with_a_route_is_one():
    assert is_adapter(builtin_routes_folder() / "leave" / "adapter.gguf")


@pytest.mark.model
def test_the_included_model_is_none(model_weights: Path):
    assert not is_adapter(model_weights)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (header(NUMBER, string_key(b"general.type", b"model")), False),
        (header(NUMBER, string_key(b"general.type", b"adapter")), True),
        (header(NUMBER), True),
        # A list may be millions of words long; the type stands before it.
        (header(LIST, string_key(b"general.type", b"model")), True),
        (header(string_key(b"general.type", b"model"))[:-3], False),
        (b"GGUF", True),
        (b"", True),
    ],
)
def test_the_key_decides_and_what_cannot_be_read_is_an_adapter(tmp_path, body, expected):
    path = tmp_path / "it.gguf"
    path.write_bytes(body)
    assert is_adapter(path) is expected


@given(st.binary(max_size=300), st.booleans())
def test_no_file_breaks_it(tmp_path_factory, body, starts_right):
    path = tmp_path_factory.mktemp("gguf") / "it"
    path.write_bytes(b"GGUF" * starts_right + body)
    assert is_adapter(path) in (True, False)


def test_a_missing_file_is_left_to_who_loads_it(tmp_path):
    assert is_adapter(tmp_path / "gone.gguf")
