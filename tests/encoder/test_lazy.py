"""A lazy encoder is opened at its first use, and once."""

import threading

import numpy as np
import pytest

from router.encoder.lazy import LazyEncoder
from router.errors import SettingsError


class Letters:
    """Encodes a text as its length."""

    model_id = "letters"
    dim = 1

    def encode(self, texts):
        return np.array([[len(text)] for text in texts], np.float32)

    def views(self, texts):
        return self.encode(texts)


def test_it_is_opened_at_its_first_use_and_kept():
    opened = []

    def open_letters():
        opened.append(Letters())
        return opened[-1]

    encoder = LazyEncoder(open_letters)
    assert (encoder.is_configured, opened) == (True, [])

    assert encoder.encode(["abc"]).tolist() == [[3.0]]
    assert encoder.views(["ab"]).tolist() == [[2.0]]
    assert (encoder.model_id, encoder.dim, len(opened)) == ("letters", 1, 1)


def test_two_threads_that_need_it_at_once_open_it_once():
    opened = []
    opened_again = threading.Event()

    def open_letters():
        opened.append(threading.current_thread())
        if len(opened) > 1:
            opened_again.set()
            return Letters()

        # Another thread asks while the first one is still opening.
        other.start()
        opened_again.wait(0.1)
        return Letters()

    encoder = LazyEncoder(open_letters)
    other = threading.Thread(target=lambda: encoder.encode(["ab"]))

    encoder.encode(["abc"])
    other.join()

    assert len(opened) == 1


def test_an_encoder_that_failed_to_open_is_tried_again():
    attempts = iter([SettingsError("no weights"), None])

    def open_letters():
        error = next(attempts)
        if error is not None:
            raise error

        return Letters()

    encoder = LazyEncoder(open_letters)
    with pytest.raises(SettingsError, match="no weights"):
        encoder.encode(["abc"])

    assert encoder.dim == 1


def test_a_process_without_an_encoder_says_so():
    encoder = LazyEncoder()
    assert not encoder.is_configured

    for use in (lambda: encoder.encode(["a"]), lambda: encoder.model_id):
        with pytest.raises(SettingsError, match="this process has no encoder"):
            use()
