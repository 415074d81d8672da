"""`portcullis status`: one page that says whether everything is well."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.listing import fetch
from gateway.commands.terminal import config_option, json_option, print_json, print_pairs


@click.command("status")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """Say what is, now: state, venues, sessions, open orders, journal.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    body = fetch(config_path, "STATUS")
    if as_json:
        print_json(body)
    else:
        print_pairs(body)
