"""Takes an approved candidate its next step on the way to a live version, one at a time, from any point again.

The candidate's state is the truth. Which version answers follows from it and is set anew at each run, so that a process
that was killed between the two leaves nothing half done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from router.catalog import Route, builtin_routes_folder, load_routes
from router.errors import BeagleError, LifecycleError, ModelError, QueueError, SettingsError
from router.lifecycle import SYSTEM, State
from router.log import get_log
from router.rollout import next_share
from router.route_file import Row
from router.store import Store
from router.store.candidates import Edge
from router.store.datasets import Report, StoredDataset
from router.store.versions import Stored
from router.types import Candidate
from router.version import Version
from workers.context import Context
from workers.dataset import Asked, Rules, build
from workers.dataset_review import as_rows, of_rows
from workers.evaluate import evaluate, name_of
from workers.optimise import optimise
from workers.ports import Queue
from workers.rollback import why_back
from workers.trainers import Progress
from workers.training import train_apart
from workers.tune import Train, tune

Evidence = Mapping[str, Any]
Next = tuple[State, Evidence] | None
MOVING: tuple[State, ...] = ("approved", "optimised", "reviewed", "tuned", "evaluated", "shadow", "canary", "live")
"""The states from which Beagle may go on by itself; the others wait for a person, or are over."""


def run(context: Context, key: str, train: Train = train_apart) -> None:
    """Candidate `key` is a step further, or waits: for a person, for more requests, or for what the log says."""
    one = context.store.candidates.get(key)
    if one is None:
        return
    settle(context, one)
    step = _STEPS.get(one.state)
    if step is None:
        return
    log = get_log(step="advance", candidate=key, state=one.state)
    try:
        found = step(context, one, train)
        if found is None:
            return
        to, evidence = found
        now = context.store.candidates.advance(
            key, to, actor=SYSTEM, at=context.now(), evidence=evidence, version=one.version
        )
    except LifecycleError as error:
        log.info("advanced_elsewhere", error=str(error))
        return
    except BeagleError as error:
        log.warning("candidate_waits", error=str(error))
        return
    settle(context, now)
    log.info("candidate_advanced", to=to)
    try:
        context.queue.wake("advance", key)
    except QueueError as error:
        log.info("not_woken", error=str(error))


def wake_all(store: Store, queue: Queue) -> None:
    """Every candidate that may go on by itself, or whose versions may not stand as it says, is looked at again."""
    for one in store.candidates.waiting((*MOVING, "rolled_back")):
        queue.wake("advance", one.id)


def settle(context: Context, one: Candidate) -> None:
    """The versions of the candidate's route stand as its state says. Doing it twice changes nothing."""
    edge = newest(context, one)
    told: Evidence = edge.evidence if edge is not None else {}
    version = told.get("version")
    stored = context.store.versions.get(one.route, version) if one.route and version else None
    if stored is None:
        return
    versions, place = context.store.versions, (stored.state, stored.share)
    if one.state == "shadow" and place != ("shadow", 1.0):
        versions.try_beside(stored.route, stored.id)
    elif one.state == "canary" and place != ("canary", told["share"]):
        versions.let_in(stored.route, stored.id, float(told["share"]))
    elif one.state == "live" and stored.state == "canary":
        versions.go_live(stored.route, stored.id, share=1.0)
    elif one.state == "rolled_back" and stored.state in ("canary", "live", "shadow"):
        versions.withdraw(stored.route, stored.id)


def newest(context: Context, one: Candidate) -> Edge | None:
    """The step that brought the candidate where it is."""
    history = context.store.candidates.history(one.id)
    return history[-1] if history else None


def _optimise(context: Context, one: Candidate, _: Train) -> Next:
    route, live = _route(context, one), _live(context, one)
    found = optimise(context, route, live)
    evidence: dict[str, Any] = {"route": route.name, "tried": dict(found.tried), "said": found.said}
    evidence["best"] = max(found.tried.values(), default=None)
    if found.version.id != live.id:
        body = found.version.model_dump(mode="json")
        context.store.versions.insert(
            Stored(route.name, found.version.id, found.version.kind, "shadow", body, context.now())
        )
        evidence["prompted"] = found.version.id
    return "optimised", evidence


