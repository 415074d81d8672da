"""The wire between one terminal and the trade server: how long it takes, and what it loses.

`cut` is noticed at once on both ends; what is under way is lost. `silence` is noticed by nobody:
everything is lost, and the terminal says that it is connected. Neither keeps the server from doing
what it does.
"""

from __future__ import annotations


class Link:
    """One wire. Times are milliseconds each way."""

    def __init__(self, clock, up_ms=5, down_ms=5, changes_ms=0):
        self.clock = clock
        self.up_ms = up_ms
        self.down_ms = down_ms
        self.changes_ms = changes_ms
        """How much later than answers the changes of the books come; below 0, the answers do."""
        self._news_ms = 0
        self.is_up = True
        self.is_silent = False
        self.age = 0
        """Grows with every cut and mend: what is under way belongs to one age."""
        self._requests_arrive = False

    def up(self, deed):
        """Carry something to the server."""
        age = self.age

        def arrive():
            alive = age == self.age and self.is_up
            if (alive and not self.is_silent) or (age == self.age - 1 and self._requests_arrive):
                deed()

        self.clock.after(self.up_ms, arrive)

    def down(self, deed, extra_ms=0):
        """Carry something to the terminal."""
        age = self.age
        if self.is_silent or not self.is_up:
            return

        def arrive():
            if age == self.age and self.is_up and not self.is_silent:
                deed()

        self.clock.after(max(0, self.down_ms + extra_ms), arrive)

    def news(self, deed):
        """Carry a change of the books to the terminal; changes keep their order among them."""
        at = self.clock.now_ms + max(0, self.down_ms + self.changes_ms)
        self._news_ms = max(at, self._news_ms)
        self.down(deed, self._news_ms - self.clock.now_ms - self.down_ms)

    def cut(self, *, requests_arrive=False):
        """Break it; requests that are under way may still reach the server."""
        if not self.is_up:
            return
        self.is_up = False
        self.age += 1
        self._requests_arrive = requests_arrive

    def mend(self):
        """Make it whole."""
        self.is_up, self.is_silent = True, False
        self.age += 1
        self._requests_arrive = False
