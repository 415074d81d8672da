"""`portcullis init`: write the commented config.toml that ships with the package."""

from __future__ import annotations

from pathlib import Path

import click

import gateway
from gateway.commands.terminal import USAGE, out
from gateway.errors import CommandError


def shipped_config() -> str:
    """Return the text of the shipped config.toml, from the wheel or from the source tree."""
    room = Path(gateway.__file__).parent
    for place in (room / "config.toml", room.parent / "config.toml"):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    msg = f"config.toml is missing beside {room}: install the package again"
    raise CommandError(msg)


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path), default=Path("config.toml"))
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def command(path: Path, *, force: bool) -> None:
    """Write a complete, commented config.toml that runs as it stands.

    \b
    Exit codes: 0 written, 2 a file is already there (use --force).
    """
    text = shipped_config()
    if path.is_dir():
        path /= "config.toml"
    if path.exists() and not force:
        msg = f"{path} is already there; --force overwrites it"
        raise CommandError(msg, exit_code=USAGE)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        msg = f"{path} cannot be written: {problem}"
        raise CommandError(msg) from None
    out.print(f"wrote {path}; next: portcullis run --config {path}")
