"""The file that the self-check Expert Advisor writes (Check/CheckReport.mqh): facts and findings.

# key: value
name|verdict|seen
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from bridges.errors import BridgeError
from bridges.mt5.check.steps import Finding, Verdict, Way, step_of

NAME = "portcullis-check.txt"
FACTS = ("PortcullisCheck", "terminal build", "account", "symbol", "left behind")
"""What goes from the file into a report."""
_VERDICTS = {one.value: one for one in Verdict}


class Told(Struct):
    """What a file says."""

    facts: dict[str, str] = {}
    found: list[Finding] = []

    def to_report(self) -> dict[str, str]:
        """Return the facts that go into a report."""
        return {name: self.facts[name] for name in FACTS if name in self.facts}

    @property
    def is_whole(self) -> bool:
        """Whether the Expert Advisor has come to its end."""
        return self.facts.get("end") == "yes"

    @property
    def problem(self) -> str:
        """Why it has checked nothing, or not all."""
        return self.facts.get("problem", "")


def read(path: Path) -> Told:
    """Read a file. Raises BridgeError that says what was received and expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = (
            f"{path} is not there: attach PortcullisCheck to a chart; it writes {NAME} into"
            " MQL5/Files of the terminal's data folder (File > Open Data Folder)"
        )
        raise BridgeError(msg) from None
    except (OSError, UnicodeDecodeError) as problem:
        msg = f"{path} cannot be read: {problem}"
        raise BridgeError(msg) from None
    return parse(text, str(path))


def parse(text: str, name: str = NAME) -> Told:
    """Read a file's text."""
    told = Told()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("# "):
            key, _, value = line[2:].partition(": ")
            told.facts[key] = value
        elif line.strip():
            told.found.append(_finding(line, f"{name}, line {number}"))
    if not told.facts and not told.found:
        msg = f"{name} is empty: expected what PortcullisCheck has found"
        raise BridgeError(msg)
    return told


def _finding(line: str, where: str) -> Finding:
    parts = line.split("|")
    step = step_of(parts[0])
    expected = "expected name|verdict|seen as PortcullisCheck of this version writes it"
    if len(parts) != 3 or parts[1] not in _VERDICTS or step is None:  # noqa: PLR2004 - three cells
        msg = f"{where}: received {line[:80]!r}, {expected}"
        raise BridgeError(msg)
    if Way.EXPERT not in step.ways:
        msg = f"{where}: {step.name} is no step of the Expert Advisor, {expected}"
        raise BridgeError(msg)
    return Finding(step.name, _VERDICTS[parts[1]], parts[2])
