"""`portcullis strategy FILE:CLASS`: one strategy as a process."""

from __future__ import annotations

from pathlib import Path

import click

from engine.errors import EngineError
from engine.loading import load
from engine.runner import run_strategy
from engine.strategy import Strategy
from gateway import logs
from gateway.commands.curve import curve_for
from gateway.commands.terminal import USAGE, config_option, read_config
from gateway.config import Config
from gateway.config_reading import nearest
from gateway.endpoints import to_connect
from gateway.errors import CommandError


@click.command("strategy")
@click.argument("target", metavar="FILE:CLASS")
@click.option("--id", "comp_id", help="Its CompID; absent: the class's own `id`.")
@click.option("--seconds", type=float, help="Stop after so long; absent: run until stopped.")
@click.option("--fresh", is_flag=True, help="Begin a new session instead of resuming the old one.")
@config_option
def command(
    target: str, config_path: Path, *, comp_id: str | None, seconds: float | None, fresh: bool
) -> None:
    """Run the strategy CLASS of FILE until Ctrl-C.

    What it said and heard stands in var/strategies/ID/transcript.jsonl, its session beside it: a
    restart goes on where it stopped and gets what it missed. `--fresh` keeps no session.

    \b
    Exit codes: 0 stopped in order, 1 the strategy failed or the gateway refused it,
    2 used wrongly, or the file holds no such strategy, or config wrong.
    """
    config = read_config(config_path)
    try:
        strategy = load(target)()
    except EngineError as problem:
        raise CommandError(str(problem), exit_code=USAGE) from None
    if comp_id is not None:
        strategy.id = comp_id
    logs.start(f"strategy-{strategy.id}", config.log)
    click.get_current_context().exit(run(strategy, config, seconds=seconds, fresh=fresh))


def run(strategy: Strategy, config: Config, *, seconds: float | None, fresh: bool) -> int:
    """Run a strategy against a config's gateway; return the exit code."""
    known = {configured.id: configured for configured in config.strategy}
    if strategy.id not in known:
        msg = (
            f"the config has no [[strategy]] with id = {strategy.id!r}, so the gateway would refuse"
            f" its Logon; {nearest(strategy.id, known)}; --id NAME chooses one"
        )
        raise CommandError(msg, exit_code=USAGE)
    token = known[strategy.id].token
    folder = config.gateway.var / "strategies" / strategy.id
    orders = to_connect(config.gateway.orders)
    market_data = to_connect(config.gateway.market_data)
    curve = curve_for(config, strategy.id, orders, market_data)
    try:
        return run_strategy(
            strategy,
            orders=orders,
            market_data=market_data,
            curve=curve,
            store_dir=None if fresh else folder,
            token=token.read() if token else None,
            transcript=folder / "transcript.jsonl",
            duration_s=seconds,
        )
    except EngineError as problem:
        raise CommandError(str(problem)) from None
