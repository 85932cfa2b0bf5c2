"""Reads the files of a request when it is answered; nothing of them is kept.

Pictures are read for a model that sees, texts for a route whose model reads the message. For every
other file there is a note, so that nobody is answered as if there were no file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.catalog.version import Version
from router.errors import FileError
from router.log import get_log
from router.types import Request
from workers import texts
from workers.attachments.file_kinds import decode_text, file_kind, picture_type
from workers.context import Context, Work
from workers.knowledge.membership import ReadingRights
from workers.knowledge.quotes.extractive_answer import is_extractive
from workers.ports import Attachments, FileInfo, FileNote, Picture, TextFile
from workers.prompting.file_notes import notes_line
from workers.prompting.prompt import CHARACTERS_PER_TOKEN

CUT = "\n[… the rest of this file was left out …]"
MIN_ROOM = 200
"""Characters that every text file gets, however long the message is."""


@dataclass(frozen=True, slots=True)
class FileAbilities:
    """Which files the model of a version can be given."""

    texts: bool
    pictures: bool


def read_attachments(context: Context, work: Work) -> Attachments:
    """Returns the readable files of the request, or of its thread where it has none itself.

    `declined` is set where the request is about files of which none can be read. Raises PathError
    when Slack does not answer.
    """
    request = work.request
    if request.files and not request.file_ids:
        # The person wants an answer without them; the model must not invent what is in them.
        return Attachments(notes=(FileNote(texts.FILE_UNNAMED, "left"),))

    source = _message_with_files(context, request)
    if source is None:
        return Attachments()

    abilities = file_abilities(context, work.version)
    reader = _Reader(context, work, abilities)
    attachments = reader.read(source)
    line = notes_line(attachments.notes, context.settings)

    get_log(part="files").info(
        "files_read",
        request=request.id,
        pictures=len(attachments.pictures),
        texts=len(attachments.texts),
        notes=[note.reason for note in attachments.notes],
    )
    is_empty = not attachments.pictures and not attachments.texts
    return replace(
        attachments, line=line, declined=is_empty and bool(line) and source.id == request.id
    )


def file_abilities(context: Context, version: Version) -> FileAbilities:
    """Returns which files can be given to the version's model.

    `vision` in the route's file wins; else it sees if one of its models does.
    """
    traits = version.traits
    models = version.models or (context.settings.model,)
    if not traits.reads_files or (traits.retrieves and is_extractive(version, models)):
        return FileAbilities(texts=False, pictures=False)

    sees = version.vision
    if sees is None:
        sees = any(map(context.sees, models))

    return FileAbilities(texts=True, pictures=sees and traits.sees)


def _message_with_files(context: Context, request: Request) -> Request | None:
    """Returns the request if it has files, else the newest one before it in its thread that has."""
    if request.file_ids:
        return request
    # What came with a message is not known to belong to the second request in it.
    if request.thread_ts is None or request.part_of:
        return None

    earlier = context.store.requests.earlier_in_thread(request)
    return next((turn for turn in reversed(earlier) if turn.file_ids), None)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one request's files, for whoever will see its answer."""

    context: Context
    work: Work
    abilities: FileAbilities

    def read(self, source: Request) -> Attachments:
        ids = source.file_ids
        limit = self.context.settings.files_per_request
        pictures: list[Picture] = []
        files: list[TextFile] = []
        notes: list[FileNote] = []

        for number, file in enumerate(ids):
            content = self._read_file(source, file, within_limit=number < limit)
            if isinstance(content, Picture):
                pictures.append(content)
            elif isinstance(content, TextFile):
                files.append(content)
            else:
                notes.append(content)

        fitting, cut = self._fit(files)
        return Attachments(tuple(pictures), tuple(fitting), tuple(notes + cut))

    def _read_file(
        self, source: Request, file: str, *, within_limit: bool
    ) -> Picture | TextFile | FileNote:
        """Returns the file's content, or why it is not read."""
        directory = self.context.directory
        if directory is None:
            return FileNote(file, "gone")

        name = file
        try:
            info = directory.file_info(source.team, file)
            name = info.name
            reason = "many" if not within_limit else self._refusal(source, info)
            if reason is not None:
                return FileNote(name, reason)

            max_bytes = int(self.context.settings.file_megabytes * 2**20)
            data = directory.file_data(source.team, info, max_bytes)
        except FileError as error:
            get_log(part="files").info("file_not_read", file=file, error=str(error))
            return FileNote(name, error.reason)

        return _content(info, data)

    def _refusal(self, source: Request, info: FileInfo) -> str | None:
        """Returns why the file is not even fetched, None where it is."""
        kind = file_kind(info.name, info.media_type)
        if kind == "other":
            return "kind"
        if kind == "picture" and not self.abilities.pictures:
            return "blind"
        if kind == "text" and not self.abilities.texts:
            return "route"

        return None if self._may_be_used(source, info) else "rights"

    def _may_be_used(self, source: Request, info: FileInfo) -> bool:
        """Returns whether everybody who sees the answer may see the file.

        A file that was shared in this conversation is theirs. One that came with a forwarded
        message may be from a conversation that not all of them are in.
        """
        request = self.work.request
        if request.channel in info.channels or info.user in (request.user, source.user):
            return True

        if request.channel_kind == "dm":
            # They could read it, or they could not have forwarded it. What is made from it is
            # still not for everybody with whom they share the answer.
            self.work.acls.update(sorted(info.channels)[:1])
            return True

        rights = ReadingRights(
            self.context.store.access,
            self.context.directory,
            self.context.now,
            self.context.settings.rights_max_age_seconds,
        )
        readable = rights.viewer(request).channels & info.channels
        self.work.acls.update(sorted(readable)[:1])
        return bool(readable)

    def _fit(self, files: list[TextFile]) -> tuple[list[TextFile], list[FileNote]]:
        """Returns the texts, cut so that they fit into the prompt, and a note for each cut one."""
        room = self._room()
        fitting: list[TextFile] = []
        notes: list[FileNote] = []

        for number, file in enumerate(sorted(files, key=lambda file: len(file.text))):
            # What short files leave over is for the long ones.
            share = max(MIN_ROOM, room // (len(files) - number))
            text, whole = file.text, ""
            if len(text) > share:
                text, whole = text[:share] + CUT, text
                notes.append(FileNote(file.name, "cut"))

            room -= min(len(file.text), share)
            fitting.append(TextFile(file.name, text, whole))

        return fitting, notes

    def _room(self) -> int:
        """Returns the characters for the texts of all files.

        A hosted model has tokens of their own for them, a local one what the message leaves.
        """
        version, settings = self.work.version, self.context.settings
        models = version.models or (settings.model,)
        if not version.traits.takes_adapter and not models[0].startswith("local"):
            return settings.file_tokens * CHARACTERS_PER_TOKEN

        return version.limits.input_tokens * CHARACTERS_PER_TOKEN - len(self.work.request.text)


def _content(info: FileInfo, data: bytes) -> Picture | TextFile | FileNote:
    if not data:
        return FileNote(info.name, "empty")

    if file_kind(info.name, info.media_type) == "picture":
        media_type = picture_type(data)
        return Picture(media_type, data) if media_type else FileNote(info.name, "broken")

    text = decode_text(data)
    return FileNote(info.name, "broken") if text is None else TextFile(info.name, text)
