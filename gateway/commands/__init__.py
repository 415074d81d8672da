"""The command line: `portcullis COMMAND`. One file per command; each is loaded when it is called.

Rules: a command reads its arguments, calls a room, and prints. It decides nothing about orders.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import click

from gateway.commands.terminal import Group

COMMANDS = (
    "demo", "init", "check", "run", "bridge", "strategy", "record",
    "status", "orders", "positions", "sessions", "venues", "feeds",
    "kill", "reduce", "resume", "cancel", "shutdown",
    "reviews", "approve", "decline", "limits", "risk",
    "keys", "journal", "bench", "mt5",
)  # fmt: skip

PAGE = """Portcullis, an order gateway for MetaTrader 5 and crypto.

Begin with `portcullis demo`; then `portcullis init` and `portcullis run`.

\b
Exit codes: 0 done, 1 refused or a check failed, 2 used wrongly or config wrong,
3 the gateway does not answer, 4 the journal cannot be used, 5 an address is taken.
"""


class Portcullis(Group):
    """The group of all commands, in the order in which a newcomer meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's port
        """Return the names."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's port
        cmd_name: str,
    ) -> click.Command | None:
        """Load a command's file."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"gateway.commands.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command


def installed_version() -> str:
    """Return the version of the installed distribution, or `source` when there is none."""
    try:
        return version("portcullis-gateway")
    except PackageNotFoundError:
        return "source"


@click.command(cls=Portcullis, help=PAGE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version(), prog_name="portcullis")
def main() -> None:
    """Run one command."""
