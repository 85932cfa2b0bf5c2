"""Which models take pictures: those that the settings name, and those that litellm knows."""

from __future__ import annotations

from collections.abc import Callable

from router.config import Settings
from workers.llm.model_prices import LOCAL


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
