"""`portcullis record`: market data off the gateway's XPUB, into a file that `--data` plays.

One line is one message as it was published: receive time in ns, a blank, the topic, a blank, the
FIX frame with `|` for SOH. `.gz` compresses. Nothing is interpreted, so nothing is lost.
"""

from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import IO

import click

from engine.link import Subscriber
from gateway.commands.terminal import NO_ANSWER, USAGE, config_option, err, read_config
from gateway.errors import CommandError

SLICE_MS = 250
PATIENCE_S = 10.0


@click.command("record")
@click.argument("output", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--venue", help="Only this venue.")
@click.option("--symbol", help="Only this symbol (with --venue).")
@click.option("--seconds", type=float, help="Stop after so long; absent: until Ctrl-C.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@config_option
def command(  # noqa: PLR0913 - the options of a command
    output: Path,
    config_path: Path,
    *,
    venue: str | None,
    symbol: str | None,
    seconds: float | None,
    force: bool,
) -> None:
    """Write the market data that passes through the gateway to FILE (.gz compresses).

    \b
    Exit codes: 0 recorded, 2 used wrongly or config wrong, 3 nothing came for ten seconds.
    """
    config = read_config(config_path)
    if output.exists() and not force:
        msg = f"{output} is already there; --force overwrites it"
        raise CommandError(msg, exit_code=USAGE)
    if symbol and not venue:
        msg = "--symbol needs --venue: topics begin with the venue"
        raise CommandError(msg, exit_code=USAGE)
    feed = Subscriber(config.gateway.market_data[0])
    for kind in ("MD", "TR"):
        feed.subscribe(f"{kind}.{venue}.{symbol}|" if symbol else f"{kind}.{venue or ''}")
    count = 0
    try:
        with _opened(output) as file:
            count = write(feed, file, seconds=seconds)
    except KeyboardInterrupt:
        pass
    finally:
        feed.close()
    if not count and not output.stat().st_size:
        output.unlink()
    err.print(f"wrote {output}: {count} messages" if count else f"wrote {output}")


def write(feed: Subscriber, file: IO[bytes], *, seconds: float | None) -> int:
    """Write what comes until the time is over; return how many messages that were."""
    began = last = time.monotonic()
    count = 0
    while seconds is None or time.monotonic() - began < seconds:
        for topic, frame in feed.receive(SLICE_MS):
            text = frame.replace(b"\x01", b"|")
            file.write(b"%d %b %b\n" % (time.time_ns(), topic.encode(), text))
            count += 1
            last = time.monotonic()
        if not count and time.monotonic() - last > PATIENCE_S:
            msg = (
                f"no market data within {PATIENCE_S:g} s; is the gateway running (`portcullis run`)"
                " and does a venue have these symbols?"
            )
            raise CommandError(msg, exit_code=NO_ANSWER)
    return count


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "wb")  # type: ignore[return-value]
    return path.open("wb")
