"""The Expert Advisor's tables say what the terminal bridge's tables say, row by row."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from support.mt5.ea import Program, VirtualClock
from support.mt5.runtime import build

from bridges.mt5.constants import DealType, Execution, FillingFlag, OrderState, Reason, Retcode
from bridges.mt5.orders import EARLIEST, is_ours
from bridges.mt5.tables import (
    CANCEL_REASONS,
    ENDS,
    LEDGER_KINDS,
    ORDER_TYPES,
    ORIGINS,
    TIMES,
    Verdict,
    filling_of,
    reject_reason,
    retcode_name,
    verdict_of,
)
from protocol.fields import CxlRejReason, OrdType, TimeInForce
from protocol.order_id import EPOCH_MAX, to_number, to_text

pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(30),  # the first test of a run compiles
]
PROOFS = (Verdict.DONE, Verdict.PLACED, Verdict.REFUSED, Verdict.DOUBT)


@pytest.fixture(scope="module")
def ask():
    """Give a function that asks the compiled tables."""
    probe = Path(build.__file__).parents[1] / "probes" / "Tables.mq5"
    program = Program(build.build(probe), None, clock=VirtualClock(0))
    assert program.start() == 0
    return lambda command, *what: program.probe(
        command, " ".join(str(one) for one in what).encode()
    ).decode()


def test_retcodes(ask):
    """Every code, known or not: what it proves, 103, 102, its name."""
    for code in range(10000, 10060):
        proof, reject, cancel, name = ask("retcode", code).split(" ", 3)
        assert PROOFS[int(proof)] is verdict_of(code), code
        if verdict_of(code) is Verdict.REFUSED:
            assert int(cancel) == CANCEL_REASONS.get(code, CxlRejReason.OTHER)
            if code not in {Retcode.SERVER_DISABLES_AT, Retcode.CLIENT_DISABLES_AT}:
                assert int(reject) == reject_reason(code)
        assert name == retcode_name(code)
    assert ask("retcode", 0).startswith("3 ")


def test_filling(ask):
    """Every combination of execution, flags, type, time in force and post-only."""
    for execution, flags, kind, force, post_only in product(
        Execution, range(8), OrdType, TimeInForce, (False, True)
    ):
        wanted = filling_of(execution, FillingFlag(flags), kind, force, post_only=post_only)
        found = ask("filling", int(execution), flags, kind.value, force.value, int(post_only))
        expected = -1 if wanted is None else int(wanted)
        assert int(found) == expected, (execution, flags, kind, force)


def test_types_times_ends_origins_and_entries(ask):
    """What MetaTrader's numbers are in FIX, and back."""
    for (kind, side), number in ORDER_TYPES.items():
        assert ask("type", kind.value, side.value) == f"{int(number)} {kind.value} {side.value}"
    assert ask("type", "P", "1") == "-1"
    for force, (kind, flag) in TIMES.items():
        assert ask("time", force.value) == f"{int(kind)} {int(flag)}"
    for state in OrderState:
        if state in ENDS:
            assert ask("end", int(state)) == ENDS[state].value
    for reason in Reason:
        assert ask("origin", int(reason)) == ORIGINS.get(reason, "")
    for kind in DealType:
        if kind in LEDGER_KINDS:
            assert ask("ledger", int(kind)) == LEDGER_KINDS[kind]


def test_ids_are_magics(ask):
    """13 characters of base 36 are 63 bits, both ways; anything else is no id."""
    for number in (0, 1, 35, 36, 1 << 53, (1 << 63) - 1):
        assert ask("number", to_text(number)) == str(number)
        assert ask("text", number) == to_text(number)
        assert to_number(to_text(number)) == number
    for text in ("", "1", "00000000000000", "000000000000a", "0000000000 00", "ZZZZZZZZZZZZZ"):
        assert ask("number", text) == "-1"


def test_whose_a_magic_is(ask):
    """Both bridges call the same magics a gateway's, to the second and for every instance."""
    moments = (0, 1, 1 << 30, EARLIEST - 1, EARLIEST, 1_700_000_000, EPOCH_MAX)
    magics = [
        instance << 53 | epoch << 21 | counter
        for instance, epoch, counter in product((0, 1, 1023), moments, (0, 1, (1 << 21) - 1))
    ]
    for magic in (-1, -(1 << 63), 777, 1 << 51, (1 << 63) - 1, *magics):
        assert (ask("ours", magic) == "1") is is_ours(magic), magic
    assert [is_ours(one << 21) for one in (EARLIEST - 1, EARLIEST)] == [False, True]


def test_the_map_of_numbers(ask):
    """Thousands of keys that differ in their high bits only."""
    assert ask("map", 5_000) == f"{5_000 * 5_001 // 2} -1"
