"""Checks and completes the values of settings, so that a mistake is found when a process starts.

Each function returns the value that is used, or raises ValueError with what is expected.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

BARE_NAMES = frozenset(
    {"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV"}
)
BARE_PREFIXES = ("CUDA_", "LC_", "NVIDIA_", "PYTORCH_", "ROCR_")
"""Variables of the environment that a child process gets which needs no secret."""
TOKEN_PREFIXES = {"slack_bot_token": "xoxb-", "slack_app_token": "xapp-"}
MAX_NUMBER = 1e9
"""No setting means anything beyond it, and libraries fail on larger ones in their own ways."""
MAX_SHOWN = 100
"""Characters that are shown of a wrong value."""
REDIS_SCHEMES = ("redis", "rediss", "unix")
WHOLE, NUMBER, YES_OR_NO = "expected a whole number", "expected a number", "expected true or false"
EXPECTED = {
    "int_parsing": WHOLE,
    "int_parsing_size": WHOLE,
    "int_from_float": WHOLE,
    "int_type": WHOLE,
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "finite_number": NUMBER,
    "bool_parsing": YES_OR_NO,
    "bool_type": YES_OR_NO,
    "greater_than": "expected a number above {gt:g}",
    "greater_than_equal": "expected {ge:g} or more",
    "less_than": "expected a number below {lt:g}",
    "string_unicode": "expected text in UTF-8",
    "less_than_equal": "expected {le:g} or less",
}
"""What is expected, by the type of pydantic's error."""
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,30}\Z")
_TEAM_ID = re.compile(r"[TE][A-Z0-9]{1,30}\Z")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{1,30}\Z")


def is_bare(variable: str) -> bool:
    """Returns whether a child process that needs no secret gets this variable of ours."""
    return variable in BARE_NAMES or variable.startswith(BARE_PREFIXES)


def bounded(value: object) -> object:
    """Returns the value; a number has to be finite and of a usual size."""
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        raise ValueError(f"expected a number between {-MAX_NUMBER:.0f} and {MAX_NUMBER:.0f}")

    return value


def web_address(value: str) -> str:
    """Returns the address of a web server, empty for none."""
    if value and not _has_host(value, ("http", "https")):
        raise ValueError("expected an address such as 'http://127.0.0.1:8000/v1'")

    return value


def redis_address(value: str) -> str:
    """Returns the address of a Redis; `HOST:PORT` alone is one, too."""
    if value and "://" not in value:
        value = f"redis://{value}"
    if not value or value.startswith("unix:///"):
        return value
    if not _has_host(value, REDIS_SCHEMES):
        raise ValueError("expected 'redis://HOST:PORT/0', 'rediss://…' or 'unix:///PATH'")

    number = urlsplit(value).path.strip("/")
    if number and not (number.isascii() and number.isdigit()):
        raise ValueError("expected the number of a database behind the address, such as '/0'")

    return value


def database_address(value: str) -> str:
    """Returns the address of a database; `postgres://` and `postgresql://` get their driver."""
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            return "postgresql+psycopg://" + value.removeprefix(scheme)

    return value


def token(value: str, field: str) -> str:
    """Returns a token of Slack's, empty for none; its kind shows in how it begins."""
    if value and not value.startswith(TOKEN_PREFIXES[field]):
        raise ValueError(f"expected a token that starts with {TOKEN_PREFIXES[field]!r}")

    return value


def admin_ids(values: tuple[str, ...], *, with_teams: bool) -> tuple[str, ...]:
    """Returns ids of users, each alone or behind its workspace's.

    `with_teams` wants the workspace of each: users of several workspaces may have equal ids.
    """
    bare = [value for value in values if ":" not in value]
    if bare and with_teams:
        raise ValueError(
            f"with SLACK_CLIENT_ID set, {_listed(bare)} may be in any workspace; write each admin "
            "as WORKSPACE:USER, such as T0123ABCD:U0456EFGH"
        )

    wrong = [value for value in values if not _is_admin_id(value)]
    if wrong:
        raise ValueError(
            f"{_listed(wrong)}: expected USER or WORKSPACE:USER, by their ids such as U0456EFGH; "
            "Slack shows an id under the profile's menu, Copy member ID"
        )

    return values


def team_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    """Returns ids of workspaces."""
    wrong = [value for value in values if not _TEAM_ID.match(value)]
    if wrong:
        raise ValueError(f"{_listed(wrong)}: expected ids of workspaces, such as T0123ABCD")

    return values


def channel_id(value: str) -> str:
    """Returns the id of a channel, empty for none."""
    if value and not _CHANNEL_ID.match(value):
        raise ValueError(
            "expected the id of a channel such as C0123ABCD, not its name; Slack shows it at the "
            "end of the channel's details"
        )

    return value


def _listed(values: list[str]) -> str:
    # Bytes that are no UTF-8 become half characters, which no message can hold.
    return ", ".join(values).encode("utf-8", "backslashreplace").decode()


def unknown_line(name: str, known: Iterable[str]) -> str:
    """Returns the line about a variable that is no setting, with the nearest one."""
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else "see .env.example"
    return f"  {name}: no such setting; {hint}"


def expected_value(kind: str, limits: Mapping[str, object], problem: str) -> str:
    """Returns what a setting expects, from a validator's error: its type, its limits, its message.

    The library's own sentences about numbers are for programmers.
    """
    expected = EXPECTED.get(kind, problem)
    if kind in EXPECTED:
        expected = expected.format(**limits)

    own = expected.removeprefix("Value error, ")
    return own.replace("Input should be ", "expected ", 1)


def problem_line(name: str, problem: str, found: str | None, default: str) -> str:
    """Returns the line about a wrong value; `found` is None for one that may be a secret.

    `default` is empty for a setting that has none, which is not set then.
    """
    value = "" if found is None else f"; found {found[:MAX_SHOWN]!r}"
    remedy = f"remove it for the default, {default}" if default else "remove it to leave it unset"
    return f"  {name}: {problem}{value}; correct it, or {remedy}"


def _is_admin_id(value: str) -> bool:
    team, colon, user = value.rpartition(":")
    return bool(_USER_ID.match(user) and (not colon or _TEAM_ID.match(team)))


def _has_host(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False

    is_plain = value.isprintable() and " " not in value
    return is_plain and port_is_valid and parts.scheme in schemes and bool(parts.hostname)
