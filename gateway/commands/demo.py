"""`portcullis demo`: the whole system, killed half way, and the proof that nothing was lost."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import orjson
from rich.text import Text

from bridges.paper import ledger
from gateway.commands import demo_account, launch, machine
from gateway.commands.demo_system import STRATEGIES, VENUE, DemoSystem
from gateway.commands.demo_table import Show
from gateway.commands.terminal import json_option, out, print_json
from gateway.errors import CommandError

IN_FLIGHT = 6
"""So many orders without an answer are waited for before the kill; the account wants 5."""
IN_FLIGHT_MIN = 5
LIVES = 2
POLL_S = 0.05
HOLD_MS = 1_500
FILL_PATIENCE_S = 12.0
DOWN_AT_LEAST_S = 1.0
SETTLE_PATIENCE_S = 15.0


@click.command("demo")
@click.option("--seconds", type=click.FloatRange(min=8), default=30, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), help="A recording instead of chance.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where; absent: a new folder.")
@json_option
def command(seconds: float, data: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Trade on the paper venue, kill the gateway half way, recover, and account for everything.

    Two example strategies trade and a third keeps orders on their way. The folder with journal,
    transcripts and the venue's ledger is kept and named at the end. --data plays a CSV of quotes or
    a raw Binance recording (.gz).

    \b
    Exit codes: 0 nothing was lost or doubled and the digests agree, 1 otherwise,
    2 used wrongly, 3 to 5 the system could not be started.
    """
    found = play(chosen(folder), seconds=seconds, data=data, quiet=as_json)
    if as_json:
        print_json(found)
    else:
        tell(found)
    if not found["passed"]:
        click.get_current_context().exit(1)


def chosen(folder: Path | None) -> Path:
    """Return an empty folder: a new one, or the one that was named."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="portcullis-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        msg = f"--folder: {folder} is not empty; the demo wants a folder of its own"
        raise CommandError(msg, exit_code=2)
    return folder.absolute()


def play(
    folder: Path, *, seconds: float, data: Path | None, quiet: bool, restart: Sequence[str] = ()
) -> dict[str, Any]:
    """Run the whole demo and return its account. `restart` replaces the second start (tests)."""
    began = time.monotonic()
    with DemoSystem(folder, data) as system, Show(system, quiet=quiet) as show:
        show.phase(f"starting gateway and paper venue in {folder}")
        system.start_gateway()
        system.wait_ready()
        system.start_strategies()
        show.phase("two strategies trade")
        show.watch(max(2.0, seconds / 2 - (time.monotonic() - began)))
        system.hold_answers(HOLD_MS)
        wait_for_orders_in_flight(system)
        killed_ns = system.kill_gateway()
        show.phase("SIGKILL: the gateway is dead, with orders on their way", "bold red")
        show.watch(DOWN_AT_LEAST_S)
        filled = wait_for_fill(system, killed_ns, show)
        show.phase("meanwhile the venue filled an order" if filled else "no order was filled")
        system.hold_answers(0)
        system.start_gateway(restart)
        if comes_back(system, show):
            show.watch(max(3.0, seconds - (time.monotonic() - began)))
        fallen = system.fallen()
        show.phase("strategies cancel what rests and stop")
        system.stop_strategies()
        wait_for_quiet(system)
        system.stop_gateway()
        show.phase("everything has stopped; reading the three accounts")
        return account(system, killed_ns, fallen)


def comes_back(system: DemoSystem, show: Show) -> bool:
    """Wait for the restarted gateway; one that does not come is part of the account."""
    try:
        system.wait_ready()
    except CommandError as problem:
        show.phase(str(problem), "bold red")
        return False
    show.phase("the gateway is back: journal replayed, venue asked", "bold green")
    return True


def wait_for_orders_in_flight(system: DemoSystem) -> None:
    """Return when enough orders are on their way without an answer."""
    deadline = time.monotonic() + HOLD_MS * 3 / 1_000
    while system.unanswered() < IN_FLIGHT and time.monotonic() < deadline:
        time.sleep(POLL_S)


def wait_for_fill(system: DemoSystem, killed_ns: int, show: Show) -> bool:
    """Wait, while the gateway is dead, until the venue's ledger has a fill from after the kill."""
    deadline = time.monotonic() + FILL_PATIENCE_S
    while time.monotonic() < deadline:
        lines = ledger.read(system.ledger)
        if any(line["k"] == "fill" and line["t"] > killed_ns for line in lines):
            return True
        show.watch(0.1)
    return False


def wait_for_quiet(system: DemoSystem) -> None:
    """Wait until no order is open and none is in doubt."""
    deadline = time.monotonic() + SETTLE_PATIENCE_S
    while time.monotonic() < deadline and system.gateway_runs:
        status = system.operator.status()
        if status and not status["open_orders"] and not status["in_doubt"]:
            return
        time.sleep(2 * POLL_S)


