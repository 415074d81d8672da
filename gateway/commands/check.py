"""`portcullis check`: what a configuration would do, and what of it would not work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bridges.mt5_terminal import unavailable
from gateway.commands.terminal import (
    USAGE,
    config_option,
    err,
    json_option,
    out,
    print_json,
    print_rows,
    read_config,
)
from gateway.config import Config
from gateway.config_survey import survey

LISTENS = ("key", "endpoint", "for", "from", "guard")


@click.command("check")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """Read and check a config without starting anything.

    Every secret that it names is read and not shown. Said is what would listen where, which venues
    and strategies there are, which limits bind whom, and which bind nobody.

    \b
    Exit codes: 0 it would run (warnings included), 2 config wrong, or a secret or file that it
    names cannot be used.
    """
    config = read_config(config_path)
    found = survey(config)
    _look_for_package(config, found)
    if as_json:
        print_json({"config": str(config_path.absolute()), **found})
    else:
        _print(found)
        said = "it would run" if found["ok"] else "it would not run"
        out.print(f"{config_path}: {said}", markup=False)
    for kind in ("warnings", "problems"):
        for text in found[kind]:
            err.print(f"portcullis: {kind[:-1]}: {text}", markup=False)
    click.get_current_context().exit(0 if found["ok"] else USAGE)


def _look_for_package(config: Config, found: dict[str, Any]) -> None:
    """Add what keeps a terminal bridge from running on this machine; launched, it is a problem."""
    why = unavailable()
    for venue in config.venue:
        if why and venue.kind == "mt5_terminal":
            found["problems" if venue.launch else "warnings"].append(f"venue {venue.id}: {why}")
            found["ok"] = found["ok"] and not venue.launch


def _print(found: dict[str, Any]) -> None:
    print_rows(found["listens"], title="listens", columns=LISTENS)
    for name in ("venues", "strategies", "secrets"):
        print_rows(found[name], title=name)
    print_rows(
        [
            {"table": row["table"],
             "binds": " ".join(f"{scope} ({keys} keys)" for scope, keys in row["binds"].items())}
            for row in found["limits"]
        ],
        title="limits",
    )  # fmt: skip
    for name in ("binds_nobody", "ceilings", "people"):
        out.print(f"{name}: {' '.join(found[name]) or 'none'}", markup=False)