def _choose(context: Context, one: Candidate, _: Train) -> Next:
    """Keep the prompt if it reaches the target, retrieve if knowledge is what is missing, else make a dataset."""
    edge = newest(context, one)
    told = dict(edge.evidence) if edge is not None else {}
    best = told.get("best")
    if best is not None and best >= context.settings.ready_prompt_target:
        return "kept_prompt", {"best": best, "target": context.settings.ready_prompt_target} | _prompted(told)
    volatile = (one.evidence.get("structure") or {}).get("volatility")
    live = _live(context, one)
    if volatile is not None and volatile > context.settings.ready_volatile and live.kind != "rag":
        return "rag", {"volatility": volatile, "limit": context.settings.ready_volatile}
    return "dataset", _dataset(context, one, live) | _prompted(told)


def _dataset(context: Context, one: Candidate, live: Version) -> dict[str, Any]:
    settings = context.settings
    answered = context.store.datasets.answered(one.evidence.get("requests", ()), live.route)
    asked = [
        Asked(row["text"], row["data"] if live.output is not None else row["said"], row["user"], row["at"])
        for row in answered
    ]
    rules = Rules(settings.mine_people, settings.dataset_most_of_one)
    found = build(asked, rules, context.store.opt_outs.of(one.team))
    if found.problems:
        raise SettingsError(f"making a dataset for {one.label!r}: {'; '.join(found.problems)}; wait for more requests")
    card = dict(found.card)
    context.store.datasets.put(StoredDataset(found.id, one.id, live.route, as_rows(found.rows), card, context.now()))
    return {"dataset": found.id, "rows": len(found.rows), "people": card["people"]}


def _train(context: Context, one: Candidate, train: Train) -> Next:
    edge = newest(context, one)
    stored = context.store.datasets.get(str(edge.evidence.get("dataset"))) if edge is not None else None
    if stored is None:
        raise SettingsError(f"training for {one.label!r}: its dataset is gone; make a new one")

    def say(progress: Progress) -> None:
        dev = progress.dev_exact
        get_log(step="advance", candidate=one.id).info(
            "training", done=progress.step, of=progress.steps, loss=round(progress.loss, 3), dev_exact=dev
        )

    live = _live(context, one)
    made = tune(context, live, stored.id, of_rows(stored.rows), say, train)
    names = {kind: version.id for kind, version in made.versions.items()}
    told = {"versions": names, "bill": dict(made.bill), "dataset": stored.id}
    return "tuned", told | {"prompted": _told(context, one, "prompted")}


def _prove(context: Context, one: Candidate, _: Train) -> Next:
    """The tuned version, or the head where it is as good, measured on the reviewed test rows."""
    edge, live = newest(context, one), _live(context, one)
    assert edge is not None
    stored = context.store.datasets.get(edge.evidence["dataset"])
    rows = [
        Row(text=row.text, answer=row.answer, split="test")
        for row in of_rows(stored.rows if stored is not None else ())
        if row.usable and row.split == "test"
    ]
    if not rows:
        raise SettingsError(f"proving {one.label!r}: its dataset has no reviewed test row; review some")
    made = {kind: context.version_as_made(live.route, key) for kind, key in edge.evidence["versions"].items()}
    others = {"live": live}
    if edge.evidence.get("prompted"):
        others["prompted"] = context.version_as_made(live.route, edge.evidence["prompted"])
    if len(made) > 1:
        others["head"] = made["head"]
    new = made.get("tuned") or made["head"]
    body = evaluate(context, new, others, rows, edge.evidence["bill"])
    if "head" in body["figures"] and body["figures"]["head"]["accuracy"] >= body["figures"]["new"]["accuracy"]:
        # What a head does as well, it does for a hundredth of the cost.
        new = made["head"]
        others.pop("head")
        body = evaluate(context, new, others, rows, edge.evidence["bill"])
    name = name_of(body)
    context.store.datasets.tell(Report(name, live.route, new.id, live.id, body, context.now()))
    told = {"report": name, "candidate_version": new.id, "passed": body["passed"], "reasons": body["reasons"]}
    return "evaluated", told | {"dataset": edge.evidence["dataset"]}


