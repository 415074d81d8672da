"""Whether an account and its API key are fit for this bridge; if they are not, it must not run.

Rules: a key that may move money, or that is taken from any address, is refused unless the config
allows it in so many words. What could not be read is no refusal: it is asked for again.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from bridges.crypto.core import Core
from bridges.crypto.effects import Response
from bridges.crypto.flows import Step, ask
from bridges.crypto.views import Access, Verdict


class Fitness(NamedTuple):
    """What was found: why it could not be read, or why this bridge must not run."""

    why: str = ""
    refusal: str = ""


FIT = Fitness()
Examination = Generator[Step, list[Response], Fitness]


def examine(core: Core, key_may: frozenset[str] | None) -> Examination:
    """Ask what the API key may do, unless that is of no interest, and for the account's mode."""
    found = FIT if key_may is None else (yield from _examine_key(core, key_may))
    return found if found != FIT else (yield from _examine_mode(core))


def _examine_key(core: Core, key_may: frozenset[str]) -> Examination:
    call = core.table.access()
    if call is None:
        if "untold" in key_may:
            return FIT
        return Fitness(
            refusal=f"{core.table.name} does not tell what an API key may do: make one that may"
            ' not withdraw, and say so in the config: key_may = ["untold"]'
        )
    response = yield from ask(call)
    access = core.read(core.table.read_access, response)
    if access is not None:
        return Fitness(refusal=_objection(access, key_may))
    why = core.unread
    # A wrong clock and haste pass; any other refusal is the key's.
    refused = core.table.judge(response) is Verdict.REFUSED and response.sent
    is_final = refused and not core.passes(response)
    return Fitness(why, f"the API key is not taken: {why}" if is_final else "")


def _objection(access: Access, key_may: frozenset[str]) -> str:
    """Say what is wrong with what a key may do, or nothing."""
    if not access.trades:
        return "the API key may not trade: allow it, or use another key"
    if access.withdraws and "withdraw" not in key_may:
        return (
            "the API key may withdraw or move money: make one that may not, or say so in the"
            ' config: key_may = ["withdraw"]'
        )
    if not access.bound and "any_address" not in key_may:
        return (
            "the API key is not bound to addresses: bind it to yours, or say so in the"
            ' config: key_may = ["any_address"]'
        )
    return ""


def _examine_mode(core: Core) -> Examination:
    call = core.table.mode()
    if call is None:
        return FIT
    response = yield from ask(call)
    objection = core.read(core.table.objection, response)
    return Fitness(core.unread) if objection is None else Fitness(refusal=objection)
