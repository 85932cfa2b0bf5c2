"""Every file that an installation leaves in its data folder is entered in the list of places."""

from __future__ import annotations

from workers.privacy.places import files_in
from workers.runtime.processes import wait_until


def test_every_file_of_a_running_installation_is_known(stack) -> None:
    ada = stack.sandbox.actor("ada")
    ts = ada.say("general", "@beagle !rewrite please make this sentence a little clearer")
    assert wait_until(lambda: len(ada.thread("general", ts)) > 1, 60.0)

    known = {}
    for path, place in files_in(stack.folder):
        known[path.relative_to(stack.folder).as_posix()] = place

    assert {"beagle.db", "folder.json"} <= set(known)
    assert [name for name, place in known.items() if place is None] == [], (
        "enter it in workers/privacy/places.py"
    )
