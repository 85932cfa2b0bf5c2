"""Logs: one event per unit of work with everything bound to it, never message text or tokens."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Literal

import structlog

SECRET = re.compile(r"xox[abeprs]-[\w-]+|xapp-[\w-]+|sk-[\w-]{16,}|(?<=Bearer )\S+")
FRAMES = 6
TEXT_KEYS = frozenset({"text", "blocks", "body", "prompt", "message", "payload"})


def _forget_text(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what people wrote and mask what looks like a key, whatever the caller bound."""
    for key in list(event):
        if key in TEXT_KEYS:
            del event[key]
        elif isinstance(event[key], str):
            event[key] = SECRET.sub("[secret]", event[key])

    return event


def _where(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception becomes its kind and its place: messages and local values may quote what people wrote."""
    found = event.pop("exc_info", None)

    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        event["exception"] = type(error).__name__
        event["at"] = [
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames
        ]

    return event


def set_up_logs(style: Literal["auto", "json", "pretty"] = "auto", level: str = "info") -> None:
    """Send every log line to stderr: pretty on a terminal, JSON elsewhere. Calling twice is safe."""
    pretty = style == "pretty" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where,
        _forget_text,
    ]

    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # Looked up anew for each logger: what stands for stderr now may be closed later.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )

    # Libraries log through the standard module. They may put a message's text into their lines
    # (Bolt does, with the whole body, for an unsigned request), so only their warnings are kept and
    # the same processors run.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _forget_text,
                renderer,
            ],
        )
    )

    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def get_log(**bound: Any) -> Any:
    """A logger with `bound` on every line."""
    return structlog.get_logger().bind(**bound)
