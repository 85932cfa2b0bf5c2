"""What Slack says of people, channels and files, through its Web API."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE
from router.errors import PathError
from workers.ports import Place, SharedFile

PAGE = 200
"""Slack recommends no more than this many entries a call."""
FEW = 20
"""Above this many people the whole list of the workspace is cheaper than asking for each."""
SECONDS = 30


class SlackDirectory:
    """The `Directory` port on Slack's Web API; `client` gives the one that holds a workspace's token."""

    def __init__(self, client: Callable[[str], WebClient]) -> None:
        self._client = client

    def guests(self, team: str, users: Sequence[str]) -> Mapping[str, bool]:
        """As the port says."""
        wanted, found = set(users), {}
        with _Asking("who somebody is"):
            if len(wanted) > FEW:
                for user in self._all(team, "users_list", "members"):
                    if user.get("id") in wanted:
                        found[str(user["id"])] = is_guest(user, team)

            for user in sorted(wanted - set(found)):
                try:
                    about = self._client(team).users_info(user=user)["user"]
                except SlackApiError as error:
                    if error.response.get("error") in ("user_not_found", "user_not_visible"):
                        continue
                    raise

                found[user] = is_guest(about, team)

        return found

    def place(self, team: str, channel: str) -> Place:
        """As the port says."""
        with _Asking(f"what channel {channel} is"):
            about: Mapping[str, Any] = self._client(team).conversations_info(channel=channel)[
                "channel"
            ]

        return place_of(about)

    def members(self, team: str, channel: str) -> Sequence[str]:
        """As the port says."""
        with _Asking(f"who is in {channel}"):
            return [
                str(user)
                for user in self._all(team, "conversations_members", "members", channel=channel)
            ]

    def file(self, team: str, file: str, largest: int) -> SharedFile:
        """As the port says. The token goes to Slack's own hosts only."""
        client = self._client(team)
        with _Asking(f"for file {file}"):
            about: Mapping[str, Any] = client.files_info(file=file)["file"]

            name, size = str(about.get("name") or file), int(about.get("size") or 0)
            if size > largest:
                raise PathError(
                    f"fetching {name!r}: {size / 2**20:.0f} MB; at most {largest // 2**20} MB",
                    retry=False,
                )

            data = _download(
                str(about.get("url_private") or ""), str(client.token), client.base_url, largest
            )

        link = str(about.get("permalink") or "")
        return SharedFile(
            file, name, str(about.get("user") or ""), link, float(about.get("created") or 0), data
        )

    def _all(self, team: str, method: str, field: str, **how: Any) -> Iterator[Any]:
        """Every entry of a list that comes in pages."""
        cursor = ""
        while True:
            answer = getattr(self._client(team), method)(limit=PAGE, cursor=cursor, **how)
            yield from answer.get(field) or ()

            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return


def is_guest(user: Mapping[str, Any], team: str) -> bool:
    """Whether Slack's user object is of somebody who sees only the channels they were let into."""
    flags = ("is_restricted", "is_ultra_restricted", "is_stranger")
    home = str(user.get("team_id") or team)
    here = home == team or team in (user.get("enterprise_user") or {}).get("teams", ())

    return any(user.get(flag) for flag in flags) or not here


def place_of(channel: Mapping[str, Any]) -> Place:
    """Slack's channel object as a place."""
    public = not (channel.get("is_private") or channel.get("is_im") or channel.get("is_mpim"))
    shared = any(channel.get(flag) for flag in ("is_ext_shared", "is_pending_ext_shared"))
    return Place(str(channel["id"]), str(channel.get("name") or ""), bool(public), bool(shared))


def _download(url: str, token: str, api_url: str, largest: int) -> bytes:
    host, home = urlsplit(url), urlsplit(api_url)

    ours = host.netloc == home.netloc and host.scheme == home.scheme
    if not ours and not (host.scheme == "https" and (host.hostname or "").endswith(".slack.com")):
        raise PathError(
            "fetching a file: it does not lie with Slack; only files that were uploaded to Slack are read",
            retry=False,
        )

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  # checked above
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
        data: bytes = answer.read(largest + 1)

    if len(data) > largest:
        raise PathError(f"fetching a file: larger than {largest // 2**20} MB", retry=False)

    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would hand the token on."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class _Asking:
    """Turns what Slack's client raises into a PathError."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, SlackApiError):
            code = str(error.response.get("error", "unknown_error"))
            raise PathError(
                f"asking Slack {self._what}: it said {code!r}; see `beagle doctor` for missing scopes",
                retry=False,
            ) from error

        if isinstance(error, UNREACHABLE):
            raise PathError(
                f"asking Slack {self._what}: it was not reached ({type(error).__name__})",
                retry=True,
            ) from error
