"""`portcullis record`: quotes of one symbol off the XPUB, into the CSV that `--data` plays.

The file is what the paper venue's CSV feed reads: `timestamp,bid,ask`, one line per change of the
best prices. A venue's book deeper than that, and trades, are not in it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from engine.link import Subscriber
from engine.market import book_of
from gateway.commands.curve import curve_for
from gateway.commands.terminal import NO_ANSWER, USAGE, config_option, err, read_config
from gateway.endpoints import to_connect
from gateway.errors import CommandError
from protocol import codec
from protocol.fields import OPERATOR
from protocol.messages import MarketDataSnapshotFullRefresh
from protocol.numbers import format_decimal

SLICE_MS = 250
PATIENCE_S = 10.0


@click.command("record")
@click.argument("output", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--venue", required=True, help="The venue whose data is wanted.")
@click.option("--symbol", required=True, help="The symbol.")
@click.option("--seconds", type=float, help="Stop after so long; absent: until Ctrl-C.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@config_option
def command(
    output: Path,
    config_path: Path,
    *,
    venue: str,
    symbol: str,
    seconds: float | None,
    force: bool,
) -> None:
    """Write the quotes of one symbol that pass through the gateway to FILE, as CSV.

    \b
    Exit codes: 0 recorded, 2 used wrongly or config wrong, 3 nothing came for ten seconds.
    """
    config = read_config(config_path)
    venue = config.venue_of(venue).id
    if output.exists() and not force:
        msg = f"{output} is already there; --force overwrites it"
        raise CommandError(msg, exit_code=USAGE)
    endpoint = to_connect(config.gateway.market_data)
    feed = Subscriber(endpoint, curve=curve_for(config, OPERATOR, endpoint))
    feed.subscribe(f"MD.{venue}.{symbol}|")
    count = 0
    try:
        with output.open("w", encoding="ascii", newline="\n") as file:
            count = write(feed, file, seconds=seconds)
    finally:
        feed.close()
        if not count:
            output.unlink(missing_ok=True)
    err.print(f"wrote {output}: {count} quotes")


def write(feed: Subscriber, file: IO[str], *, seconds: float | None) -> int:
    """Write what comes until the time is over or Ctrl-C; return how many quotes that were."""
    began = time.monotonic()
    count = 0
    last = ("", "")
    file.write("timestamp,bid,ask\n")
    try:
        while seconds is None or time.monotonic() - began < seconds:
            for _topic, frame in feed.receive(SLICE_MS):
                prices = _prices(frame)
                if prices is not None and prices != last:
                    last = prices
                    count += 1
                    file.write(f"{datetime.now(UTC).isoformat(' ')},{prices[0]},{prices[1]}\n")
            if not count and time.monotonic() - began > PATIENCE_S:
                msg = (
                    f"no quote within {PATIENCE_S:g} s; is the gateway running (`portcullis run`),"
                    " and does the venue have this symbol (`portcullis venues`)?"
                )
                raise CommandError(msg, exit_code=NO_ANSWER)
    except KeyboardInterrupt:
        return count
    return count


def _prices(frame: bytes) -> tuple[str, str] | None:
    message = codec.decode(frame)
    if not isinstance(message, MarketDataSnapshotFullRefresh):
        return None
    book = book_of(message)
    if not book.bids or not book.asks:
        return None
    return format_decimal(book.bids[0].price), format_decimal(book.asks[0].price)
