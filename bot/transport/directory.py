"""Looks up people, channels and files through Slack's Web API."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE, error_code
from router.errors import PathError
from workers.ports import ChannelInfo, SharedFile

PAGE_SIZE = 200
"""Slack recommends no more than this many entries a call."""
MAX_SINGLE_LOOKUPS = 20
"""Above this many people, listing the whole workspace is cheaper than asking for each. Whoever is
not listed is asked for alone, up to this many; the others count as unknown."""
DOWNLOAD_SECONDS = 30
FILE_HOSTS = (".slack.com", ".slack-gov.com")
"""Ends of the names of Slack's own hosts; the second one is GovSlack's."""
UNKNOWN_USER_ERRORS = ("user_not_found", "user_not_visible")
GUEST_FLAGS = ("is_restricted", "is_ultra_restricted", "is_stranger")

SlackObject = Mapping[str, Any]
"""A user, channel or file as Slack describes it."""


class SlackDirectory:
    """The `Directory` port on Slack's Web API; `client` returns a workspace's client."""

    def __init__(self, client: Callable[[str], WebClient]) -> None:
        self._client = client

    def guests(self, team: str, users: Sequence[str]) -> Mapping[str, bool]:
        """See `Directory.guests`."""
        wanted = set(users)
        result: dict[str, bool] = {}

        with _path_errors("who somebody is"):
            if len(wanted) > MAX_SINGLE_LOOKUPS:
                for user in self._list_all(team, "users_list", "members"):
                    # Everybody who is listed: they need not be asked about for a while.
                    if user.get("id"):
                        result[str(user["id"])] = is_guest(user, team)

            # People of other workspaces are not in the list, and have to be asked for one by one.
            for user_id in sorted(wanted - set(result))[:MAX_SINGLE_LOOKUPS]:
                user = self._user(team, user_id)
                if user is not None:
                    result[user_id] = is_guest(user, team)

        return result

    def channel_info(self, team: str, channel: str) -> ChannelInfo:
        """See `Directory.channel_info`."""
        with _path_errors(f"what channel {channel} is"):
            response = self._client(team).conversations_info(channel=channel)
            return parse_channel(response["channel"])

    def members(self, team: str, channel: str) -> Sequence[str]:
        """See `Directory.members`."""
        with _path_errors(f"who is in {channel}"):
            users = self._list_all(team, "conversations_members", "members", channel=channel)
            return [str(user) for user in users]

    def shared_file(self, team: str, file: str, max_bytes: int) -> SharedFile:
        """See `Directory.shared_file`."""
        client = self._client(team)
        with _path_errors(f"for file {file}"):
            info: SlackObject = client.files_info(file=file)["file"]
            name = str(info.get("name") or file)
            size = int(info.get("size") or 0)
            if size > max_bytes:
                raise PathError(
                    f"fetching {name!r}: {size / 2**20:.0f} MB; at most {max_bytes // 2**20} MB",
                    retry=False,
                )

            url = str(info.get("url_private") or "")
            data = _download(url, str(client.token), client.base_url, max_bytes)

        return SharedFile(
            id=file,
            name=name,
            user=str(info.get("user") or ""),
            url=str(info.get("permalink") or ""),
            shared_at=float(info.get("created") or 0),
            data=data,
        )

    def _user(self, team: str, user: str) -> SlackObject | None:
        """Returns Slack's user object, None for a user whom Slack does not know."""
        try:
            found: SlackObject = self._client(team).users_info(user=user)["user"]
        except SlackApiError as error:
            if error_code(error) in UNKNOWN_USER_ERRORS:
                return None
            raise

        return found

    def _list_all(self, team: str, method: str, field: str, **arguments: str) -> Iterator[Any]:
        """Yields every entry of a list that comes in pages."""
        cursor = ""
        while True:
            call = getattr(self._client(team), method)
            response = call(limit=PAGE_SIZE, cursor=cursor, **arguments)
            yield from response.get(field) or ()

            metadata = response.get("response_metadata") or {}
            cursor = str(metadata.get("next_cursor") or "")
            if not cursor:
                return


def is_guest(user: SlackObject, team: str) -> bool:
    """Returns whether a user sees only the channels that they were invited to.

    That holds for guests, and for people of other workspaces.
    """
    home = str(user.get("team_id") or team)
    # On Enterprise Grid a user belongs to several workspaces of the organisation.
    is_at_home = home == team or team in (user.get("enterprise_user") or {}).get("teams", ())

    return any(user.get(flag) for flag in GUEST_FLAGS) or not is_at_home


def parse_channel(channel: SlackObject) -> ChannelInfo:
    """Returns the description that Slack's channel object holds."""
    is_closed = channel.get("is_private") or channel.get("is_im") or channel.get("is_mpim")
    is_shared = channel.get("is_ext_shared") or channel.get("is_pending_ext_shared")
    return ChannelInfo(
        id=str(channel["id"]),
        name=str(channel.get("name") or ""),
        public=not is_closed,
        shared=bool(is_shared),
        is_dm=bool(channel.get("is_im")),
    )


def is_file_host(url: str) -> bool:
    """Returns whether the address is at one of Slack's own hosts, which may see the token."""
    target = urlsplit(url)
    return target.scheme == "https" and (target.hostname or "").endswith(FILE_HOSTS)


def _download(url: str, token: str, api_url: str, max_bytes: int) -> bytes:
    """Returns a file's bytes. The token is sent to Slack's own hosts only."""
    target = urlsplit(url)
    api = urlsplit(api_url)

    # The URL is in the answer of an API, but some files only link to another service.
    is_api_host = target.netloc == api.netloc and target.scheme == api.scheme
    if not is_api_host and not is_file_host(url):
        raise PathError(
            "fetching a file: it is not stored at Slack; "
            "only files that were uploaded to Slack are read",
            retry=False,
        )

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310  # checked above
    opener = urllib.request.build_opener(_NoRedirect)
    # One byte more than allowed tells a file that is too large from one that just fits.
    with opener.open(request, timeout=DOWNLOAD_SECONDS) as response:
        data: bytes = response.read(max_bytes + 1)

    if len(data) > max_bytes:
        raise PathError(f"fetching a file: larger than {max_bytes // 2**20} MB", retry=False)

    return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would send the token to another host."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


@contextmanager
def _path_errors(question: str) -> Iterator[None]:
    """Turns the errors of Slack's client into PathErrors; `question` ends "asking Slack ..."."""
    try:
        yield
    except SlackApiError as error:
        code = error_code(error)
        raise PathError(
            f"asking Slack {question}: it said {code!r}; see `beagle doctor` for missing scopes",
            retry=False,
        ) from error
    except UNREACHABLE as error:
        raise PathError(
            f"asking Slack {question}: it was not reached ({type(error).__name__})",
            retry=True,
        ) from error
