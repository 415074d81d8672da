"""The feed proxy: what bridges publish goes to who subscribes, without the one loop.

A publisher is read without a limit, as at the other doors: the proxy keeps up with any that there
is. A reader's subscriptions are read with one: libzmq reads them until there are none, so that
without a limit one who floods would keep everybody's quotes waiting. The price is that a reader
made by hand, which floods with PINGs in the flood and is reset, can abort the process
(`gateway.binding`, docs/unverified.md).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import zmq

from gateway.binding import bind, configure, make_context
from gateway.doorman import Doorman, Guard, Socket
from gateway.endpoints import is_curve
from gateway.errors import GatewayError

_SUBSCRIPTIONS = 1_024
"""So many messages of one reader may wait to be read."""


class FeedProxy:
    """libzmq's own proxy from XSUB to XPUB, in a thread: market data never meets the one loop.

    One socket is bound to all endpoints of its side; each bind is plain or CURVE by itself.
    """

    def __init__(
        self, feeds: Sequence[str], market_data: Sequence[str], guard: Guard | None = None
    ) -> None:
        """Bind and start. Raises PortInUse or ConfigError; nothing stays bound then."""
        self.feeds, self.market_data = list(feeds), list(market_data)
        self._guard = guard
        self._open()

    def _open(self) -> None:
        self._context = make_context(self._guard)
        self._feeds = self._context.socket(zmq.XSUB)
        self._readers = self._context.socket(zmq.XPUB)
        doorman = Doorman(self._context, self._guard) if self._guard is not None else None
        try:
            self.feeds = self._bind(self._feeds, "feeds", self.feeds, doorman)
            self.market_data = self._bind(self._readers, "market_data", self.market_data, doorman)
        except GatewayError:
            self._close_sockets()
            if doorman is not None:
                doorman.close()
            self._context.term()
            raise
        if doorman is not None:
            doorman.start()
        self._thread = threading.Thread(target=self._run, name="feed proxy", daemon=True)
        self._thread.start()

    def _bind(
        self,
        socket: Socket,
        door: str,
        endpoints: Sequence[str],
        doorman: Doorman | None,
    ) -> list[str]:
        """Bind the plain endpoints, then the encrypted ones; return all, in the order given."""
        configure(socket, _SUBSCRIPTIONS if socket is self._readers else 0)
        if doorman is not None:
            doorman.watch(socket, door)
        bound = list(endpoints)
        for at in sorted(range(len(bound)), key=lambda at: is_curve(bound[at])):
            bound[at] = bind(socket, bound[at], door, self._guard)
        return bound

    @property
    def is_encrypted(self) -> bool:
        """Whether any endpoint is CURVE."""
        return any(map(is_curve, (*self.feeds, *self.market_data)))

    def reopen(self) -> None:
        """Cut every connection: peers come back by themselves, and are judged anew.

        ZeroMQ cannot disconnect one peer of these sockets. Raises PortInUse when the endpoints are
        lost to another process; call it again then.
        """
        self.close()
        self._open()

    def _run(self) -> None:
        try:
            zmq.proxy(self._feeds, self._readers)
        except zmq.ContextTerminated:
            pass  # this is how `close` stops it: the only call on a context that is thread safe
        finally:
            self._close_sockets()

    def _close_sockets(self) -> None:
        self._feeds.close(0)
        self._readers.close(0)

    def close(self) -> None:
        """Stop the thread and free the ports. May be repeated."""
        self._context.term()
        self._thread.join()
