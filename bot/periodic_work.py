"""What a bot does at fixed intervals: for itself, or as the leader for the whole installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bot.intake.catch_up import EVERY_SECONDS as CATCH_UP_SECONDS
from bot.listeners.home import REFRESH_SECONDS as HOME_SECONDS
from bot.listeners.people_answers.expiry import EVERY_SECONDS as ANSWERS_SECONDS
from bot.replies.queue_notices import QUEUE_NOTICE_SECONDS, QueueNotices
from bot.routing.service import RoutingService
from bot.slack_app import SlackApp
from bot.transport.clients import Clients
from bot.weekly.digest_publisher import SECONDS as WEEKLY_SECONDS
from bot.weekly.rollout_publisher import EVERY_SECONDS as CARDS_SECONDS
from router.config import Settings
from router.store import Store
from router.store.usage.counting import INTERVAL_SECONDS as USAGE_SECONDS
from workers.jobs.advance import enqueue_automatic
from workers.knowledge.membership import REFRESH_SECONDS
from workers.ports import Queue
from workers.privacy.housekeeping import INTERVAL_SECONDS as HOUSEKEEPING_SECONDS
from workers.privacy.housekeeping import Housekeeping
from workers.privacy.record_retention import INTERVAL_SECONDS as RECORDS_SECONDS
from workers.privacy.record_retention import RecordRetention
from workers.privacy.workspace_files import INTERVAL_SECONDS as FILES_SECONDS
from workers.privacy.workspace_files import remove_files_of_others
from workers.runtime.process_values import now
from workers.runtime.scheduling.leader import LeaderLease
from workers.runtime.scheduling.periodic import PeriodicTask

ERASURE_SECONDS = 20.0
"""How often each process looks for people to erase in its own data folder."""
ROLLOUT_SECONDS = 10.0
"""How often rollouts are checked: a canary that breaks its limits is rolled back after so long."""

Work = Mapping[str, tuple[float, Callable[[], object]]]
"""Seconds between two runs and the function, by the name of the task."""


def leader_work(
    settings: Settings,
    store: Store,
    queue: Queue,
    app: SlackApp,
    routing: RoutingService,
    clients: Clients,
) -> Work:
    """Returns what one bot of the installation does, whichever leads."""
    housekeeping = Housekeeping(store, queue, routing.encoder.model_id, settings, now)
    records = RecordRetention(store, settings, now)
    notices = QueueNotices(store.waiting, clients, now)
    decide_overdue = partial(routing.decide_pending, settings.lease_seconds)

    return {
        "overdue": (settings.reaper_interval_seconds, decide_overdue),
        "rollout": (ROLLOUT_SECONDS, partial(enqueue_automatic, store, queue)),
        "rights": (REFRESH_SECONDS, routing.rights.refresh_public_channels),
        "queue": (QUEUE_NOTICE_SECONDS, notices.tick),
        "rollout-cards": (CARDS_SECONDS, app.rollout.tick),
        "catch-up": (CATCH_UP_SECONDS, app.catch_up.tick),
        "answer-expiry": (ANSWERS_SECONDS, app.answer_expiry.tick),
        "scheduler": (WEEKLY_SECONDS, app.weekly.tick),
        "housekeeping": (HOUSEKEEPING_SECONDS, housekeeping.run_once),
        "records": (RECORDS_SECONDS, records.run_once),
        "usage": (USAGE_SECONDS, store.usage_counts.count_events),
        "erasure-reports": (ERASURE_SECONDS, app.erasure_reports.tick),
    }


def own_work(settings: Settings, store: Store, app: SlackApp) -> Work:
    """Returns what every bot does: the screens that it published, and its own data folder."""
    remove_files = partial(remove_files_of_others, store, settings.data)
    return {
        "home": (HOME_SECONDS, app.home.refresh),
        "erasure": (ERASURE_SECONDS, app.folders.run_once),
        "workspace-files": (FILES_SECONDS, remove_files),
    }


def periodic_tasks(leader: LeaderLease, led: Work, own: Work) -> Sequence[PeriodicTask]:
    """Returns a task for each part of the work; those of `led` do nothing in other processes."""
    tasks = []
    for name, (seconds, task) in led.items():
        tasks.append(PeriodicTask(name, seconds, leader.led(task)))
    for name, (seconds, task) in own.items():
        tasks.append(PeriodicTask(name, seconds, task))

    return tasks
