"""Launching bridges: one process per venue, unless one already holds the venue's lock.

Rules: a bridge is launched in a group of its own and outlives a killed gateway; the lock, freed by
the system at its holder's death, says whether one runs. Who launched it stands in a pid file, so
that the gateway after a killed one can end it in order.
"""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from loguru import logger

from bridges.lock import is_free
from gateway.commands import launch as processes
from gateway.config import Config, Venue


def folder(config: Config, venue: Venue) -> Path:
    """Return the folder of what a venue's bridge must remember."""
    return config.gateway.var / "bridges" / venue.id


def lock_path(config: Config, venue: Venue) -> Path:
    """Return the file that a venue's bridge holds locked for its life."""
    return config.gateway.var / "bridges" / f"{venue.id}.lock"


def pid_path(config: Config, venue: Venue) -> Path:
    """Return the file with the process id of a launched bridge."""
    return config.gateway.var / "bridges" / f"{venue.id}.pid"


def launch(config: Config, config_path: Path) -> list[subprocess.Popen[bytes]]:
    """Start every bridge with `launch = true` that does not run yet."""
    started = []
    for venue in config.venue:
        if not venue.launch:
            continue
        if not is_free(lock_path(config, venue)):
            logger.info(f"bridge {venue.id} already runs; left alone")
            continue
        process = processes.start(
            ["bridge", venue.id, "--config", config_path.absolute()],
            output=config.log.path / f"bridge-{venue.id}.out",
        )
        pid_path(config, venue).write_text(f"{process.pid}\n", encoding="ascii")
        logger.info(f"bridge {venue.id} started as process {process.pid}")
        output = config.log.path / f"bridge-{venue.id}.out"
        threading.Thread(target=watch, args=(venue.id, process, output), daemon=True).start()
        started.append(process)
    return started


def watch(venue_id: str, process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait for a bridge to end, and say so: nobody would look into its file otherwise."""
    code = process.wait()
    if code == 0:
        return
    try:
        last = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    except OSError:
        last = []
    logger.error(
        f"bridge {venue_id} ended with code {code}: {' '.join(last) or 'it said nothing'}"
        f" (all of it is in {output}); start it again with: portcullis bridge {venue_id}"
    )


def end(config: Config, launched: list[subprocess.Popen[bytes]]) -> None:
    """End the launched bridges, also those that a killed gateway before us launched."""
    for process in launched:
        processes.end(process)
    for venue in config.venue:
        if venue.launch and not is_free(lock_path(config, venue)):
            _end_orphan(config, venue)
        pid_path(config, venue).unlink(missing_ok=True)


def _end_orphan(config: Config, venue: Venue) -> None:
    """End a bridge that is not our child; its lock, still held, proves that it lives."""
    try:
        pid = int(pid_path(config, venue).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    processes.interrupt(pid)
    processes.wait_until(lambda: is_free(lock_path(config, venue)), timeout_s=5)
