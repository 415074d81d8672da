"""Run `portcullis` as a person does: a process of its own, in a folder of its own."""

from __future__ import annotations

import subprocess

from gateway.commands import launch


def portcullis(*arguments, cwd=None, timeout_s=180):
    """Run one command to its end; return the finished process with its text."""
    return subprocess.run(
        launch.command_line(*map(str, arguments)), cwd=cwd, env=launch.environment(),
        capture_output=True, text=True, timeout=timeout_s, check=False,
    )  # fmt: skip
