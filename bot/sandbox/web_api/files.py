"""files.*: Slack's upload in three steps, and file information."""

from __future__ import annotations

import mimetypes

from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery import events
from bot.sandbox.json_types import Json
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError

SIZE_LIMIT = 20_000_000
MIME_TYPES = {
    "csv": "text/csv",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
    "zip": "application/zip",
}
"""What Slack calls a file by its suffix. It takes the suffix's word: the bytes are not looked at.
Anything else that the system knows no type for is text."""


def get_upload_url(call: Call) -> Json:
    """Returns a one-time URL for the file's content (step 1 of an upload)."""
    name = call.text("filename")
    length = call.number("length", 0, SIZE_LIMIT + 1)
    if length < 1:
        raise RefusalError("invalid_arguments", "length must be greater than 0")
    if length > SIZE_LIMIT:
        raise RefusalError("file_upload_size_restricted")

    file_id = call.workspace.next_id("F")
    key = call.context.short_lived_tokens.issue(
        "upload", file=file_id, name=name, user=call.workspace.bot["id"]
    )
    # The id is known from now on, but the file exists only once its content has arrived.
    call.context.file_contents[file_id] = b""

    return {"upload_url": f"{call.context.url}/upload/v1/{key}", "file_id": file_id}


def complete_upload(call: Call) -> Json:
    """Shares the uploaded files in a channel or thread, if one is named (step 3)."""
    files = _uploaded_files(call)

    channel_id = call.text("channel_id", "") or call.text("channels", "").partition(",")[0]
    if channel_id:
        call.args["channel"] = channel_id
        _share(call, files)

    return {"files": [call.workspace.add_file(file) for file in files]}


def info(call: Call) -> Json:
    """Returns one file."""
    file = call.workspace.files.get(call.text("file"))
    # Slack shows a bot only files of its own and of conversations that it is in.
    if file is None or not _bot_can_see(call, file):
        raise RefusalError("file_not_found")

    file = {name: value for name, value in file.items() if name != "is_stub"}
    return {"file": file, "comments": [], "response_metadata": {"next_cursor": ""}}


def _bot_can_see(call: Call, file: Json) -> bool:
    bot = call.workspace.bot["id"]
    if file["user"] == bot:
        return True

    channels = [call.workspace.channels[channel] for channel in conversations_of(file)]
    return any(bot in channel["members"] for channel in channels)


def delete(call: Call) -> Json:
    """Deletes one of the bot's files; messages that shared it show that it is gone."""
    file_id = call.text("file")
    file = call.workspace.files.get(file_id)
    if file is None:
        raise RefusalError("file_not_found")
    if file["user"] != call.workspace.bot["id"]:
        raise RefusalError("cant_delete_file")

    del call.workspace.files[file_id]
    call.context.file_contents.pop(file_id, None)
    for channel in conversations_of(file):
        for message in list(call.workspace.messages[channel].values()):
            _leave_tombstone(call, channel, message, file_id)

    return {}


def _leave_tombstone(call: Call, channel: str, message: Json, file_id: str) -> None:
    files = []
    for file in message.get("files") or []:
        is_deleted = file["id"] == file_id
        files.append({"id": file_id, "mode": "tombstone"} if is_deleted else file)

    if files and files != message["files"]:
        call.workspace.update_message(channel, message["ts"], files=files)


def add_content(
    context: SandboxContext, file_id: str, name: str, user: str, content: bytes
) -> Json:
    """Stores a file's content (step 2 of an upload). Returns its file object."""
    context.file_contents[file_id] = content
    url = f"{context.url}/files-pri/{file_id}/{name}"
    suffix = name.rpartition(".")[2].lower() if "." in name else "text"

    file = {
        "id": file_id,
        "created": int(context.clock.now()),
        "name": name,
        "title": name,
        "mimetype": _media_type(suffix),
        "filetype": suffix,
        "user": user,
        "size": len(content),
        "mode": "hosted",
        "is_external": False,
        "is_public": False,
        "file_access": "visible",
        "url_private": url,
        "url_private_download": url,
        "permalink": url,
        "channels": [],
        "groups": [],
        "ims": [],
    }
    return context.workspace.add_file(file)


def add_conversation(file: Json, conversation: Json) -> Json:
    """Returns the file object after the file was shared in the conversation, too.

    Slack lists public channels, private ones and direct messages apart.
    """
    field = "channels"
    if conversation["is_im"]:
        field = "ims"
    elif conversation["is_private"]:
        field = "groups"

    is_public = file["is_public"] or field == "channels"
    return {**file, field: [*file[field], conversation["id"]], "is_public": is_public}


def conversations_of(file: Json) -> list[str]:
    """Returns the ids of all conversations that a file was shared in."""
    return [*file["channels"], *file["groups"], *file["ims"]]


def _media_type(suffix: str) -> str:
    guess, _ = mimetypes.guess_type(f"file.{suffix}")
    return MIME_TYPES.get(suffix) or guess or "text/plain"


def _uploaded_files(call: Call) -> list[Json]:
    """Returns the file objects of the call's `files`, with the titles that it gives them."""
    entries = call.json_argument("files")
    if not isinstance(entries, list) or not entries:
        raise RefusalError("invalid_arguments", "files must be an array of objects")

    files = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise RefusalError("invalid_arguments", "files must be an array of objects")

        file = call.workspace.files.get(str(entry.get("id")))
        if file is None:
            raise RefusalError("file_not_found")

        files.append({**file, "title": entry.get("title") or file["title"]})

    return files


def _share(call: Call, files: list[Json]) -> None:
    """Posts the files in the call's channel and records that they are shared there."""
    channel = call.channel()
    content: Json = {
        "text": call.text("initial_comment", ""),
        "files": files,
        "subtype": "file_share",
    }
    thread = messages.resolve_thread(call, channel)
    if thread:
        content["thread_ts"] = thread

    message = call.workspace.post(channel["id"], messages.bot_message(call, **content))
    events.publish_message(call.context, channel["id"], message)

    for file in files:
        file.update(add_conversation(file, channel))


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",), tier=4),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",), tier=4),
    "files.delete": Method(delete, ("files:write",), tier=3),
    "files.info": Method(info, ("files:read",), tier=4),
}
