"""What the brakes cost: check by check on a busy house, and as a rate of a running gateway.

Rules: everything is compared in pairs that take turns, so that a busy machine hits both sides. In
memory (bench_house.py) the checks are switched in one after the other: what a check costs is the
difference between the gate with it and the gate without it, and what several of them need is paid
by the first that asks. Against running gateways the same driver keeps the same number of orders
under way at one whose every brake is on and wide, and at one where all are off. Orders at the
first carry what the checks ask for: quote time, edge, holding time.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

from gateway.commands.bench_gateway import BareSession, BenchGateway
from gateway.commands.bench_house import House, busy_house, venue_of
from gateway.commands.bench_rates import CANCELED, sustained
from gateway.commands.terminal import print_rows
from gateway.risk.checks import CHECKS
from gateway.risk.facts import Check, Intent
from protocol import codec
from protocol.fields import ExecType
from protocol.messages import NewOrderSingle
from protocol.timestamps import format_utc

RESTING = 200
SHARE = 8
"""Of the orders of a round, so many to one go before each check."""
STRATEGIES, WINDOW = 10, 16
PRICES, PRICE_TICK = 400, Decimal("0.00001")
"""Orders differ in their price, else they would be the same order again."""

Ratio = Callable[[list[float], list[float]], dict[str, float]]


def cost_of_checks(
    folder: Path, ratio: Ratio, *, pairs: int, seconds: float, rounds: int, orders: int
) -> dict[str, Any]:
    """Measure both. `ratio` makes a median and its interval of pairs."""
    in_memory = pure(ratio, rounds=rounds, orders=orders)
    running = whole(folder, ratio, pairs=pairs, seconds=seconds)
    for row in in_memory["checks"]:
        row["of_decide"] = round(row["us"] / in_memory["decide_on_us"], 3)
        row["of_ack"] = round(row["us"] / running["ack_on_us"], 3)
    return {"pure": in_memory, "whole": running}


def tell_checks(found: dict[str, Any]) -> None:
    """Print the figures for a person."""
    pure, whole = found["pure"], found["whole"]
    print_rows(pure["checks"], title="checks, µs an order, and their part of deciding and of 150=A")
    rows = [
        {"brakes": name, "acked a second": whole[f"per_second_{name}"],
         "order to 150=A, µs": whole[f"ack_{name}_us"], "decide, µs": pure[f"decide_{name}_us"],
         "decode to sent, µs": pure[f"turn_{name}_us"]}
        for name in ("on", "off")
    ]  # fmt: skip
    print_rows(rows, title="every brake on, and none")
    rows = [
        {"on / off": "acked a second", **whole["on_to_off"]},
        {"on / off": "order to 150=A", **whole["ack_on_to_off"]},
        {"on / off": "decode to sent", **pure["turn_on_to_off"]},
    ]  # fmt: skip
    print_rows(rows, title="ratios, 95 %")


# In memory.


def pure(ratio: Ratio, *, rounds: int, orders: int, resting: int = RESTING) -> dict[str, Any]:
    """Measure each check, then deciding with and without brakes, in microseconds an order."""
    on, off = busy_house(resting, brakes=True), busy_house(resting, brakes=False)
    with quiet():
        checks = each_check(on, rounds=rounds, orders=orders)
        timings: dict[str, list[tuple[float, float]]] = {"on": [], "off": []}
        for _ in range(rounds):
            for name, house in (("on", on), ("off", off)):
                timings[name].append(turns(house, orders))
    decide = {name: [one for one, _ in found] for name, found in timings.items()}
    turn = {name: [one for _, one in found] for name, found in timings.items()}
    return {
        "rounds": rounds, "orders_per_round": orders, "resting_orders": resting,
        "checks": checks,
        "all_checks_us": round(sum(row["us"] for row in checks), 1),
        "decide_on_us": round(statistics.median(decide["on"]), 1),
        "decide_off_us": round(statistics.median(decide["off"]), 1),
        "turn_on_us": round(statistics.median(turn["on"]), 1),
        "turn_off_us": round(statistics.median(turn["off"]), 1),
        "turn_on_to_off": ratio(turn["on"], turn["off"]),
    }  # fmt: skip


def each_check(house: House, *, rounds: int, orders: int) -> list[dict[str, Any]]:
    """Switch the checks in one after the other; return what each has added."""
    added: dict[str, list[float]] = {check.__name__: [] for check in CHECKS}
    refreshing: list[float] = []
    for _ in range(rounds):
        for number, check in enumerate(CHECKS):
            without, with_it = CHECKS[:number], CHECKS[: number + 1]
            for owner, message in house.orders(orders // SHARE or 1):
                gate(house, with_it, owner, message)  # whoever comes first pays for cold caches
                took = [
                    gate(house, checks, owner, message)
                    for checks in (without, with_it, with_it, without)
                ]
                more = took[1][0] + took[2][0] - took[0][0] - took[3][0]
                added[check.__name__].append(more / 2)
                refreshing.append(took[1][1])
    figures = {"(exposure brought up to date)": statistics.median(refreshing)}
    figures |= {name: max(statistics.median(found), 0.0) for name, found in added.items()}
    return [{"check": name, "us": round(figure, 2)} for name, figure in figures.items()]


def gate(
    house: House, checks: Sequence[Check], owner: str, message: NewOrderSingle
) -> tuple[float, float]:
    """Put an order before some checks; return microseconds of these, and of refreshing.

    Before it time passes, a symbol is quoted, and the order's own cell changes, as it does after
    each order. What several orders show is told by medians: a moment without a processor is no
    cost of a check.
    """
    facts, clock = house.core.facts, time.perf_counter_ns
    house.pass_time()
    venue = venue_of(message.symbol)
    intent = Intent(owner, venue, venue, house.dated(message), house.now_ns)
    facts.book.touched_cells[intent.key] = True
    begun_ns = clock()
    facts.exposure.refresh()
    fresh_ns = clock()
    for check in checks:
        refused = check(facts, intent)
        if refused is not None:
            raise AssertionError(refused.text)
    return (clock() - fresh_ns) / 1_000, (fresh_ns - begun_ns) / 1_000


def turns(house: House, orders: int) -> tuple[float, float]:
    """Let orders live and end; return microseconds of deciding, and of decode to sent, for one."""
    decided, turned = [], []
    for owner, message in house.orders(orders):
        house.pass_time()
        frame = codec.encode(
            house.dated(message), sender_comp_id=owner, target_comp_id="GATEWAY",
            msg_seq_num=1, sending_time=format_utc(house.now_ns),
        )  # fmt: skip
        house.deciding_ns = 0
        begun_ns = time.perf_counter_ns()
        heard = codec.decode(frame)
        assert isinstance(heard, NewOrderSingle)
        order_id = house.ask(owner, heard)
        turned.append(time.perf_counter_ns() - begun_ns)
        decided.append(house.deciding_ns)
        house.answer(order_id, ExecType.CANCELED)
    return statistics.median(decided) / 1_000, statistics.median(turned) / 1_000


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Python's collector out of a measurement, as the gateway does for most of its turns."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# Running.


class Varied:
    """A session's orders, IOC and out of reach, at prices that take turns."""

    def __init__(self, session: BareSession, far_price: Decimal) -> None:
        self.link = session.link
        self._session = session
        self._prices = cycle([far_price - PRICE_TICK * number for number in range(PRICES)])

    def frame(self) -> bytes:
        """Make the next order."""
        return self._session.order(next(self._prices), rests=False)


