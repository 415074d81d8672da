"""Where a resting order stands in its price's queue. Pure arithmetic on steps.

The model is the proportional one of E. Rigtorp ("Estimating order queue position", 2013), as
hftbacktest has it:

- On entry everything that the level shows stands in front of us.
- A trade at our price takes from the front; what is left of it reaches us.
- A level that shrinks by more than was traded shrank by cancels. Of those a share front / (front +
  back) was in front of us, rounded down: we never advance by more than the model says.
- A level that grows grows behind us. We never stand further back than the level is deep.

A level 1 feed shows a level only while it is the best one; until then `front` is unknown (None),
and becomes what the level shows when it first does.
"""

from __future__ import annotations


class QueuePosition:
    """The place of one order."""

    __slots__ = ("_traded", "front")

    def __init__(self, front: int | None) -> None:
        self.front = front
        self._traded = 0

    def on_trade(self, qty: int) -> int:
        """Take a trade at our price; return how much of it goes beyond the front to us."""
        if self.front is None:
            return 0
        self._traded += qty
        reached = max(qty - self.front, 0)
        self.front = max(self.front - qty, 0)
        return reached

    def on_change(self, before: int, after: int) -> None:
        """Take a change of our level, before and after, as the feed shows it."""
        if self.front is None:
            self.front = after
            return
        traded, self._traded = self._traded, 0
        cancelled = before - after - traded
        if cancelled > 0:
            back = max(before - traded - self.front, 0)
            if self.front + back:
                self.front -= self.front * cancelled // (self.front + back)
        self.front = max(min(self.front, after), 0)
