"""Verdicts on candidates: the digest's buttons. Rights are checked at each click, and each verdict counts once.

State lives in the store. A button carries an id and a version, and after each click the message is rendered anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import digest_blocks, texts
from bot.admins import Admins
from bot.blocks import Shown
from bot.clients import UNREACHABLE
from bot.forms import dialog, option, parsed, question, said
from router.errors import LifecycleError, QueueError
from router.lifecycle import State
from router.log import get_log
from router.store import Store
from router.store.digests import Digest, Verdict, Word
from router.types import Candidate
from workers.ports import Queue

WEEK = 7 * 86_400.0
REJECT_VIEW, SPLIT_VIEW = "candidate_reject_view", "candidate_split_view"
SEVERAL = "several"
MOST_OTHERS = 20
WAITING: tuple[State, ...] = ("digested",)


class Review:
    """Everything that answers a click on a candidate."""

    def __init__(self, store: Store, queue: Queue, admins: Admins) -> None:
        self._store, self._queue, self._admins = store, queue, admins
        self._log = get_log(part="review")

    def listen(self, app: App) -> None:
        """The digest's buttons and dialogs are listened to."""
        actions: dict[str, Callable[..., None]] = {
            "candidate_approve": self.approve,
            "candidate_reject": self.ask_why,
            "candidate_snooze": self.snooze,
            "candidate_examples": self.examples,
            "candidate_split": self.ask_what,
        }
        for name, act in actions.items():
            app.action(name)(act)
        app.view(REJECT_VIEW)(self.reject)
        app.view(SPLIT_VIEW)(self.split)

    def approve(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any, client: WebClient) -> None:
        """The candidate is approved, and a worker takes its next step."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)
        if one is not None and self._decide(one, "approved", "approve", "", {}, body, respond, client):
            try:
                self._queue.wake("advance", one.id)
            except QueueError as error:
                # Approved stays approved: the next wake of the step finds it in the store.
                self._log.warning("not_woken", candidate=one.id, error=str(error))

    def snooze(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any, client: WebClient) -> None:
        """It stays away for a time, or until it is asked twice as often."""
        ack()
        name, version, key = (*str(action["selected_option"]["value"]).split(" ", 2), "", "")[:3]
        value = {"candidate": key, "version": int(version) if version.isdigit() else -1}
        one = self._one(value, body, respond)
        if one is None or name not in digest_blocks.SNOOZES:
            return
        now = self._admins.now()
        until = {"1w": {"until": now + WEEK}, "4w": {"until": now + 4 * WEEK}}
        told: dict[str, Any] = until.get(name) or {"until_count": 2 * int(one.evidence["count"])}
        self._decide(one, "snoozed", "snooze", name, told, body, respond, client)

    def ask_why(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any, client: WebClient) -> None:
        """A dialog asks for the reason."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)
        if one is not None:
            why = question(
                "why",
                texts.REJECT_WHY,
                {"type": "plain_text_input", "multiline": True, "max_length": 500},
                optional=True,
            )
            about = {"candidate": one.id, "version": one.version}
            view = dialog(REJECT_VIEW, texts.REJECT_TITLE, (texts.REJECT, texts.CANCEL), about, [why])
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def reject(self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """It is rejected with the reason that was given."""
        ack()
        one = self._one(parsed(view.get("private_metadata", "")), body, None)
        if one is not None:
            reason = str(said(view, "why") or "")
            self._decide(one, "rejected", "reject", reason, {"reason": reason}, body, None, client)

    def ask_what(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any, client: WebClient) -> None:
        """A dialog asks what is wrong with the group."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond)
        if one is None:
            return
        others = [each for each in self._store.candidates.of(one.team, WAITING) if each.id != one.id]
        options = [option(texts.SPLIT_SEVERAL, SEVERAL)]
        options += [option(texts.SPLIT_INTO.format(label=each.label), each.id) for each in others[:MOST_OTHERS]]
        what = question("what", texts.SPLIT_WHAT, {"type": "static_select", "options": options})
        about = {"candidate": one.id, "version": one.version}
        view = dialog(SPLIT_VIEW, texts.SPLIT_TITLE, (texts.SUBMIT, texts.CANCEL), about, [what])
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def split(self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        """The group is no candidate of its own: the gate learns from one that mixes, not from one that doubles."""
        ack()
        one = self._one(parsed(view.get("private_metadata", "")), body, None)
        what = str(said(view, "what") or "")
        if one is None or not what:
            return
        word: Word = "split" if what == SEVERAL else "merge"
        told = {"reason": texts.NOT_SAME, "into": "" if word == "split" else what}
        self._decide(one, "rejected", word, told["into"], told, body, None, client)

    def examples(self, ack: Any, action: dict[str, Any], body: dict[str, Any], respond: Any, client: WebClient) -> None:
        """The masked examples and every gate with its figure, for the admin who asked."""
        ack()
        one = self._one(parsed(str(action.get("value", ""))), body, respond, any_version=True)
        if one is not None:
            title = {"type": "plain_text", "text": texts.EXAMPLES_TITLE}
            view = {"type": "modal", "title": title, "blocks": digest_blocks.examples(one)}
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def _one(
        self, value: Mapping[str, Any], body: Mapping[str, Any], respond: Any, *, any_version: bool = False
    ) -> Candidate | None:
        """The candidate of a click, if the person may decide it and has seen it as it is now."""
        one = self._store.candidates.get(str(value.get("candidate", "")))
        who = (str(body.get("team", {}).get("id", "")), str(body["user"]["id"]))
        if one is None or one.team != who[0]:
            return None
        if not self._admins.includes(*who):
            self._admins.note(who, "candidate", one.id, "refused")
            self._tell(respond, texts.ADMINS_ONLY)
            return None
        if not any_version and one.version != value.get("version"):
            self._admins.note(who, "candidate", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)
            return None
        return one

    def _decide(
        self,
        one: Candidate,
        to: State,
        word: Word,
        reason: str,
        told: Mapping[str, Any],
        body: Mapping[str, Any],
        respond: Any,
        client: WebClient,
    ) -> bool:
        """Whether this click was the one that counted; then there is a verdict, and the digest shows it."""
        user, now = str(body["user"]["id"]), self._admins.now()
        try:
            moved = self._store.candidates.advance(
                one.id, to, actor=user, at=now, evidence={"verdict": word, **told}, version=one.version
            )
        except LifecycleError:
            self._admins.note((one.team, user), f"candidate_{word}", one.id, "late")
            self._tell(respond, texts.CANDIDATE_CHANGED)
            return False
        last = self._store.candidates.history(one.id)[-1]
        self._store.digests.say(Verdict(one.id, moved.version, user, word, reason, last.evidence_hash, now))
        self._admins.note((one.team, user), f"candidate_{word}", one.id, "applied")
        self._log.info("verdict", candidate=one.id, value=word)
        digest = self._store.digests.newest(one.team)
        if digest is not None:
            show_again(self._store, client, digest)
        return True

    def _tell(self, respond: Any, words: str) -> None:
        if respond is not None:
            respond(text=words, response_type="ephemeral", replace_original=False)


def rendered(store: Store, digest: Digest) -> Shown:
    """The digest's message as things stand now."""
    found = [one for key in digest.body["candidates"] if (one := store.candidates.get(key)) is not None]
    by = {one.id: store.candidates.history(one.id)[-1].actor for one in found if one.state != digest_blocks.WAITING}
    return digest_blocks.render(digest, found, {key: who for key, who in by.items() if who.startswith(("U", "W"))})


def show_again(store: Store, client: WebClient, digest: Digest) -> None:
    """The message in the channel says what holds now; best effort, because the store is what counts."""
    if digest.channel is not None and digest.ts is not None:
        channel, ts = digest.channel, digest.ts
        plainest(
            lambda shown: client.chat_update(channel=channel, ts=ts, text=shown.text, blocks=shown.blocks),
            rendered(store, digest),
        )


def plainest(show: Callable[[Shown], Any], shown: Shown | None) -> Any:
    """What showing gave; plainer blocks are tried where Slack refuses these. None when nothing could be shown."""
    while shown is not None:
        try:
            return show(shown)
        except SlackApiError as error:
            get_log(part="review").info("not_shown", error=str(error.response.get("error")))
            shown = shown.plainer
        except UNREACHABLE as error:
            get_log(part="review").info("not_shown", error=type(error).__name__)
            return None
    return None
