"""`portcullis kill`: drop the gate: nothing new, and what rests is cancelled."""

from __future__ import annotations

from gateway.commands.scope import state_command

command = state_command("kill", "Halt: refuse new orders in the scope and cancel what rests in it.")
