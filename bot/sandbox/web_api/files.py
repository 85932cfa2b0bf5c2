"""files.*: uploads in three steps, as Slack wants them, and what is known of a file."""

from __future__ import annotations

from typing import Any

from bot.sandbox.context import Platform
from bot.sandbox.delivery import events
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError

Json = dict[str, Any]

SIZE_LIMIT = 20_000_000


def get_upload_url(call: Call) -> Json:
    """A URL that takes the file's content, once."""
    name, length = call.text("filename"), call.number("length", 0, SIZE_LIMIT + 1)
    if length < 1:
        raise RefusalError("invalid_arguments", "length must be greater than 0")
    if length > SIZE_LIMIT:
        raise RefusalError("file_upload_size_restricted")

    file_id = call.workspace.next_id("F")
    key = call.platform.tickets.give(
        "upload", file=file_id, name=name, user=call.workspace.bot["id"]
    )
    call.platform.contents[file_id] = b""

    return {"upload_url": f"{call.platform.url}/upload/v1/{key}", "file_id": file_id}


def complete_upload(call: Call) -> Json:
    """The uploaded files are shared in a channel or thread, if one is named."""
    given = call.structure("files")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise RefusalError("invalid_arguments", "files must be an array of objects")

    files = []
    for one in given:
        file = call.workspace.files.get(str(one.get("id")))
        if file is None:
            raise RefusalError("file_not_found")

        files.append({**file, "title": one.get("title") or file["title"]})

    channel_id = call.text("channel_id", "") or call.text("channels", "").partition(",")[0]
    if channel_id:
        call.args["channel"] = channel_id
        channel = call.channel()
        thread = messages.thread(call, channel)
        made = {"text": call.text("initial_comment", ""), "files": files, "subtype": "file_share"}
        made |= {"thread_ts": thread} if thread else {}
        message = call.workspace.post(channel["id"], messages.from_bot(call, **made))
        events.said(call.platform, channel["id"], message)

        for file in files:
            file["channels"] = [*file["channels"], channel["id"]]

    return {"files": [call.workspace.add_file(file) for file in files]}


def info(call: Call) -> Json:
    """One file."""
    file = call.workspace.files.get(call.text("file"))
    if file is None:
        raise RefusalError("file_not_found")

    return {"file": file, "comments": [], "response_metadata": {"next_cursor": ""}}


def add_content(platform: Platform, file_id: str, name: str, user: str, content: bytes) -> Json:
    """The content of a file is there; the file is known."""
    platform.contents[file_id] = content
    url = f"{platform.url}/files-pri/{file_id}/{name}"
    suffix = name.rpartition(".")[2].lower() if "." in name else "text"
    file = {
        "id": file_id,
        "created": int(platform.clock.now()),
        "name": name,
        "title": name,
        "mimetype": "text/csv"
        if suffix == "csv"
        else "image/png"
        if suffix == "png"
        else "text/plain",
        "filetype": suffix,
        "user": user,
        "size": len(content),
        "mode": "hosted",
        "is_external": False,
        "url_private": url,
        "url_private_download": url,
        "permalink": url,
        "channels": [],
    }

    return platform.workspace.add_file(file)


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",), tier=4),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",), tier=4),
    "files.info": Method(info, ("files:read",), tier=4),
}
