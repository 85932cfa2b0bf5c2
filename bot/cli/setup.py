"""What every command in a terminal begins with."""

from __future__ import annotations

from router.config import Settings, read_settings
from router.log import set_up_logs


def settings_now() -> Settings:
    """The settings of the environment; logs go where they say."""
    settings = read_settings()
    set_up_logs(settings.log, settings.log_level)
    return settings
