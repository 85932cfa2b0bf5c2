"""No file names a machine it was written on, a package registry, or work left undone."""

from __future__ import annotations

import re

REGISTRIES = re.compile(
    r"py" + r"pi\.(?:org|io)|python" + r"hosted|download\.py" + r"torch|registry\.npm" + "js"
)
MACHINES = re.compile(
    r"(?<![\w.}~*/-])/(?:wo" + r"rk|ro" + r"ot|op" + r"t|Users)/\w|(?<![\w.])/home/(?!you\b|me\b)\w"
)
UNDONE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


def hits(tracked, root, pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tracked:
        if path.suffix in (".svg", ".png"):
            continue

        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()[:100]}")

    return found


def test_no_file_names_a_package_registry(tracked, root):
    assert not hits(tracked, root, REGISTRIES)


def test_no_file_names_a_place_on_somebodys_machine(tracked, root):
    assert not hits(tracked, root, MACHINES)


def test_nothing_is_left_to_do_in_a_comment(tracked, root):
    assert not hits(tracked, root, UNDONE)
