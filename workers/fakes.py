"""In-memory fakes of the queue, of Slack's messages and of its directory, for tests and benches."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from router.errors import FileError, PathError, QueueError
from router.types import Decision, Outcome, Request
from workers.affiliation import Affiliation
from workers.ports import RUN_SECONDS, Activity, ChannelInfo, FileInfo, QueueRuns, SharedFile


class MemoryQueue:
    """The `Queue` port without a server: jobs wait in `jobs` until a test takes them.

    `queue_of_job` maps each job to its queue. With `down` every method raises.
    """

    def __init__(self, queue_of_job: Mapping[str, str]) -> None:
        self._queue_of_job = queue_of_job
        self.jobs: deque[tuple[str, str]] = deque()
        self.counts: dict[str, QueueRuns] = {}
        self.down = False

    def enqueue(self, job: str, key: str) -> None:
        """See `Queue.enqueue`; refuses an unknown job."""
        self._check_up()
        if job not in self._queue_of_job:
            known = ", ".join(sorted(self._queue_of_job))
            raise QueueError(f"enqueueing job {job!r}: unknown; known: {known}")

        self.jobs.append((job, key))

    def depth(self) -> Mapping[str, int]:
        """See `Queue.depth`."""
        self._check_up()
        counts = dict.fromkeys(self._queue_of_job.values(), 0)
        for job, _ in self.jobs:
            counts[self._queue_of_job[job]] += 1

        return counts

    def record_run(self, job: str, seconds: float, *, failed: bool) -> None:
        """See `Queue.record_run`."""
        if job not in self._queue_of_job:
            return

        before = self.counts.get(self._queue_of_job[job], QueueRuns())
        buckets = [n + (seconds <= top) for n, top in zip(before.buckets, RUN_SECONDS, strict=True)]
        self.counts[self._queue_of_job[job]] = QueueRuns(
            before.ok + (not failed), before.failed + failed, before.seconds + seconds, buckets
        )

    def runs(self) -> Mapping[str, QueueRuns]:
        """See `Queue.runs`."""
        self._check_up()
        empty = dict.fromkeys(self._queue_of_job.values(), QueueRuns())
        return {**empty, **self.counts}

    def compact(self) -> None:
        """Does nothing: there are no files."""
        self._check_up()

    def _check_up(self) -> None:
        if self.down:
            raise QueueError("reaching the queue: it was told to be down")


class MemoryReplies:
    """The `Replies` port without Slack: `answers` is what is visible, `posts` counts new messages.

    `deliver` first raises the errors in `failures`, one per call.
    """

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Decision, Outcome]] = {}
        self.streamed: dict[str, str] = {}
        self.activities: dict[str, list[Activity]] = {}
        self.posts: Counter[str] = Counter()
        self.failures: deque[Exception] = deque()
        self._lock = threading.Lock()

    def show_working(self, request: Request, decision: Decision) -> None:
        """Does nothing."""

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """Appends to the text in `streamed`."""
        with self._lock:
            self.streamed[request.id] = self.streamed.get(request.id, "") + text

    def show_activity(self, request: Request, decision: Decision, activity: Activity) -> None:
        """Appends to the list in `activities`."""
        with self._lock:
            self.activities.setdefault(request.id, []).append(activity)

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """Puts the answer into `answers`."""
        with self._lock:
            if self.failures:
                raise self.failures.popleft()

            if request.id not in self.answers:
                self.posts[request.id] += 1

            self.answers[request.id] = (decision, outcome)

    def withdraw(self, request: Request) -> bool:
        """Removes the answer from `answers`."""
        with self._lock:
            self.answers.pop(request.id, None)
            self.streamed.pop(request.id, None)

        return True


class MemoryDirectory:
    """The `Directory` port without Slack: everybody is a full member unless in `guest_ids`.

    A channel that is not in `channels` is empty, and private unless `is_public`. `lookups` has
    every question. With `down`, or about one of the `silent_channels`, it does not answer.
    """

    def __init__(self, *, is_public: bool = False) -> None:
        self.is_public = is_public
        self.guest_ids: set[str] = set()
        self.unknown_ids: set[str] = set()
        self.channels: dict[str, ChannelInfo] = {}
        self.member_ids: dict[str, list[str]] = {}
        self.files: dict[str, SharedFile] = {}
        self.file_infos: dict[str, FileInfo] = {}
        self.file_contents: dict[str, bytes] = {}
        self.silent_channels: set[str] = set()
        self.lookups: list[str] = []
        self.down = False

    def people(self, team: str, users: Sequence[str]) -> Mapping[str, Affiliation]:
        """See `Directory.people`."""
        self._look_up("people")
        known = [user for user in users if user not in self.unknown_ids]
        return {user: Affiliation(guest=user in self.guest_ids) for user in known}

    def channel_info(self, team: str, channel: str) -> ChannelInfo:
        """See `Directory.channel_info`."""
        self._look_up(f"place {channel}")
        info = self.channels.get(channel)
        if info is None:
            return ChannelInfo(channel, channel.lower(), public=self.is_public, shared=False)

        return info

    def members(self, team: str, channel: str) -> Sequence[str]:
        """See `Directory.members`."""
        self._look_up(f"members {channel}")
        return self.member_ids.get(channel, [])

    def shared_file(self, team: str, file: str, max_bytes: int) -> SharedFile:
        """See `Directory.shared_file`."""
        self._look_up(f"file {file}")

        shared = self.files.get(file)
        if shared is None or len(shared.data) > max_bytes:
            raise PathError(
                f"asking for file {file!r}: there is none of at most {max_bytes} bytes", retry=False
            )

        return shared

    def file_info(self, team: str, file: str) -> FileInfo:
        """See `Directory.file_info`."""
        self._look_up(f"file {file}")

        info = self.file_infos.get(file)
        if info is None:
            raise FileError(f"asking for file {file!r}: there is none", "gone")

        return info

    def file_data(self, team: str, file: FileInfo, max_bytes: int) -> bytes:
        """See `Directory.file_data`."""
        self._look_up(f"data {file.id}")

        data = self.file_contents[file.id]
        if len(data) > max_bytes:
            raise FileError(f"fetching {file.id!r}: more than {max_bytes} bytes", "large")

        return data

    def _look_up(self, question: str) -> None:
        self.lookups.append(question)
        if self.down or question.split()[-1] in self.silent_channels:
            raise PathError("asking Slack: it was told to be down", retry=True)
