"""`portcullis keys`: who may come in from other machines, by CURVE key pairs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.commands import key_folder
from gateway.commands.terminal import (
    config_option,
    json_option,
    out,
    print_json,
    print_rows,
    read_config,
)

COLUMNS = ("name", "comp_id", "kind", "state", "secret", "public_key")


@click.group("keys")
def command() -> None:
    """Make, list and revoke the keys of peers that connect by curve:// (folder: [curve] keys)."""


@command.command("new")
@click.argument("name")
@config_option
def new(name: str, config_path: Path) -> None:
    """Make a key pair for NAME: a CompID of the config, or CompID@LABEL for a further key of it.

    The public half lets its holder in as that CompID, at once; the secret half, readable by you
    only, belongs where that CompID runs.

    \b
    Exit codes: 0 made, 1 not written, 2 used wrongly, config wrong, or a file is already there.
    """
    config = read_config(config_path)
    made = key_folder.make(config, name)
    out.print(f"public key  {made.public_key}", markup=False)
    out.print(f"public half {made.public_path}")
    out.print(f"secret half {made.secret_path}")
    if name == config.gateway.comp_id:
        out.print(
            "the secret half stays here; copy the public half into the keys folder of every"
            " machine that connects to this gateway"
        )
    else:
        out.print(
            "the public half belongs in the gateway's keys folder, the secret half in the one of"
            f" the machine where {name.partition('@')[0]} runs; move it there, leave no copy"
        )
    if sys.platform == "win32":
        out.print("note: who else can read the secret half is not checked on Windows")


@command.command("list")
@config_option
@json_option
def list_keys(config_path: Path, *, as_json: bool) -> None:
    """List the keys here: whose they are, whether they get in, where the secret half is.

    \b
    Exit codes: 0 listed, 1 the folder cannot be read, 2 config wrong.
    """
    rows = key_folder.rows(read_config(config_path))
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, title="keys", columns=COLUMNS)


@command.command("revoke")
@click.argument("name_or_key", metavar="NAME|KEY")
@config_option
def revoke(name_or_key: str, config_path: Path) -> None:
    """Let a key in no more, ever: NAME is its file's name without .key, KEY its public key.

    Quote a KEY, and write -- before one that begins with a dash.

    A gateway that runs sees it within a second, and ends the session of who came in by it. Run it
    on the gateway's machine.

    \b
    Exit codes: 0 revoked, 1 there is no such key, 2 used wrongly or config wrong.
    """
    put = key_folder.revoke(read_config(config_path), name_or_key)
    others = ", ".join(put.others)
    left = f"{put.comp_id} still gets in by {others}" if others else f"{put.comp_id} has no other"
    out.print(f"revoked {put.name}; {left}", markup=False)
