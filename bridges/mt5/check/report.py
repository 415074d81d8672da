"""The report of a check: what is known by now of every belief, over several runs.

Rules: what was seen stays until it is seen again the same way; what could not be checked replaces
nothing. No login, no name and no server is in it, so that it can be sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from bridges.errors import BridgeError
from bridges.mt5.check.steps import STEPS, Finding, Step, Verdict, Way

HEADER = ("| name | believed | seen | verdict |", "|---|---|---|---|")


class Seen(Struct, frozen=True):
    """What was seen of one belief, one way; `at` is UTC."""

    verdict: Verdict
    seen: str
    at: str


class Report(Struct):
    """Facts of terminal and account, and for each name what was seen by each way."""

    facts: dict[str, str] = {}
    rows: dict[str, dict[Way, Seen]] = {}

    def take(self, way: Way, found: Iterable[Finding], at: str) -> None:
        """Take findings in."""
        for one in found:
            known = self.rows.setdefault(one.name, {})
            if one.verdict is not Verdict.OPEN or way not in known:
                known[way] = Seen(one.verdict, one.seen, at)

    def verdict(self, name: str) -> Verdict:
        """Return what all that was seen says together."""
        found = {one.verdict for one in self.rows.get(name, {}).values()}
        for verdict in (Verdict.FAILS, Verdict.HOLDS, Verdict.SEEN):
            if verdict in found:
                return verdict
        return Verdict.OPEN

    def counts(self) -> dict[str, int]:
        """Count the beliefs by verdict."""
        found = Counter(self.verdict(step.name) for step in STEPS)
        return {verdict.value: found[verdict] for verdict in Verdict}


def load(path: Path) -> Report:
    """Read the report of an earlier run; an empty one if there is none. Raises BridgeError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except FileNotFoundError:
        return Report()
    except (OSError, msgspec.DecodeError) as problem:
        msg = f"{path} is no report of a check: {problem}; move it away to begin a new one"
        raise BridgeError(msg) from None


def save(report: Report, path: Path) -> None:
    """Write the report: `path` for people, and the same as JSON beside it for the next run.

    Raises BridgeError if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_markdown(report), encoding="utf-8")
        json_of(path).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    except OSError as problem:
        msg = f"the report {path} cannot be written: {problem}; name another with --report"
        raise BridgeError(msg) from None


def json_of(path: Path) -> Path:
    """Return where the JSON of a report is."""
    return path.with_name(f"{path.name}.json")


def as_markdown(report: Report) -> str:
    """Write the report: facts, then every belief."""
    lines = ["# What a terminal of MetaTrader 5 showed", ""]
    lines += [f"- {_cell(name)}: {_cell(value)}" for name, value in report.facts.items()]
    counts = [f"{count} {verdict}" for verdict, count in report.counts().items()]
    lines += [f"- of {len(STEPS)} beliefs: {', '.join(counts)}", "", *HEADER]
    lines += [_row(report, step) for step in STEPS]
    return "\n".join(lines) + "\n"


def _row(report: Report, step: Step) -> str:
    known = report.rows.get(step.name, {})
    seen = [f"{way.value}, {one.at}: {_cell(one.seen)}" for way, one in known.items()]
    verdict = report.verdict(step.name)
    if verdict is Verdict.OPEN and not any(step.how in one.seen for one in known.values()):
        seen.append(f"how: {step.how}")
    cells = (step.name, step.believed, "; ".join(seen), verdict.value)
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
