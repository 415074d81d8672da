"""`portcullis resume`: lift a halt or a reduction."""

from __future__ import annotations

from gateway.commands.scope import state_command

command = state_command("resume", "Trade again in the scope after kill or reduce.")
