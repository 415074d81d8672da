"""Cancel everything that rests in a symbol, until the exchange has agreed: the bridge's dead man.

Rules: where the exchange has no word for it, what is known here is cancelled at once, order by
order, and the exchange's list says what else there is. No question waits for its turn before that
list, but a time in which the exchange wants to be left alone is kept, and in a ban nothing is sent.
"""

from __future__ import annotations

from collections.abc import Generator

from bridges.crypto.core import Core, pauses
from bridges.crypto.effects import Call, Response
from bridges.crypto.flows import Flow, Gather, Pause, Step
from bridges.crypto.reading import listed
from bridges.crypto.views import Verdict

Truth = Generator[Step, list[Response], bool]


def clear(core: Core, symbol: str) -> Flow:
    """Cancel what rests in a symbol; again, until there is nothing."""
    calls = core.table.cancel_all(symbol)
    for pause in pauses():
        if core.ban_ns:
            yield Pause(core.ban_ns)
        if not calls:
            is_clear = yield from _cancel_each(core, symbol)
        else:
            responses = yield Gather(calls)
            verdicts = {core.table.judge(one) for one in responses}
            is_clear = verdicts <= {Verdict.DONE, Verdict.UNKNOWN}
        if is_clear:
            return
        yield Pause(max(pause.ns, core.gate.quiet_until_ns - core.now_ns))


def _cancel_each(core: Core, symbol: str) -> Truth:
    """Cancel what rests in a symbol, one by one; say whether nothing rested."""
    known = {
        one.client_id: core.table.cancel(symbol, one.client_id, "", waits=one.waits)
        for one in core.orders.values()
        if one.request.symbol == symbol and not one.is_done
    }
    core.start(_say(tuple(known.values())))
    quiet_ns = core.gate.quiet_until_ns - core.now_ns
    if quiet_ns > 0:
        yield Pause(quiet_ns)
    views = yield from listed(core, (symbol,), urgent=True)
    others = tuple(
        core.table.cancel(symbol, one.client_id, "", waits=one.waits)
        for one in views or ()
        if one.client_id not in known
    )
    yield from _say(others)
    return views == []


def _say(calls: tuple[Call, ...]) -> Flow:
    """Make calls side by side; what they have done is seen in the next list."""
    yield Gather(calls)
