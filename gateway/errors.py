"""What can go wrong outside the conversation: a person's file, a person's machine.

    GatewayError
    ├── ConfigError           the configuration cannot be used: says file, key, received, expected
    ├── PortInUse             an endpoint is taken by another process
    └── CommandError          a command cannot do what it was asked

A refusal towards a peer is never one of these: it is a message with a reason (law 4).
"""

from __future__ import annotations


class GatewayError(Exception):
    """Base of this room's errors; its text is complete and meant for a person."""


class ConfigError(GatewayError):
    """The configuration cannot be used."""


class PortInUse(GatewayError):  # noqa: N818 - named after what a person would say
    """An endpoint cannot be bound, because another process has it."""


class CommandError(GatewayError):
    """A command cannot do what it was asked; `exit_code` is documented in its help."""

    def __init__(self, text: str, *, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code
