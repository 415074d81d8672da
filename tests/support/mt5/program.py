"""An Expert Advisor as the terminal sees it: its queue of transactions, and why it is (un)loaded.

The queue holds 1024 (MQL5 reference, OnTradeTransaction): when it is full the oldest goes. What is
told while the program is not loaded is lost. Faults are chosen by type of transaction, or any:

    lose(2)  repeat(1)  swap(1)  withhold() … release(backwards=True)

`lifecycle` has ("init", 0) and ("deinit", Uninit.…) in the order in which a runtime must call them.
"""

from __future__ import annotations

from collections import deque

from support.mt5.constants import Uninit

LIMIT = 1024


class Program:
    """One loaded program."""

    def __init__(self, name, limit=LIMIT):
        self.name = name
        self.limit = limit
        self.loaded = False
        self.trade_allowed = True
        """MQL_TRADE_ALLOWED: the tick in its own settings."""
        self.lifecycle = deque()
        self.queue = deque()
        self.ticked = set()
        """Symbols with a NewTick that is due; more ticks meanwhile are one event."""
        self.booked = deque()
        """Symbols with a BookEvent, one for each change."""
        self.superseded = 0
        """How many transactions went because the queue was full."""
        self._losses = []
        self._repeats = []
        self._swaps = []
        self._swapped = None
        self._withheld = None

    # What the runtime of the program does.

    def take(self):
        """Return the next transaction, or None."""
        return self.queue.popleft() if self.queue else None

    # What the terminal does.

    def load(self):
        """Begin (again), with an empty queue."""
        self.loaded = True
        self.queue.clear()
        self.lifecycle.append(("init", 0))

    def unload(self, reason=Uninit.REMOVE, *, told=True):
        """End; a killed terminal does not tell."""
        if self.loaded and told:
            self.lifecycle.append(("deinit", reason))
        self.loaded = False
        self.queue.clear()

    def quoted(self, symbol, *, book):
        """Take the news that a symbol has new prices."""
        if self.loaded:
            self.ticked.add(symbol)
            if book:
                self.booked.append(symbol)

    def hear(self, transaction):
        """Take one transaction, through all that is wrong with the queue."""
        if not self.loaded or _use(self._losses, transaction):
            return
        if self._withheld is not None:
            self._withheld.append(transaction)
            return
        times = 2 if _use(self._repeats, transaction) else 1
        for _ in range(times):
            self._order(transaction)

    def _order(self, transaction):
        if self._swapped is not None:
            first, self._swapped = self._swapped, None
            self._push(transaction)
            self._push(first)
        elif _use(self._swaps, transaction):
            self._swapped = transaction
        else:
            self._push(transaction)

    def _push(self, transaction):
        if len(self.queue) >= self.limit:
            self.queue.popleft()
            self.superseded += 1
        self.queue.append(transaction)

    # What a test does.

    def lose(self, times=1, *types):
        """Never tell the next transactions, of some types or of any."""
        self._losses.append([times, types])

    def repeat(self, times=1, *types):
        """Tell the next transactions twice each."""
        self._repeats.append([times, types])

    def swap(self, times=1, *types):
        """Tell the next transactions after the one that follows each."""
        self._swaps.append([times, types])

    def withhold(self):
        """Keep all transactions back."""
        self._withheld = []

    def release(self, *, backwards=False):
        """Tell what was kept back, in its order or in the opposite one."""
        kept, self._withheld = self._withheld or [], None
        for transaction in reversed(kept) if backwards else kept:
            self.hear(transaction)

    def settle(self):
        """Tell a transaction that still waits for one that follows it; end all faults."""
        if self._swapped is not None:
            self._push(self._swapped)
            self._swapped = None
        self.release()
        for plans in (self._losses, self._repeats, self._swaps):
            plans.clear()


def _use(plans, transaction):
    """Use a plan up by one if there is one for this transaction."""
    for plan in plans:
        if not plan[1] or transaction.type in plan[1]:
            plan[0] -= 1
            if not plan[0]:
                plans.remove(plan)
            return True
    return False
