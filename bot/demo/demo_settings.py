"""What the demo sets, for its own processes and for commands that are typed beside it."""

from __future__ import annotations

from bot.sandbox import seed_data

ADMIN = seed_data.user_id("ada")
"""The demo's only admin."""
DEMO_THRESHOLDS = {
    # The digest prices answers like those of a model with a list price, the review of eight rows
    # as minutes, and training as a dollar. A local answer costs what renting a core costs for as
    # long as the model works on it.
    "BEAGLE_LOCAL_USD_PER_CPU_SECOND": "0.00001",
    "BEAGLE_REFERENCE_MODEL": "gpt-5.5-pro",
    "BEAGLE_REVIEW_HOURS": "0.1",
    "BEAGLE_TRAINING_USD": "1",
    "BEAGLE_READY_EXAMPLES": "30",
    "BEAGLE_DATASET_SAMPLE": "8",
    "BEAGLE_SHADOW_MIN_REQUESTS": "8",
    "BEAGLE_SHADOW_HOURS": "0",
    "BEAGLE_CANARY_MIN_REQUESTS": "5",
    "BEAGLE_INTERFERENCE_ROWS": "1",
    # So few reports leave a dozen test rows, of which so small a model gets half right.
    "BEAGLE_EVALUATION_MIN_ROWS": "8",
    "BEAGLE_EVALUATION_MIN_ACCURACY": "0.3",
    # The trials of the small local model would keep the digest waiting for a quarter of an hour.
    "BEAGLE_TRIAL_CALLS": "0",
}
"""Settings that no workspace would set so low; the script's report lists them."""
PREFIX = "BEAGLE_"


def settings_by_field() -> dict[str, str]:
    """Returns the values above and the admin, by the names of the fields of `Settings`."""
    values = {name.removeprefix(PREFIX).lower(): text for name, text in DEMO_THRESHOLDS.items()}
    return {**values, "admins": ADMIN}
