"""What `beagle doctor` finds: the state of each part, and the requests that were given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from router.secret_values import hide_secrets
from router.store.requests.dead_letters import DeadLetter
from router.text.printable import counted


class WarningText(str):
    """How a part is that works, where the operator should change something."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One part of the installation and whether it works; `text` says how, or what to do.

    A part that works and `warns` is set in a way that the operator should change.
    """

    part: str
    ok: bool
    text: str
    warns: bool = False

    @property
    def mark(self) -> str:
        """The first word of the part's line."""
        if self.warns:
            return "WARN "

        return "ok   " if self.ok else "WRONG"


@dataclass(slots=True)
class Diagnosis:
    """The results of all checks, and the requests that were given up."""

    checks: list[CheckResult] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether Beagle can run. Warnings and requests given up are listed but do not count."""
        return all(check.ok for check in self.checks)

    def as_text(self) -> str:
        """Returns a line for each part, then the requests given up."""
        lines = []
        for check in self.checks:
            lines.append(f"{check.mark} {check.part}: {check.text}")

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
        """Returns the diagnosis for `--json`; the keys are those of release 0.1.

        A part that warns has `warns` besides.
        """
        parts: dict[str, dict[str, object]] = {}
        for check in self.checks:
            parts[check.part] = {"ok": check.ok, "said": check.text}
            if check.warns:
                parts[check.part]["warns"] = True

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
