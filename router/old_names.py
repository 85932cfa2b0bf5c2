"""The old names of renamed settings, read for one more release."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from router.text.printable import print_line

PREFIX = "BEAGLE_"

OLD_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "BEAGLE_ADAPTERS_URL": "BEAGLE_ADAPTER_SERVER_URL",
        "BEAGLE_ATTEMPTS": "BEAGLE_MAX_ATTEMPTS",
        "BEAGLE_CANARY_CALLS": "BEAGLE_CANARY_MIN_REQUESTS",
        "BEAGLE_CONNECT_SECONDS": "BEAGLE_CONNECT_TIMEOUT_SECONDS",
        "BEAGLE_DATASET_MOST_OF_ONE": "BEAGLE_DATASET_MAX_PERSON_SHARE",
        "BEAGLE_DATASET_MOST_WRONG": "BEAGLE_DATASET_MAX_ERROR_RATE",
        "BEAGLE_DATASET_ROWS": "BEAGLE_DATASET_MIN_ROWS",
        "BEAGLE_DIGEST_ZONE": "BEAGLE_DIGEST_TIMEZONE",
        "BEAGLE_DRIFT_ACCURACY": "BEAGLE_DRIFT_MAX_ACCURACY_DROP",
        "BEAGLE_DRIFT_CORRECTED": "BEAGLE_DRIFT_MAX_CORRECTION_INCREASE",
        "BEAGLE_DRIFT_END_DAYS": "BEAGLE_MODEL_SUNSET_WARNING_DAYS",
        "BEAGLE_HOUR_USD": "BEAGLE_REVIEWER_USD_PER_HOUR",
        "BEAGLE_KEEP_DAYS": "BEAGLE_RETENTION_DAYS",
        "BEAGLE_LOCAL_SLOTS": "BEAGLE_LOCAL_CONCURRENCY",
        "BEAGLE_MINE_MOST_SHARE": "BEAGLE_MINE_MAX_PERSON_SHARE",
        "BEAGLE_MINE_PEOPLE": "BEAGLE_MINE_MIN_PEOPLE",
        "BEAGLE_MINE_ROWS": "BEAGLE_MINE_MIN_REQUESTS",
        "BEAGLE_MINE_WEEKS": "BEAGLE_MINE_MIN_WEEKS",
        "BEAGLE_MODEL_SECONDS": "BEAGLE_MODEL_TIMEOUT_SECONDS",
        "BEAGLE_PROVE_ROWS": "BEAGLE_INTERFERENCE_ROWS",
        "BEAGLE_READY_CORRECTED": "BEAGLE_READY_MAX_CORRECTION_RATE",
        "BEAGLE_READY_DOCUMENTS_HELP": "BEAGLE_RETRIEVAL_MIN_GAIN",
        "BEAGLE_READY_HEAD_WITHIN": "BEAGLE_READY_HEAD_TOLERANCE",
        "BEAGLE_READY_MAX_RETRIEVAL_GAIN": "BEAGLE_RETRIEVAL_MIN_GAIN",
        "BEAGLE_READY_MONTHS": "BEAGLE_READY_PAYBACK_MONTHS",
        "BEAGLE_READY_ONE_FORM": "BEAGLE_READY_MIN_SHAPE_SHARE",
        "BEAGLE_READY_RETRIEVAL": "BEAGLE_RETRIEVAL_MIN_GAIN",
        "BEAGLE_READY_VOLATILE": "BEAGLE_READY_MAX_VOLATILITY",
        "BEAGLE_REAP_SECONDS": "BEAGLE_REAPER_INTERVAL_SECONDS",
        "BEAGLE_ROLLBACK_CORRECTED": "BEAGLE_ROLLBACK_MAX_CORRECTION_INCREASE",
        "BEAGLE_ROLLBACK_TIMES": "BEAGLE_ROLLBACK_MAX_SLOWDOWN",
        "BEAGLE_ROLLBACK_VALID": "BEAGLE_ROLLBACK_MIN_VALID",
        "BEAGLE_SHADOW_CALLS": "BEAGLE_SHADOW_MIN_REQUESTS",
        "BEAGLE_SHADOW_TWICE": "BEAGLE_SHADOW_SELF_CHECK_SHARE",
        "BEAGLE_SILENCE_SECONDS": "BEAGLE_STALL_TIMEOUT_SECONDS",
        "BEAGLE_SLACK_PACE": "BEAGLE_SLACK_RATE_LIMITING",
        "BEAGLE_TUNE_FOUR_BIT": "BEAGLE_TUNE_LOAD_IN_4BIT",
    }
)
"""Each old variable with its new name. Delete an entry one release after it was added."""


class OldNamesSource(PydanticBaseSettingsSource):
    """Values under old names, from the same places as the new ones; prints a warning for each.

    `places` are the environment and the `.env` file as pydantic has read them, the strongest last.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], *places: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self._variables: dict[str, str | None] = {}
        for place in places:
            if isinstance(place, EnvSettingsSource):
                self._variables |= place.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Returns no value: this source is read as a whole, not field by field."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Returns the values of the old names that are set, by the field of the new name."""
        values: dict[str, Any] = {}
        for old, new in OLD_NAMES.items():
            # Pydantic folds variables to lower case, so an old name is found in any spelling.
            value = self._variables.get(old.lower())
            if value:
                values[new.removeprefix(PREFIX).lower()] = value
                _warn_once(old, new)

        return values


@functools.cache
def _warn_once(old: str, new: str) -> None:
    """Prints one line on stderr: the log is not set up before the settings are read."""
    print_line(
        f"beagle: the setting {old} is now called {new}; "
        "rename it, the next release does not read the old name",
        file=sys.stderr,
    )
