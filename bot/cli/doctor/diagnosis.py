"""What `beagle doctor` finds: the state of each part, and the requests that were given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from router.secret_values import hide_secrets
from router.store.requests.dead_letters import DeadLetter
from router.text.printable import counted


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One part of the installation and whether it works; `text` says how, or what to do."""

    part: str
    ok: bool
    text: str


@dataclass(slots=True)
class Diagnosis:
    """The results of all checks, and the requests that were given up."""

    checks: list[CheckResult] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether Beagle can run. Requests given up are listed but do not count."""
        return all(check.ok for check in self.checks)

    def as_text(self) -> str:
        """Returns a line for each part, then the requests given up."""
        lines = []
        for check in self.checks:
            mark = "ok   " if check.ok else "WRONG"
            lines.append(f"{mark} {check.part}: {check.text}")

        letters = self.dead_letters
        if letters:
            lines.append(
                f"{counted(len(letters), 'request was', 'requests were')} given up; "
                "`beagle replay ID` or `beagle replay all` tries again:"
            )

        for letter in letters:
            day = datetime.fromtimestamp(letter.at, UTC).strftime("%Y-%m-%d %H:%M")
            lines.append(
                f"  {letter.id}  {day}  {letter.channel}  tries {letter.tries}  "
                f"{hide_secrets(letter.error)}"
            )

        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Returns the diagnosis for `--json`; the keys are those of release 0.1."""
        parts = {check.part: {"ok": check.ok, "said": check.text} for check in self.checks}
        dead = []
        for letter in self.dead_letters:
            dead.append(
                {
                    "id": letter.id,
                    "channel": letter.channel,
                    "tries": letter.tries,
                    "error": hide_secrets(letter.error),
                    "at": letter.at,
                }
            )

        return {"ok": self.ok, "parts": parts, "dead": dead}
