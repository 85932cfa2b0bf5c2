"""Breaks the core modules in small ways and counts what the tests notice (`make mutants`).

The modules and tests are listed under `[tool.mutmut]` in pyproject.toml. A whole run takes hours,
so a seeded sample of each module's mutants is the default; `--sample 0` runs them all.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

RESULTS = Path("mutants")
WANTED = 0.85
"""The share of mutants that the tests have to kill."""
NO_MUTANT = "none.such"
"""A name that no mutant has: a run with it makes all mutants and tests none."""


def main() -> int:
    """Runs the sample and prints the share killed, by module and in all.

    Returns 1 if the share is too small, 2 if the tests fail without a mutant.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="parts of module names, such as llm.gateway")
    parser.add_argument("--sample", type=int, default=12, help="mutants of each module; 0 for all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    output = _mutmut(NO_MUTANT)
    if "failed to collect stats" in output:
        print(f"{output[-2000:]}\n\nThe tests fail without a mutant; mend that first.")
        return 2

    chosen = []
    for module, names in sorted(_results().items()):
        if options.modules and not any(part in module for part in options.modules):
            continue

        names_in_order = sorted(names)
        random.Random(options.seed).shuffle(names_in_order)
        chosen += names_in_order[: options.sample or None]

    _mutmut(*chosen)
    return _report(set(chosen), as_json=options.json)


def _mutmut(*names: str) -> str:
    """Returns what it printed: a progress line, and a complaint if a name has no mutant."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    ).stdout


def _results() -> dict[str, dict[str, int | None]]:
    """The exit code of the tests for each mutant of each module; None where it was not run."""
    results = {}
    for file in RESULTS.rglob("*.meta"):
        module = str(file.relative_to(RESULTS)).removesuffix(".py.meta").replace("/", ".")
        results[module] = json.loads(file.read_text("utf-8"))["exit_code_by_key"]

    return results


def _report(chosen: set[str], *, as_json: bool) -> int:
    killed: dict[str, int] = defaultdict(int)
    count: dict[str, int] = defaultdict(int)
    survivors = []
    for module, results in _results().items():
        for name, exit_code in results.items():
            if name not in chosen or exit_code is None:
                continue

            count[module] += 1
            killed[module] += exit_code != 0
            if exit_code == 0:
                survivors.append(name)

    total = sum(count.values())
    share = sum(killed.values()) / total if total else 0.0
    if as_json:
        print(json.dumps({"mutants": total, "killed": share, "survivors": sorted(survivors)}))
    else:
        for module in sorted(count):
            print(f"{killed[module]:4} of {count[module]:4} killed  {module}")
        print(f"{share:.1%} of {total} killed; `mutmut show NAME` shows one of the survivors:")
        print("\n".join(f"  {name}" for name in sorted(survivors)))

    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
