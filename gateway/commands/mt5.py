"""`portcullis mt5`: what a terminal of MetaTrader 5 needs from here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from gateway.commands import mt5_check
from gateway.commands.mt5_folder import mql5_of
from gateway.commands.terminal import out
from gateway.errors import CommandError

FOLDERS = ("Experts", "Include")
NEXT = """next, in the terminal:
 1. MetaEditor (F4): open Experts/Portcullis/Portcullis.mq5, compile (F7), and PortcullisCheck.mq5
    beside it
 2. Tools > Options > Expert Advisors: allow algorithmic trading, and add the gateway's address
    (127.0.0.1) to the list of allowed ones
 3. drag Portcullis from the Navigator to one chart; set VenueId as in the gateway's config,
    where the venue is kind = "mt5_ea", launch = false
 4. on a demo account: portcullis mt5 check VENUE --terminal DIR"""


@click.group("mt5")
def command() -> None:
    """Put the Expert Advisors into a terminal of MetaTrader 5; check what is believed of one."""


command.add_command(mt5_check.command)


@command.command("install")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def install(folder: Path) -> None:
    """Copy the Expert Advisors' sources into DIR, the data folder of a terminal.

    That is the folder which File > Open Data Folder shows; its MQL5 folder will do as well. Files
    of an earlier version are replaced, and those of ours that no longer exist are removed.

    \b
    Exit codes: 0 copied, 1 not written, 2 DIR is not a terminal's data folder.
    """
    target = mql5_of(folder)
    source = files("bridges") / "mt5_ea"
    try:
        written = [path for name in FOLDERS for path in _copy(source / name, target / name)]
    except OSError as problem:
        msg = f"{target} cannot be written: {problem}"
        raise CommandError(msg) from None
    out.print(f"{len(written)} files are in {target}", markup=False)
    out.print(NEXT, markup=False)


def _copy(source: Traversable, target: Path) -> list[Path]:
    """Make `target`/Portcullis what the shipped folder is; return its files."""
    here = source / "Portcullis"
    shipped = dict(_files(here if here.is_dir() else source, target / "Portcullis"))
    for old in (target / "Portcullis").rglob("*.mq?"):
        if old.suffix in {".mq5", ".mqh"} and old not in shipped:
            old.unlink()
    for path, content in shipped.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(shipped)


def _files(source: Traversable, place: Path) -> Iterator[tuple[Path, bytes]]:
    for entry in source.iterdir():
        if entry.is_dir():
            yield from _files(entry, place / entry.name)
        else:
            yield place / entry.name, entry.read_bytes()
