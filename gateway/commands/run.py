"""`portcullis run`: this process becomes the gateway, and starts the bridges that it shall."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from loguru import logger

from gateway import logs
from gateway.commands import bridges
from gateway.commands.terminal import config_option, read_config
from gateway.config import Config
from gateway.config_limits import unused_tables
from gateway.wiring import open_gateway

FILES = 65_536


@click.command("run")
@config_option
def command(config_path: Path) -> None:
    """Run the gateway until Ctrl-C, SIGTERM or `portcullis shutdown`.

    Bridges with `launch = true` are started, each in a process group of its own, unless one
    already runs: a bridge outlives a gateway that was killed. An orderly end ends them too; it
    waits for cancels if the config wants them, and a second Ctrl-C waits for nothing.

    A file `STOP` in the var folder kills everything (halts and cancels), and so does the signal
    SIGUSR1, which Windows does not have.

    \b
    Exit codes: 0 ended in order, 1 stopped by a bug of ours, 2 config wrong, 4 the journal is
    locked, corrupt or could not be written, 5 an address is taken.
    """
    config = read_config(config_path)
    logs.start("gateway", config.log)
    allow_many_files()
    say_limits(config)
    gateway = open_gateway(config)
    try:
        launched = bridges.launch(config, config_path)
        try:
            code = gateway.run()
        finally:
            bridges.end(config, launched)
    finally:
        gateway.close()
    click.get_current_context().exit(code)


def allow_many_files() -> None:
    """Raise our limit of open files as far as we may.

    A flood of half-open connections holds one each for five seconds; at the usual limit of 1,024
    the journal could not open its next segment.
    """
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - POSIX only

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def say_limits(config: Config) -> None:
    """Print the built-in limits when the config sets none: nobody shall be surprised by them.

    A table of limits that nobody is bound by is said too: it may be misspelt where it is named.
    """
    for name in unused_tables(config):
        logger.warning("nothing is bound by [limits.{}]: no `limits` key names it", name)
    if not config.built_in_limits:
        return
    limits = msgspec.structs.asdict(config.limits_of_default())
    text = " ".join(f"{name}={value}" for name, value in limits.items())
    logger.warning(f"no [limits.default] in the config: built-in limits are in force: {text}")
