"""What stands at the doors of a gateway that opens: its own key, and the list of whose are allowed.

Rules: a gateway that cannot guard an encrypted endpoint does not start. Where nothing is encrypted
no key is needed, and none gets in.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gateway.access import Access, others_may_write
from gateway.config import Config
from gateway.doorman import Guard, Refusals
from gateway.endpoints import is_curve
from gateway.errors import ConfigError
from gateway.feed_proxy import FeedProxy
from gateway.key_watch import KeyWatch
from gateway.metrics import Metrics
from protocol.fields import OPERATOR
from protocol.key_file import MAX_CHARS, SECRET_SUFFIX, parse_secret_half


class Entrance(NamedTuple):
    """The guard of every door, and the allow-list; None when nothing is encrypted."""

    guard: Guard
    access: Access | None

    def whose(self, key: str) -> str | None:
        """Return the CompID that a public key stands for now."""
        return self.access.comp_id_of(key) if self.access is not None else None

    def watch(self, expel: Callable[[int], list[str]], proxy: FeedProxy) -> KeyWatch | None:
        """Make what sees that keys come and go; None where there are none."""
        if self.access is None:
            return None
        return KeyWatch(self.access, expel, proxy if proxy.is_encrypted else None)


def open_entrance(config: Config, metrics: Metrics) -> Entrance:
    """Read our key and the allow-list if any endpoint is encrypted. Raises ConfigError."""
    settings, refusals = config.gateway, Refusals(metrics)
    doors = (
        settings.operators, settings.venues, settings.orders, settings.feeds, settings.market_data
    )  # fmt: skip
    if not any(is_curve(endpoint) for endpoints in doors for endpoint in endpoints):
        return Entrance(Guard(None, lambda *_: "no key gets in here", refusals), None)
    secret_key = _own_secret(config.curve.keys / f"{settings.comp_id}{SECRET_SUFFIX}")
    access = _access(config)
    return Entrance(Guard(secret_key, access.judge, refusals), access)


def _own_secret(path: Path) -> str:
    try:
        mode = None if sys.platform == "win32" else path.stat().st_mode
        with path.open(encoding="ascii") as file:
            return parse_secret_half(file.read(MAX_CHARS), mode).secret
    except (OSError, ValueError) as problem:
        msg = (
            f"curve:// endpoints need a key of the gateway's own, and {path} cannot be used:"
            f" {problem}; `portcullis keys new {path.stem}` makes one"
        )
        raise ConfigError(msg) from None


def _access(config: Config) -> Access:
    folder = config.curve.keys
    venues = frozenset(one.id for one in config.venue)
    strategies = frozenset(one.id for one in config.strategy)
    served = {
        "operators": frozenset({OPERATOR}), "venues": venues, "orders": strategies,
        "feeds": venues, "market_data": strategies | {OPERATOR},
    }  # fmt: skip
    try:
        if others_may_write(folder):
            msg = f"{folder} may be written by others, who could let themselves in: chmod 700"
            raise ConfigError(msg)
        return Access(folder, served, config.gateway.comp_id)
    except OSError as problem:
        msg = f"the allow-list in {folder} cannot be read: {problem}"
        raise ConfigError(msg) from None
