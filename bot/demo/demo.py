"""The demo: the whole product on this machine, with a handbook and two weeks of past requests."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.app import encoder, now
from bot.demo import chat_data, data_folder, failing_data, sample_data
from bot.demo.demo_settings import ADMIN, DEMO_THRESHOLDS
from bot.demo.handbook_site import HandbookSite
from bot.demo.stack import LocalStack, StackConfig, silent
from bot.demo.supervisor import CHECK_SECONDS, Supervisor
from bot.sandbox import seed_data
from bot.sandbox.server import SandboxError
from bot.transport.http_server import HttpServer
from bot.typed_name import typed_name
from bot.ui.texts.weekly import STATES, advice
from router.catalog.installed import installed_routes
from router.errors import InputError
from router.index import WORKSPACE_ACL
from router.store.knowledge.sources import Source
from router.store.versions.versions import StoredVersion
from router.text.printable import print_line
from router.types import Candidate
from workers.knowledge.refresh import read_source
from workers.runtime.scheduling.periodic import PeriodicTask

HANDBOOK = Path(__file__).parents[2] / "evals" / "handbook"
SOURCE = "handbook"
GENERAL = seed_data.build_channel("general", [])["id"]
LEADS = seed_data.build_channel("leads", [])["id"]
INCIDENTS = 100
"""Sample incident reports: enough to learn from, few enough to be measured in minutes."""
UNTUNED = "incident"
"""The route of the story, whose live version here is a prompt."""
TOUR = """
Beagle runs. Open {page}
In #general it offers these, one click each:

{steps}

A very small model on this machine writes the answers, so check them. BEAGLE_MODEL sets a larger one
for daily use: docs/how-to/models.md.

