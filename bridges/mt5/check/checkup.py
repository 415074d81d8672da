"""The check of a real terminal through the package: one group of beliefs after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from bridges.mt5.check import cable, deals, machine, orders
from bridges.mt5.check.stand import Stand
from bridges.mt5.check.steps import STEPS, Finding, Way, opened

Check = Callable[[Stand], Iterator[Finding]]

CHECKS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (machine.clock, ("clock-quarter",)),
    (machine.call_times, ("call-times",)),
    (machine.other_threads, ("other-threads",)),
    (machine.eight_places, ("eight-places",)),
    (orders.life, ("pending", "magic", "comment", "reason", "modify", "remove", "lists")),
    (orders.delays, ("delays",)),
    (orders.ioc_on_exchange, ("ioc-exchange",)),
    (deals.market, (
        "filling-flags", "market", "deal", "clock-offset", "commission", "position", "levels",
        "close",
    )),
    (deals.deviation, ("deviation",)),
    (deals.split_orders, ("split-orders",)),
    (deals.stop, ("stop",)),
    (cable.replace_cut, ("replace-cut",)),
    (cable.doubt_codes, ("doubt-codes",)),
    (cable.absence, ("absence",)),
    (orders.placed_tickets, ("placed-ticket",)),
)  # fmt: skip
NAMES = frozenset(
    step.name for step in STEPS if Way.PACKAGE in step.ways or Way.CABLE in step.ways
)
EARLIER = "an earlier part of the same check has failed"


def run(stand: Stand, wanted: Collection[str] = NAMES) -> Iterator[Finding]:
    """Check what is wanted, and take each group's orders away; the caller cleans up at the end."""
    for check, names in CHECKS:
        mine = [name for name in names if name in wanted]
        if not mine:
            continue
        said = set()
        for one in check(stand):
            said.add(one.name)
            if one.name in mine:
                yield one
        yield from (opened(name, EARLIER) for name in mine if name not in said)
        stand.clean_up()
