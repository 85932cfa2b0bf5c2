"""Checks of what makes an answer: routes, encoder, quote scorer, model and prices."""

from __future__ import annotations

from bot.app import catalog, encoder, now, random_share
from router.config import Settings
from router.encoder.factory import minilm_folder
from router.encoder.multilingual import MULTILINGUAL, pack_path
from router.encoder.onnx import EXPORT
from router.errors import RouteError, SettingsError
from workers.drift.model_sunset import sunsets_within
from workers.knowledge.relevance.quote_scorer import ADAPTERS, open_quote_scorer, scorer_files
from workers.llm.model_end import LASTING_DAYS
from workers.llm.model_prices import model_names, model_price, named_models


def check_routes(settings: Settings) -> str:
    """Names the routes that can be read; a broken one is wrong."""
    found = catalog(settings)
    if found.problems:
        raise RouteError("; ".join(found.problems))

    return ", ".join(sorted(found.routes))


def check_encoder(settings: Settings) -> str:
    """Loads the encoder and encodes a word; one that is still to be made is not made here."""
    made = {"fast": (EXPORT, minilm_folder), "multilingual": (MULTILINGUAL, pack_path)}
    files, find_weights = made.get(settings.encoder, (None, minilm_folder))
    if files is not None and not files.exists(settings.encoder_cache):
        find_weights()
        return f"not made yet: the first start makes it in {settings.encoder_cache}"

    opened = encoder(settings)
    length = opened.encode(["hello"]).shape[1]
    return f"{opened.model_id}, loads; {length} numbers a text"


def check_quote_scorer(settings: Settings) -> str:
    """Loads what reads quotes with the question; one that is still to be made is not made here."""
    folder = settings.encoder_cache
    if settings.encoder != "fast":
        return "not used: it belongs to the fast encoder"
    if not scorer_files(ADAPTERS).exists(folder):
        return f"not made yet: the first answer worker makes it in {folder}"

    open_quote_scorer(folder)
    return "loads; reads quotes from documents together with the question"


def check_model(settings: Settings) -> str:
    """Asks the model for one token; of the local one it looks for the weights."""
    if settings.model == "local" and not settings.model_url:
        from workers.llm.local.weights import find_weights

        weights = find_weights(settings.data).name
        return (
            f"the included small one, weights {weights}; it is for trying Beagle out, and for "
            "daily use BEAGLE_MODEL sets a larger one (docs/how-to/models.md)"
        )

    from workers.llm.litellm_client import LiteLLMClient, open_model
    from workers.llm.model_check import check_model

    client = LiteLLMClient(settings.connect_timeout_seconds)
    model = open_model(settings, None, now, random_share)
    check = check_model(settings.model, settings, client, model)
    if not check.ok:
        raise SettingsError("; ".join(check.problems))

    return f"{settings.model} answered one token"


def check_prices(settings: Settings) -> str:
    """Says what each model is counted at; a model that would be refused is wrong."""
    from workers.llm.litellm_client import LiteLLMClient

    listed = LiteLLMClient(settings.connect_timeout_seconds).price
    names = model_names(settings, catalog(settings))
    return "; ".join(model_price(name, settings, listed).description for name in names)


def check_model_ends(settings: Settings) -> str:
    """Says which models end within a year; one that has ended is wrong."""
    from workers.llm.litellm_client import LiteLLMClient

    client = LiteLLMClient(settings.connect_timeout_seconds)
    places = named_models(settings, catalog(settings))
    ending = sunsets_within(places, client.sunset_date, now(), LASTING_DAYS)
    lines = []
    for one in ending:
        lines.append(f"{one.model} on {one.date}, named by {', '.join(places[one.model])}")

    if not lines:
        return f"none within {LASTING_DAYS} days, as far as is announced"

    text = f"{'; '.join(lines)}; `beagle models` proposes others"
    if any(one.days < 1 for one in ending):
        raise SettingsError(f"switched off by their providers: {text}")

    return text
