"""What only one person may read: looked up for them alone, and shown to others when they say so, never before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.transport.clients import UNREACHABLE
from bot.ui import blocks, rich_text
from bot.ui import dialogs as forms
from bot.ui.texts import common as texts
from router.catalog.version import Version
from router.errors import PathError
from router.log import get_log
from router.store import Store
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from router.types import Outcome, Request
from workers.context import Work
from workers.jobs.answer import history
from workers.knowledge.membership import ask_about
from workers.knowledge.retrieval import question, stored_vector
from workers.paths.rag import TOP, quoted
from workers.ports import Directory

VIEW = "share_answer"


class Sharing:
    """Answers the buttons that look for one person alone, and those that share. Rights are looked at at each click."""

    def __init__(self, store: Store, directory: Directory, now: Callable[[], float]) -> None:
        self._store, self._directory, self._now = store, directory, now
        self._index = Knowledge(store.engine)
        self._log = get_log(part="sharing")

    def listen(self, app: App) -> None:
        """The buttons and the dialog are answered."""
        app.action(blocks.LOOK_ALONE)(self.look)
        app.action(blocks.SHARE_HERE)(self.share_here)
        app.action(blocks.SHARE)(self.choose)
        app.view(VIEW)(self.share)

    def look(
        self, ack: Any, body: dict[str, Any], action: dict[str, Any], client: WebClient
    ) -> None:
        """What the person who pressed it may read is quoted to them alone, with a button to share it."""
        ack()
        request = self._request(body, action)
        if request is None:
            return

        user = str(body["user"]["id"])
        outcome = self._alone(request, user)
        shown = rich_text.blocks(blocks.outcome_elements(outcome))

        if _found(outcome):
            press = blocks.button(texts.SHARE_HERE, blocks.SHARE_HERE, {"request": request.id})
            shown += [blocks.words(texts.ALONE), {"type": "actions", "elements": [press]}]

        fallback = blocks.plain(blocks.outcome_elements(outcome))[: blocks.FALLBACK_LIMIT]
        client.chat_postEphemeral(
            channel=request.channel,
            user=user,
            thread_ts=request.thread,
            text=fallback,
            blocks=shown,
            parse="none",
        )

    def share_here(
        self,
        ack: Any,
        body: dict[str, Any],
        action: dict[str, Any],
        client: WebClient,
        respond: Any,
    ) -> None:
        """The quotes stand in the thread, in the name of the person, as they may read them now."""
        ack()
        request = self._request(body, action)
        if request is None:
            return

        user = str(body["user"]["id"])
        outcome = self._alone(request, user)
        if _found(outcome):
            self._post(client, request.channel, request.thread, user, outcome)

        respond(delete_original=True)

    def choose(
        self, ack: Any, body: dict[str, Any], action: dict[str, Any], client: WebClient
    ) -> None:
        """A dialog asks where to; only whose answer it is can share it."""
        ack()
        request = self._request(body, action)
        if request is None or request.user != body["user"]["id"]:
            return

        picker = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
        ask = forms.question("channel", texts.SHARE_WHERE, picker)
        about = {"request": request.id}
        view = forms.dialog(
            VIEW,
            texts.SHARE_TITLE,
            (texts.SHARE, texts.CANCEL),
            about,
            [blocks.words(texts.ALONE), ask],
        )

        client.views_open(trigger_id=body["trigger_id"], view=view)

    def share(
        self, ack: Any, body: dict[str, Any], view: dict[str, Any], client: WebClient
    ) -> None:
        """The answer stands in the chosen channel, if the person is in it."""
        team, user = str(body["team"]["id"]), str(body["user"]["id"])
        request = self._store.requests.get(
            str(forms.parsed(view.get("private_metadata", "")).get("request", ""))
        )
        channel = str(
            view["state"]["values"]["channel"]["channel"].get("selected_conversation") or ""
        )

        try:
            inside = user in self._directory.members(team, channel)
        except PathError:
            inside = False

        own = (
            request
            if request is not None and (request.team, request.user) == (team, user)
            else None
        )

        decision = self._store.decisions.newest(own.id) if own else None

        outcome = (
            self._store.decisions.outcome(own.id, decision.revision) if own and decision else None
        )
        if not inside or outcome is None or not self._post(client, channel, None, user, outcome):
            ack(response_action="errors", errors={"channel": texts.SHARE_NOT_THERE})
            return

        ack()

    def _alone(self, request: Request, user: str) -> Outcome:
        """What the documents that this person may read say, word for word."""
        alone = replace(request, user=user, channel_kind="dm")
        readers = Readers(self._store.engine)
        ask_about(readers, self._directory, alone, self._now())
        viewer = readers.viewer(request.team, user, request.channel, "dm")
        decision = self._store.decisions.newest(request.id)

        kept = self._store.versions.live(decision.route) if decision and decision.route else None
        if decision is None or kept is None:
            return Outcome(text=texts.EMPTY)

        version = Version.model_validate(dict(kept.body))
        work = Work(alone, decision, version, history(self._store, request))
        return quoted(
            work,
            self._index.search(question(work), stored_vector(self._store, request), viewer, TOP),
        )

    def _post(
        self, client: WebClient, channel: str, thread: str | None, user: str, outcome: Outcome
    ) -> bool:
        """Whether the outcome stands there, in the name of the person."""
        body = blocks.outcome_elements(outcome)
        shown = [blocks.words(texts.SHARED.format(user=user)), *rich_text.blocks(body)]

        try:
            client.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=blocks.plain(body)[: blocks.FALLBACK_LIMIT],
                blocks=shown,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (SlackApiError, *UNREACHABLE) as error:
            self._log.warning("not_shared", channel=channel, error=type(error).__name__)
            return False

        self._log.info("shared", channel=channel)
        return True

    def _request(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> Request | None:
        """The request that the button names, if the click came from its channel and workspace."""
        found = self._store.requests.get(
            str(forms.parsed(str(action.get("value", ""))).get("request", ""))
        )
        where = (body.get("team", {}).get("id"), (body.get("channel") or {}).get("id"))
        return found if found is not None and (found.team, found.channel) == where else None


def _found(outcome: Outcome) -> bool:
    return isinstance(outcome.data, Mapping) and bool(outcome.data.get("answered"))
