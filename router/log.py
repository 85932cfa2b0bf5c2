"""Logs: one event per unit of work with everything bound to it, never message text or tokens."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import structlog

from router.secret_values import MASK
from router.text.printable import printable

SECRET = re.compile(r"xox[abeprs]-[\w-]+|xapp-[\w-]+|sk-[\w-]{16,}|(?<=Bearer )\S+")
MAX_FRAMES = 6
TEXT_KEYS = frozenset({"text", "blocks", "body", "prompt", "message", "payload"})

Event = MutableMapping[str, Any]


def set_up_logs(style: Literal["auto", "json", "pretty"] = "auto", level: str = "info") -> None:
    """Sends every log line to stderr: pretty on a terminal, JSON elsewhere. Safe to call twice."""
    pretty = style == "pretty" or (style == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if pretty:
        renderer = structlog.dev.ConsoleRenderer()

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _reduce_exception,
        _strip_text,
    ]

    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # Each logger looks stderr up when it is made: the stream of now may be closed later.
        logger_factory=lambda *_: _LossyLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )

    _set_up_library_logs(shared, renderer)


def get_log(**bound: Any) -> Any:
    """Returns a logger with `bound` on every line."""
    return structlog.get_logger().bind(**bound)


class _LossyLogger(structlog.PrintLogger):
    """Prints lines; one that cannot be written is lost.

    A log on a full disk must not end the work that it tells of.
    """

    def msg(self, message: str) -> None:
        with suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


def _set_up_library_logs(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """Renders what libraries log through the standard module, from warnings on.

    They may write a message's text into their lines: Bolt logs the whole body of an unsigned
    request. So the same processors run here.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _strip_text,
                renderer,
            ],
        )
    )

    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _strip_text(_: object, __: str, event: Event) -> Event:
    """Drops what people wrote and masks what looks like a secret, whatever the caller bound."""
    for key in list(event):
        value = event[key]
        if key in TEXT_KEYS:
            del event[key]
        else:
            event[key] = _masked(value)

    return event


def _masked(value: Any) -> Any:
    """Returns the value, however nested, without what is or looks like a secret."""
    if isinstance(value, str):
        return printable(SECRET.sub(MASK, value))
    if isinstance(value, Mapping):
        return {_masked(name): _masked(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value

    # A renderer would print it by its own `repr`, which may show anything.
    return _masked(repr(value))


def _reduce_exception(_: object, __: str, event: Event) -> Event:
    """Reduces an exception to its type and its place in the code.

    Its message and the local values of its frames may quote what people wrote.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]

    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        event["exception"] = type(error).__name__
        event["at"] = [
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
        ]

    return event