def whole(folder: Path, ratio: Ratio, *, pairs: int, seconds: float) -> dict[str, Any]:
    """Let a gateway with every brake on and one without any take turns."""
    names = ("on", "off")
    with ExitStack() as stack:
        gateways = {
            name: stack.enter_context(
                BenchGateway(folder / f"brakes-{name}", "os", brakes=name == "on")
            )
            for name in names
        }  # fmt: skip
        prices = {name: gateways[name].far_price() for name in names}
        sessions = {
            name: [
                BareSession(gateways[name], number, says_all=name == "on")
                for number in range(STRATEGIES)
            ]
            for name in names
        }  # fmt: skip
        orders = {name: [Varied(one, prices[name]) for one in sessions[name]] for name in names}
        rates: dict[str, list[float]] = {name: [] for name in names}
        acks: dict[str, list[float]] = {name: [] for name in names}
        for number in range(-1, pairs):
            for name in names if number % 2 else reversed(names):
                rate = sustained(orders[name], seconds=seconds, window=WINDOW, mark=CANCELED)
                ack_us = _ack_us(sessions[name][0], prices[name])
                if number >= 0:  # nobody's first turn counts
                    rates[name].append(rate)
                    acks[name].append(ack_us)
        for session in (*sessions["on"], *sessions["off"]):
            session.close()
    return {
        "pairs": pairs, "seconds_per_turn": seconds, "strategies": STRATEGIES, "window": WINDOW,
        "per_second_on": round(statistics.median(rates["on"])),
        "per_second_off": round(statistics.median(rates["off"])),
        "on_to_off": ratio(rates["on"], rates["off"]),
        "ack_on_us": round(statistics.median(acks["on"]), 1),
        "ack_off_us": round(statistics.median(acks["off"]), 1),
        "ack_on_to_off": ratio(acks["on"], acks["off"]),
    }  # fmt: skip


def _ack_us(session: BareSession, far_price: Decimal, samples: int = 20) -> float:
    """Send some orders, one after the other; return the median time to 150=A."""
    taken = [
        session.ack_ns(far_price - PRICE_TICK * (PRICES + number)) for number in range(samples)
    ]
    return statistics.median(taken) / 1_000
