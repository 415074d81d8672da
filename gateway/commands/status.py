"""`portcullis status`: one page that says whether everything is well."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.operator_session import OperatorSession
from gateway.commands.terminal import (
    config_option,
    json_option,
    print_json,
    print_pairs,
    read_config,
)


@click.command("status")
@config_option
@json_option
def command(config_path: Path, *, as_json: bool) -> None:
    """Say what is, now: state, venues, sessions, open orders, journal.

    \b
    Exit codes: 0 answered, 1 refused, 2 config wrong, 3 the gateway does not answer.
    """
    with OperatorSession(read_config(config_path)) as session:
        body = session.ask("STATUS")
    if as_json:
        print_json(body)
    else:
        print_pairs(body)
