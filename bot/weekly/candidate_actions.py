"""Verdicts on candidates: the buttons of their cards. Rights are checked at each click, and each verdict counts once.

State lives in the store. A button carries an id and a version, and after each click the message is
rendered anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from bot.admins import Admins
from bot.ui.dialogs import dialog, option, parsed, question, said
from bot.ui.texts import common as texts
from bot.weekly import approval_dialog as approval
from bot.weekly import candidate_view as candidate_cards
from bot.weekly.candidate_view import SNOOZES, ids_of
from bot.weekly.digest import show_again
from router.errors import LifecycleError, QueueError
from router.lifecycle import State
from router.log import get_log
from router.store import Store
from router.store.weekly.digests import Verdict, Word
from router.types import Candidate
from workers.mining import admin_corrections as corrections
from workers.ports import Queue

WEEK = 7 * 86_400.0
REJECT_VIEW, SNOOZE_VIEW, SPLIT_VIEW = (
    "candidate_reject_view",
    "candidate_snooze_view",
    "candidate_split_view",
)
SEVERAL = "several"
MOST_OTHERS = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for a candidate: its next state, the verdict with its reason, and what the audit keeps."""

    one: Candidate
    to: State
    word: Word
    reason: str
    told: Mapping[str, Any]


class Review:
    """Everything that answers a click on a candidate, in the digest, in `/beagle candidates` and in the App Home.

    `changed` is called after each verdict: whatever else shows candidates shows them anew.
    """

    def __init__(
        self,
        store: Store,
        queue: Queue,
        admins: Admins,
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self._store, self._queue, self._admins, self._changed = store, queue, admins, changed
        self._log = get_log(part="review")

    def listen(self, app: App) -> None:
        """The buttons and dialogs are listened to."""
        actions: dict[str, Callable[..., None]] = {
            "candidate_approve": self.ask_approval,
            "candidate_reject": self.ask_why,
            "candidate_snooze": self.snooze,
            "candidate_later": self.ask_when,
            "candidate_examples": self.examples,
            "candidate_split": self.ask_what,
        }
        for name, act in actions.items():
            app.action(name)(act)

        dialogs: dict[str, Callable[..., None]] = {
            approval.VIEW: self.approve,
            REJECT_VIEW: self.reject,
            SNOOZE_VIEW: self.put_aside,
            SPLIT_VIEW: self.split,
        }
        for name, act in dialogs.items():
            app.view(name)(act)

    def ask_approval(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog asks what the way ahead may cost, train and learn from."""
        ack()

        one = self._clicked(action, body, respond, client)
        if one is not None:
            client.views_open(
                trigger_id=body["trigger_id"], view=approval.view(one, self._admins.settings)
            )

    def approve(
        self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient
    ) -> None:
        """The candidate is approved with what was allowed, and a worker takes its next step."""
        one = self._submitted(ack, body, view, "budget")
        if one is None:
            return

        told, errors = approval.read(one, view, self._admins.settings)
        if errors:
            ack(response_action="errors", errors=errors)
            return

        if self._decide(
            Choice(one, "approved", "approve", told["reason"], told), ack, body, client, "budget"
        ):
            try:
                self._queue.wake("advance", one.id)
            except QueueError as error:
                # Approved stays approved: the next wake of the step finds it in the store.
                self._log.warning("not_woken", candidate=one.id, error=str(error))

    def snooze(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """It stays away for a time, or until it is asked twice as often."""
        ack()
        name, version, key = (*str(action["selected_option"]["value"]).split(" ", 2), "", "")[:3]
        value = {"candidate": key, "version": int(version) if version.isdigit() else -1}

        one, problem = self._one(value, body)
        if one is not None and name in SNOOZES:
            choice = Choice(one, "snoozed", "snooze", name, self._until(one, name))
            if self._decide(choice, lambda **_: None, body, client, ""):
                return

            problem = texts.CANDIDATE_CHANGED

        self._tell(body, respond, client, problem)

    def ask_when(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog asks for how long it stays away."""
        ack()

        one = self._clicked(action, body, respond, client)
        if one is not None:
            options = [option(said, name) for name, said in SNOOZES.items()]
            ask = question("when", texts.SNOOZE_WHEN, {"type": "radio_buttons", "options": options})
            view = dialog(
                SNOOZE_VIEW, texts.SNOOZE_TITLE, (texts.SNOOZE, texts.CANCEL), ids_of(one), [ask]
            )
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def put_aside(
        self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient
    ) -> None:
        """It stays away as long as the dialog says."""
        one, name = self._submitted(ack, body, view, "when"), str(said(view, "when") or "")
        if one is not None and name in SNOOZES:
            self._decide(
                Choice(one, "snoozed", "snooze", name, self._until(one, name)),
                ack,
                body,
                client,
                "when",
            )

    def ask_why(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog asks whether it is a request at all, and for the reason."""
        ack()
        one = self._clicked(action, body, respond, client)
        if one is None:
            return

        kinds = [option(texts.REJECT_UNWANTED, "reject"), option(texts.REJECT_CHATTER, "chatter")]
        what = {"type": "radio_buttons", "options": kinds, "initial_option": kinds[0]}
        why = {"type": "plain_text_input", "multiline": True, "max_length": 500}
        blocks = [
            question("kind", texts.REJECT_WHAT, what, hint=texts.REJECT_HINT),
            question("why", texts.REJECT_WHY, why, optional=True),
        ]
        view = dialog(
            REJECT_VIEW, texts.REJECT_TITLE, (texts.REJECT, texts.CANCEL), ids_of(one), blocks
        )
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def reject(
        self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient
    ) -> None:
        """It is rejected with the reason that was given; the gate learns only from what was called no request."""
        one = self._submitted(ack, body, view, "kind")
        if one is not None:
            word: Word = "chatter" if said(view, "kind") == "chatter" else "reject"
            reason = str(said(view, "why") or "")
            self._decide(
                Choice(one, "rejected", word, reason, {"reason": reason}), ack, body, client, "kind"
            )

    def ask_what(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """A dialog asks what is wrong with the group."""
        ack()
        one = self._clicked(action, body, respond, client)
        if one is None:
            return

        others = corrections.others(self._store.candidates.of(one.team), one)
        options = [option(texts.SPLIT_SEVERAL, SEVERAL)] if corrections.split(one) else []
        options += [
            option(texts.SPLIT_INTO.format(label=each.label), each.id)
            for each in others[:MOST_OTHERS]
        ]

        if not options:
            self._tell(body, respond, client, texts.SPLIT_NOTHING)
            return

        what = question(
            "what",
            texts.SPLIT_WHAT,
            {"type": "static_select", "options": options},
            hint=texts.SPLIT_HINT,
        )

        view = dialog(
            SPLIT_VIEW, texts.SPLIT_TITLE, (texts.SUBMIT, texts.CANCEL), ids_of(one), [what]
        )
        client.views_open(trigger_id=body["trigger_id"], view=view)

    def split(
        self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient
    ) -> None:
        """The group is no candidate of its own: the next look divides it, or counts it to the one it belongs to."""
        one, what = self._submitted(ack, body, view, "what"), str(said(view, "what") or "")
        if one is None:
            return

        into = None if what == SEVERAL else self._store.candidates.get(what)

        told = corrections.split(one) if what == SEVERAL else corrections.merge(one, into)
        if told is None:
            ack(response_action="errors", errors={"what": texts.CANDIDATE_CHANGED})
            return

        word: Word = "split" if what == SEVERAL else "merge"
        told |= {"reason": texts.NOT_SAME}
        self._decide(
            Choice(one, "rejected", word, "" if into is None else into.id, told),
            ack,
            body,
            client,
            "what",
        )

    def examples(
        self,
        ack: Any,
        action: dict[str, Any],
        body: dict[str, Any],
        respond: Any,
        client: WebClient,
    ) -> None:
        """The masked examples and every gate with its figure, for the admin who asked."""
        ack()

        one = self._clicked(action, body, respond, client, any_version=True)
        if one is not None:
            title = {"type": "plain_text", "text": texts.EXAMPLES_TITLE}
            view = {"type": "modal", "title": title, "blocks": candidate_cards.examples(one)}
            client.views_open(trigger_id=body["trigger_id"], view=view)

    def _until(self, one: Candidate, name: str) -> dict[str, Any]:
        now = self._admins.now()
        until: dict[str, dict[str, Any]] = {
            "1w": {"until": now + WEEK},
            "4w": {"until": now + 4 * WEEK},
        }

        return until.get(name) or {"until_count": 2 * int(one.evidence["count"])}

    def _one(
        self, value: Mapping[str, Any], body: Mapping[str, Any], *, any_version: bool = False
    ) -> tuple[Candidate | None, str]:
        """The candidate of a click, if the person may decide it and has seen it as it is now; else what to tell."""
        one = self._store.candidates.get(str(value.get("candidate", "")))
        who = (str((body.get("team") or {}).get("id", "")), str(body["user"]["id"]))
        if one is None or one.team != who[0]:
            return None, texts.CANDIDATE_CHANGED

        if not self._admins.includes(*who):
            self._admins.note(who, "candidate", one.id, "refused")
            return None, texts.ADMINS_ONLY

        if not any_version and one.version != value.get("version"):
            self._admins.note(who, "candidate", one.id, "late")
            return None, texts.CANDIDATE_CHANGED

        return one, ""

    def _clicked(
        self,
        action: Mapping[str, Any],
        body: Mapping[str, Any],
        respond: Any,
        client: WebClient,
        **how: bool,
    ) -> Candidate | None:
        """The candidate of a button; the person is told when there is nothing to do."""
        one, problem = self._one(parsed(str(action.get("value", ""))), body, **how)
        if one is None:
            self._tell(body, respond, client, problem)

        return one

    def _submitted(
        self, ack: Any, body: Mapping[str, Any], view: Mapping[str, Any], place: str
    ) -> Candidate | None:
        """The candidate of a dialog; why not is said at the question `place`."""
        one, problem = self._one(parsed(view.get("private_metadata", "")), body)
        if one is None:
            ack(response_action="errors", errors={place: problem})

        return one

    def _decide(
        self, choice: Choice, ack: Any, body: Mapping[str, Any], client: WebClient, place: str
    ) -> bool:
        """Whether this click was the one that counted; then there is a verdict, and everything shows it."""
        one, user, now = choice.one, str(body["user"]["id"]), self._admins.now()
        told = {"verdict": choice.word, **choice.told}

        try:
            moved = self._store.candidates.advance(
                one.id, choice.to, actor=user, at=now, evidence=told, version=one.version
            )
        except LifecycleError:
            self._admins.note((one.team, user), f"candidate_{choice.word}", one.id, "late")
            ack(response_action="errors", errors={place: texts.CANDIDATE_CHANGED})
            return False

        ack()
        last = self._store.candidates.history(one.id)[-1]
        self._store.digests.say(
            Verdict(
                one.id, moved.version, user, choice.word, choice.reason, last.evidence_hash, now
            )
        )

        self._admins.note((one.team, user), f"candidate_{choice.word}", one.id, "applied")
        self._log.info("verdict", candidate=one.id, value=choice.word)

        digest = self._store.digests.newest(one.team)
        if digest is not None:
            show_again(self._store, client, digest)

        self._changed()
        return True

    def _tell(self, body: Mapping[str, Any], respond: Any, client: WebClient, words: str) -> None:
        """The person alone reads it: under the message, or where there is none, as in the App Home, in a dialog."""
        if not words:
            return

        if body.get("view"):
            title = {"type": "plain_text", "text": "Beagle"}
            said_so = [{"type": "section", "text": {"type": "plain_text", "text": words}}]
            client.views_open(
                trigger_id=body["trigger_id"],
                view={"type": "modal", "title": title, "blocks": said_so},
            )
        else:
            respond(text=words, response_type="ephemeral", replace_original=False)
