"""Checks a model's name and key, and what it costs: without a call, and with one of one token."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from router.config import Settings
from router.errors import ModelError
from router.setting_groups.provider_keys import ARGUMENTS
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_prices import LOCAL, model_price
from workers.ports import LanguageModel, ModelCall

CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What is known of one model: its price, whether it sees, and every problem found.

    `called` says whether it was asked something and answered.
    """

    name: str
    price: str
    sees: bool
    problems: tuple[str, ...] = ()
    called: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.problems


def check_model(
    name: str, settings: Settings, client: LiteLLMClient, model: LanguageModel | None = None
) -> ModelCheck:
    """Returns what can be said of the model; with `model` it is asked for one token as well."""
    problems = list(_static_problems(name, settings, client))
    try:
        price = model_price(name, settings, client.price).description
    except ModelError as error:
        price = "not called"
        problems.append(str(error))

    called = False
    if model is not None and not problems:
        try:
            model.complete(_hello(name))
            called = True
        except ModelError as error:
            problems.append(str(error))

    sees = vision_lookup(settings, client.lists_vision)(name)
    return ModelCheck(name, price, sees, tuple(problems), called)


def _hello(name: str) -> ModelCall:
    hello = {"role": "user", "content": "Say ok."}
    return ModelCall([hello], models=(name,), output_tokens=1, timeout_seconds=CALL_SECONDS)


def _static_problems(name: str, settings: Settings, client: LiteLLMClient) -> list[str]:
    """Returns what is wrong with the name or the key, as far as it can be told without a call."""
    if name == LOCAL:
        return []

    if name == settings.model and settings.model_url:
        return []  # whatever this server calls it

    provider = client.provider(name)
    if provider is None:
        near = difflib.get_close_matches(name, client.known_names(), n=1, cutoff=0.7)
        hint = f"did you mean {near[0]!r}?" if near else "write it as PROVIDER/MODEL"
        return [f"no provider is known for the model {name!r}; {hint}"]

    problems = []
    has_key = name == settings.model and bool(settings.model_key.get_secret_value())
    missing = [] if has_key else client.missing_keys(name)
    if missing:
        where = "the environment or .env" if provider in ARGUMENTS else "the environment"
        problems.append(
            f"the model {name!r} needs {', '.join(missing)} in {where}, or its key in "
            "BEAGLE_MODEL_KEY"
        )

    if client.price(name) is None:
        near = difflib.get_close_matches(name, client.known_names(provider), n=1, cutoff=0.6)
        if near:
            problems.append(
                f"litellm's list does not have {name!r} of {provider}; did you mean {near[0]!r}? "
                "`beagle models --call` asks it"
            )

    return problems


def vision_lookup(settings: Settings, listed: Callable[[str], bool]) -> Callable[[str], bool]:
    """Returns a function that tells of a model, by name, whether it takes pictures.

    `listed` is what litellm's list says. A server of one's own may serve anything under a vendor's
    name, so there only the settings count.
    """

    def sees(name: str) -> bool:
        if name in settings.vision_models:
            return True
        if name == LOCAL or (settings.model_url and name == settings.model):
            return False

        return listed(name)

    return sees