def _shadow(context: Context, one: Candidate, _: Train) -> Next:
    edge = newest(context, one)
    assert edge is not None
    if not edge.evidence.get("passed"):
        return "kept_prompt", {"report": edge.evidence.get("report"), "reasons": edge.evidence.get("reasons")}
    version = edge.evidence["candidate_version"]
    return "shadow", {"version": version, "report": edge.evidence["report"]}


def _watch_shadow(context: Context, one: Candidate, _: Train) -> Next:
    edge, settings = newest(context, one), context.settings
    assert edge is not None
    beside = context.store.trials.beside(str(one.route), edge.evidence["version"])
    if beside.calls >= settings.shadow_calls and beside.valid < settings.rollback_valid:
        return "rolled_back", {"version": edge.evidence["version"], "why": f"{beside.valid:.1%} valid in shadow"}
    return None


def _watch_canary(context: Context, one: Candidate, _: Train) -> Next:
    edge = newest(context, one)
    assert edge is not None
    version, share = edge.evidence["version"], float(edge.evidence["share"])
    trials, route = context.store.trials, str(one.route)
    before = str(edge.evidence.get("before"))
    record = trials.answered(route, version, edge.at)
    why = why_back(context.settings, record, trials.answered(route, before))
    told = {"version": version, "before": before, "report": edge.evidence.get("report")}
    if why is not None:
        return "rolled_back", told | {"why": why}
    if record.calls < context.settings.canary_calls:
        return None
    following = next_share(share)
    if following is None:
        return "live", told
    return "canary", told | {"share": following}


def _watch_live(context: Context, one: Candidate, _: Train) -> Next:
    edge = newest(context, one)
    if edge is None or not edge.evidence.get("before"):
        return None
    trials, route, version = context.store.trials, str(one.route), edge.evidence["version"]
    before = trials.answered(route, str(edge.evidence["before"]))
    why = why_back(context.settings, trials.answered(route, version, edge.at), before)
    return None if why is None else ("rolled_back", {"version": version, "why": why})


def _told(context: Context, one: Candidate, name: str) -> Any:
    """The newest word of the candidate's history on something."""
    history = reversed(context.store.candidates.history(one.id))
    return next((edge.evidence[name] for edge in history if name in edge.evidence), None)


def _prompted(told: Evidence) -> dict[str, Any]:
    """The optimised prompt's version, where there is one."""
    return {"prompted": told["prompted"]} if told.get("prompted") else {}


def _route(context: Context, one: Candidate) -> Route:
    """The route of a candidate. Raises SettingsError when no route answers its requests yet."""
    own = [] if context.settings.routes is None else [context.settings.routes]
    name = one.route or one.evidence.get("route")
    route = load_routes(builtin_routes_folder(), *own).routes.get(str(name))
    if route is None:
        raise SettingsError(
            f"taking {one.label!r} further: no route answers these requests yet; write one, then it goes on by itself"
        )
    return route


def _live(context: Context, one: Candidate) -> Version:
    name = str(one.route or one.evidence.get("route"))
    stored = context.store.versions.live(name)
    if stored is None:
        raise ModelError(f"taking {one.label!r} further: route {name!r} has no live version", retry=True)
    return Version.model_validate(dict(stored.body))


_STEPS: Mapping[State, Callable[[Context, Candidate, Train], Next]] = {
    "approved": _optimise,
    "optimised": _choose,
    "reviewed": _train,
    "tuned": _prove,
    "evaluated": _shadow,
    "shadow": _watch_shadow,
    "canary": _watch_canary,
    "live": _watch_live,
}