{digest}
To watch a script do all of it:
{beagle} demo --scripted rollout
{kept}
Press Ctrl-C to stop. Logs: {logs}
"""
FIRST_DIGEST = """The digest comes in #leads a minute or two after the first start. Press Approve on
the card about incident reports, whatever it advises: Beagle looks for a better prompt first, and
its next card leads from there to a trained version."""
DIGEST_ADVISES = """The digest advises for “{label}”: {advice}. Press Approve on its card
(/beagle candidates), and follow the next one (/beagle rollout) to a trained version."""
DIGEST_DECIDED = """“{label}”, of the digest, is in this state by now: {state}. /beagle rollout
shows it, and /beagle candidates the others."""
KEPT = """Kept from earlier: documents, corrections, approvals and figures (a digest that was posted
then: /beagle digest). The channels of the page begin empty. To forget all of it: {fresh}"""
KEPT_LATER = "What you do here is kept for the next start. To begin anew: {fresh}"
FRESH = 'make demo ARGS="--fresh"'
SHORT_LETTER = "draft an answer: can my dog come to the office on Friday?"
LONG_LETTER = (
    "write a reply to this partner: thank you for the meeting, we liked your ideas and would like "
    "to see a longer text about each of them"
)
TOUR_TITLE = (
    "Welcome. A very small model on this machine answers. Seven things to try, one click each:"
)
TOUR_PROMPTS = (
    (
        "1. A small tuned model sorts a message",
        "@beagle the vpn is down again for the whole Berlin office",
    ),
    (
        "2. An answer quoted from a handbook",
        "@beagle how many weeks of parental leave do we get?",
    ),
    (
        "3. The same model, tuned for a form, fills it in",
        "@beagle I'm off next Thursday and Friday, Priya covers",
    ),
    ("4. The cheapest tier answers; click twice and the next one does", f"@beagle {SHORT_LETTER}"),
    ("5. Tried by the quick tier, checked, answered by the careful one", f"@beagle {LONG_LETTER}"),
    ("6. What all of it cost", "/beagle stats"),
    ("7. What repeats: the digest in #leads, after a minute or two", "#leads"),
)
"""The tour on the page: a label, and what it says, runs or opens."""
LATER_DIGEST = ("7. What repeats: the digest of this week", "/beagle digest")
"""The last step where the digest was posted at an earlier start."""
OTHER_PORT = 'make demo ARGS="--port 0"'


class Demo(LocalStack):
    """The stack with a handbook to ask about and past requests to learn from.

    With `discovery` the past is a fortnight of chat in which people ask each other for something
    that no route serves, and of requests in which a rule of a prompt is not obeyed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        fresh: bool = False,
        discovery: bool = False,
        report: Callable[[str], None] = silent,
    ) -> None:
        self._discovery = discovery
        extra = {
            "BEAGLE_ADMINS": ADMIN,
            "BEAGLE_ADMIN_CHANNEL": LEADS,
            "BEAGLE_LEASE_SECONDS": "4",
            "BEAGLE_REAPER_INTERVAL_SECONDS": "1",
            **DEMO_THRESHOLDS,
            # A busy laptop reads a long prompt slowly, which must not count as a stalled model.
            "BEAGLE_STALL_TIMEOUT_SECONDS": "40",
        }

        config = StackConfig(page_port=port, extra=extra, fresh=fresh, report=report)
        super().__init__(folder, config)

    def __enter__(self) -> Demo:
        """Starts everything, ingests the handbook and loads the past requests.

        Raises BeagleError when the stack does not start; where the page's port is taken, with a
        command that takes another.
        """
        try:
            super().__enter__()
        except SandboxError as error:
            raise InputError(f"{error}; {OTHER_PORT} takes any free one") from error

        self.read_handbook(HANDBOOK)
        self.offer_tour()
        self._watch_processes()
        if self.keeps:
            return self

        # From these the weekly mining posts a digest in #leads within a minute or two.
        if self._discovery:
            self._load_discovery()
        else:
            samples = sample_data.sample_requests(now(), incidents=INCIDENTS)
            sample_data.load_into(self.store, seed_data.TEAM_ID, GENERAL, samples)
            self._put_prompt_live(UNTUNED)

        data_folder.mark_filled(self.folder)
        return self

    def offer_tour(self) -> None:
        """Offers the tour on the page, in #general."""
        prompts = [{"title": title, "message": message} for title, message in self._tour()]
        workspace = self.sandbox.workspace
        self.sandbox.call(lambda: workspace.set_prompts(GENERAL, "", TOUR_TITLE, prompts))

    def _tour(self) -> Sequence[tuple[str, str]]:
        return [*TOUR_PROMPTS[:-1], LATER_DIGEST] if self.keeps else TOUR_PROMPTS

    def tell(self, text: str) -> None:
        """Says on the page and in the terminal what happened to a process; empty: all is well."""
        self.sandbox.call(lambda: self.sandbox.workspace.set_notice(text))
        if text:
            print_line(text, flush=True)

    def _put_prompt_live(self, name: str) -> None:
        """Has this workspace's requests of a route answered by a prompt, as its past ones were.

        The story is about that prompt, and the route comes with an adapter.
        """
        version = installed_routes(self.settings(), all_tiers=True).routes[name].version
        body = version.model_dump(mode="json")
        team, at = seed_data.TEAM_ID, now()
        self.store.versions.insert(
            StoredVersion(team, name, version.id, version.kind, "shadow", body, at)
        )
        self.store.versions.go_live(team, name, version.id, "rollout")

    def _load_discovery(self) -> None:
        """Loads a fortnight with a request hidden in chat, and a rule that is not obeyed."""
        people = [seed_data.user_id(name) for name, _, _ in seed_data.HUMANS]
        admin = seed_data.user_id("ada")
        chat_data.load_chat(self.store, seed_data.TEAM_ID, GENERAL, admin, people, now())

        # Failures are grouped by their vectors, which a request gets where it is routed.
        settings = self.settings()
        samples = failing_data.failing_requests(now(), people)
        text_encoder = encoder(settings)
        sample_data.load_into(self.store, seed_data.TEAM_ID, GENERAL, samples, text_encoder)
        self._put_prompt_live(failing_data.ROUTE)

    def _watch_processes(self) -> None:
        """Starts a process again that ends by itself, for as long as the demo runs."""
        supervisor = Supervisor(self, self.tell, time.monotonic)
        task = PeriodicTask("supervisor", CHECK_SECONDS, supervisor.check)
        task.start()
        # Stopped first of all, so that nothing is started again while all processes end.
        self.at_end(task.stop)

    def read_handbook(self, folder: Path) -> None:
        """Copies the pages in `folder`, unless an earlier copy is kept; serves and ingests them.

        The copy may be edited. Vectors are made later; until then pages are found by their words.
        """
        if not self.keeps:
            shutil.rmtree(self.handbook, ignore_errors=True)
            shutil.copytree(folder, self.handbook)

        pages = HttpServer("127.0.0.1", 0, HandbookSite(self.handbook))
        pages.start()
        self.at_end(pages.stop)
        self._source = Source(
            seed_data.TEAM_ID,
            SOURCE,
            "folder",
            (str(self.handbook.absolute()),),
            WORKSPACE_ACL,
            f"http://127.0.0.1:{pages.port}",
        )

        # What an admin removed stays away; a source of that name may be theirs by now.
        stored = self.store.sources.get(seed_data.TEAM_ID, SOURCE)
        is_own = stored is not None and stored.places == self._source.places
        if is_own or not self.keeps:
            self.reread_handbook()

    @property
    def handbook(self) -> Path:
        """The demo's own copy of the handbook."""
        return self.folder / "handbook"

    def reread_handbook(self) -> None:
        """Ingests the pages as they are now."""
        read_source(self.store, self._source, now())
        # Vectors are made by a worker, so that the demo can start without waiting for them.
        self.ask_for_vectors(SOURCE)

    def wait(self) -> None:
        """Blocks until Ctrl-C or SIGTERM."""
        kept = (KEPT if self.keeps else KEPT_LATER).format(fresh=FRESH)
        logs = self.folder / "logs"
        digest = digest_step(self.store.candidates.for_team(seed_data.TEAM_ID))
        values = {"page": self.sandbox.page_url, "kept": kept, "logs": logs, "digest": digest}
        steps = "\n".join(f"  {title}\n     {message}" for title, message in self._tour())
        print_line(TOUR.format(steps=steps, beagle=typed_name(), **values), flush=True)
        stopped = threading.Event()

        def stop(*_: object) -> None:
            stopped.set()

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, stop)

        stopped.wait()
        print_line("Stopping …", flush=True)


def digest_step(candidates: Sequence[Candidate]) -> str:
    """Returns what to do with the digest's request type of the story, as its card says it now."""
    for candidate in candidates:
        if candidate.evidence.route != UNTUNED or candidate.evidence.hidden:
            continue

        label = candidate.label
        if candidate.state in ("detected", "digested"):
            return DIGEST_ADVISES.format(label=label, advice=advice(candidate.evidence))

        return DIGEST_DECIDED.format(label=label, state=STATES[candidate.state].label)

    return FIRST_DIGEST
