"""Looks up people, channels and files through Slack's Web API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE, error_code
from bot.transport.file_download import FileSource, download
from bot.transport.pages import next_cursor
from router.errors import FileError, PathError
from workers.affiliation import Affiliation, affiliation
from workers.ports import ChannelInfo, FileInfo, SharedFile

PAGE_SIZE = 200
"""Slack recommends no more than this many entries a call."""
MAX_SINGLE_LOOKUPS = 20
"""Above this many people, listing the whole workspace is cheaper than asking for each. Whoever is
not listed is asked for alone, up to this many; the others count as unknown."""
FILE_ERRORS = {
    "file_not_found": "gone",
    "file_deleted": "gone",
    "access_denied": "gone",
    "missing_scope": "sign_in",
}
"""Slack's error code -> the reason that people are told; any other may pass."""
UNKNOWN_USER_ERRORS = ("user_not_found", "user_not_visible")

SlackObject = Mapping[str, Any]
"""A user, channel or file as Slack describes it."""


class SlackDirectory:
    """The `Directory` port on Slack's Web API; `client` returns a workspace's client."""

    def __init__(self, client: Callable[[str], WebClient]) -> None:
        self._client = client

    def people(self, team: str, users: Sequence[str]) -> Mapping[str, Affiliation]:
        """See `Directory.people`."""
        wanted = set(users)
        result: dict[str, Affiliation] = {}

        with _path_errors("who somebody is"):
            if len(wanted) > MAX_SINGLE_LOOKUPS:
                for user in self._list_all(team, "users_list", "members"):
                    # Everybody who is listed: they need not be asked about for a while.
                    if user.get("id"):
                        result[str(user["id"])] = affiliation(user, team, shared=True)

            # People of other workspaces are not in the list, and have to be asked for one by one.
            for user_id in sorted(wanted - set(result))[:MAX_SINGLE_LOOKUPS]:
                user = self._user(team, user_id)
                if user is not None:
                    result[user_id] = affiliation(user, team, shared=True)

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

    def file_info(self, team: str, file: str) -> FileInfo:
        """See `Directory.file_info`."""
        return parse_file(file, self._describe_file(team, file))

    def file_data(self, team: str, file: FileInfo, max_bytes: int) -> bytes:
        """See `Directory.file_data`."""
        client = self._client(team)
        if file.size > max_bytes:
            raise FileError(
                f"fetching a file of {file.size / 2**20:.1f} MB: at most "
                f"{max_bytes / 2**20:g} MB are read",
                "large",
            )

        source = FileSource(
            file.url, str(client.token), client.base_url, file.media_type, file.size
        )
        with _path_errors(f"for file {file.id}"):
            return download(source, max_bytes)

    def shared_file(self, team: str, file: str, max_bytes: int) -> SharedFile:
        """See `Directory.shared_file`."""
        found = self._describe_file(team, file)
        info = parse_file(file, found)

        return SharedFile(
            id=file,
            name=info.name,
            user=info.user,
            url=str(found.get("permalink") or ""),
            shared_at=float(found.get("created") or 0),
            data=self.file_data(team, info, max_bytes),
        )

    def _describe_file(self, team: str, file: str) -> SlackObject:
        """Returns Slack's file object. Raises FileError where Slack shows Beagle no such file."""
        with _path_errors(f"for file {file}"):
            try:
                found: SlackObject = self._client(team).files_info(file=file)["file"]
            except SlackApiError as error:
                reason = FILE_ERRORS.get(error_code(error))
                if reason is None:
                    raise

                raise FileError(
                    f"asking Slack for file {file}: it said {error_code(error)!r}", reason
                ) from error

        return found

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

            cursor = next_cursor(response)
            if not cursor:
                return


def parse_file(file: str, found: SlackObject) -> FileInfo:
    """Returns the description that Slack's file object holds.

    Raises FileError for one that was deleted, that only links to another service, or that Slack
    keeps from Beagle.
    """
    mode, access = found.get("mode"), found.get("file_access", "visible")
    if mode in ("tombstone", "hidden_by_limit") or access not in ("visible", "check_file_info"):
        raise FileError(f"asking Slack for file {file}: it is {mode or access!r}", "gone")
    if found.get("is_external") or not found.get("url_private"):
        raise FileError(f"asking Slack for file {file}: it is not stored at Slack", "elsewhere")

    channels: set[str] = set()
    for field in ("channels", "groups", "ims"):
        channels.update(map(str, found.get(field) or ()))
    for kind in (found.get("shares") or {}).values():
        channels.update(map(str, kind))

    return FileInfo(
        id=file,
        name=str(found.get("name") or found.get("title") or file),
        media_type=str(found.get("mimetype") or ""),
        size=int(found.get("size") or 0),
        user=str(found.get("user") or ""),
        channels=frozenset(channels),
        url=str(found["url_private"]),
    )


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
