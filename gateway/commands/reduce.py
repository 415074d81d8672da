"""`portcullis reduce`: only orders that reduce a position pass."""

from __future__ import annotations

from gateway.commands.scope import state_command

command = state_command("reduce", "Let through only what reduces a position in the scope.")