def account(system: DemoSystem, killed_ns: int, fallen: list[str]) -> dict[str, Any]:
    """Compare the three witnesses and the three digests."""
    path = system.config.journal.path
    transcripts = {name: system.transcript(name) for name in STRATEGIES}
    witnesses = demo_account.read_all(path, system.ledger, transcripts, venue=VENUE)
    journal, venue = witnesses.journal, witnesses.ledger
    before = [one for one in journal.digests if one[0] < journal.restart_seq]
    at, digest_before = before[-1] if before else (0, "")
    recovered = journal.recovered
    back_ns = journal.starts[1][1] if len(journal.starts) > 1 else killed_ns
    findings = {
        "lost": demo_account.lost_of(witnesses),
        "duplicates": demo_account.duplicates_of(witnesses),
        "disagreements": demo_account.disagreements_of(witnesses),
    }
    in_flight = len(journal.in_flight)
    found: dict[str, Any] = {
        "orders": sum(kind == "D" for one in journal.heard.values() for kind, _ in one.values()),
        "fills": len(journal.book.state.fills.get(VENUE, {})),
        **{what: sum(map(len, kinds.values())) for what, kinds in findings.items()},
        "recovered": in_flight - len(journal.unknown_fates),
        "digest_at": at,
        "digest_before": digest_before,
        "digest_after": recovered.get("digest_here") if recovered.get("digest_seq") == at else "",
        "digest_replay": replay_digest(path, at),
        **pace(system, [us for one in witnesses.told.values() for us in one.acks_us]),
        "in_flight_at_kill": in_flight,
        "fills_while_down": sum(killed_ns < one["t"] < back_ns for one in venue.fills.values()),
        "down_ms": (back_ns - killed_ns) // 1_000_000,
        "compared": {
            "messages": sum(len(one.said) + len(one.came) for one in witnesses.told.values()),
            "venue_lines": len(venue.lines), "digests": len(journal.digests),
        },
        **{
            f"{what}_by_kind": {kind: len(texts) for kind, texts in kinds.items()}
            for what, kinds in findings.items()
        },
        "evidence": demo_account.evidence(findings.values()),
        "starts": len(journal.starts),
        "fallen": fallen,
        "symbol": system.symbol,
        "journal": str(path),
    }  # fmt: skip
    found["wrong"] = wrong(found)
    found["passed"] = not found["wrong"]
    return found


def pace(system: DemoSystem, acks_us: list[int]) -> dict[str, Any]:
    """Tell how long an order took to its 150=A, and what machine that was on.

    From just before the strategy hands the order to its socket until it has the answer: with all
    processes of the demo, and whatever else runs, on the same processors. Each answer waits for a
    synced write; what a raw one cost meanwhile stands beside it.
    """
    half, most = Decimal("0.5"), Decimal("0.99")
    return {
        "ack_p50_us": demo_account.percentile(acks_us, half),
        "ack_p99_us": demo_account.percentile(acks_us, most),
        "acks_measured": len(acks_us),
        "fdatasync_p50_us": demo_account.percentile(system.probe.samples_us, half),
        "fdatasync_p99_us": demo_account.percentile(system.probe.samples_us, most),
        "processors": machine.processors(),
        "load_1m": machine.load_1m(),
    }


def wrong(found: dict[str, Any]) -> list[str]:
    """Return every reason why the account is red, as sentences."""
    digests = {found["digest_before"], found["digest_after"], found["digest_replay"]}
    checks = {
        "something was lost": found["lost"] == 0,
        "something happened twice": found["duplicates"] == 0,
        "our state is not what the venue's ledger says": found["disagreements"] == 0,
        "the three digests are not equal": len(digests) == 1 and "" not in digests,
        f"fewer than {IN_FLIGHT_MIN} orders were in flight at the kill": (
            found["in_flight_at_kill"] >= IN_FLIGHT_MIN
        ),
        "no order was filled while the gateway was down": found["fills_while_down"] > 0,
        "an order in flight at the kill has an unknown fate": (
            found["recovered"] == found["in_flight_at_kill"]
        ),
        "the gateway was not started exactly twice": found["starts"] == LIVES,
        "a strategy fell over": not found["fallen"],
        "nothing was traded": found["orders"] > 0 and found["fills"] > 0,
    }
    return [text for text, holds in checks.items() if not holds]


def replay_digest(journal: Path, at: int) -> str:
    """Ask a separate process for the digest of the state after record `at`."""
    if not at:
        return ""
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own module
        launch.command_line("journal", "replay", journal, "--at", str(at), "--json"),
        env=launch.environment(), capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        return ""
    return str(orjson.loads(done.stdout)["digest"])


def tell(found: dict[str, Any]) -> None:
    """Print the account for a person."""
    good = found["passed"]
    digests = [found[name] for name in ("digest_before", "digest_after", "digest_replay")]
    same = len(set(digests)) == 1
    agreed = "living = recovered = replayed: {:.16}…"
    apart = "living {:.12}, recovered {:.12}, replayed {:.12}"
    compared = "{messages} messages, {venue_lines} lines of the venue's ledger, {digests} digests"
    ack = "p50 {ack_p50_us} µs, p99 {ack_p99_us} µs (a raw synced write: {fdatasync_p50_us} µs)"
    flight = f"{found['in_flight_at_kill']}, fate known of {found['recovered']}"
    rows = [
        ("orders", f"{found['orders']}, filled {found['fills']} times"),
        ("in flight at the kill", flight),
        ("filled while it was dead", f"{found['fills_while_down']} in {found['down_ms']} ms"),
        ("lost", str(found["lost"])),
        ("duplicates", str(found["duplicates"])),
        ("compared", compared.format(**found["compared"])),
        ("order to 150=A", ack.format(**found)),
        (f"state at {found['digest_at']}", (agreed if same else apart).format(*digests)),
        ("journal", found["journal"]),
    ]
    width = max(len(name) for name, _ in rows)
    out.print()
    for name, value in rows:
        out.print(Text(f"{name:<{width}}  {value}"))
    out.print()
    if good:
        out.print(Text("Nothing was lost, nothing happened twice.", style="bold green"))
    for text in found["wrong"]:
        out.print(Text(f"WRONG: {text}", style="bold red"))
    for text in found["evidence"]:
        out.print(Text(f"       {text}", style="red"))
