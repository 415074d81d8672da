"""An operator that stays: one session for each life of a gateway, silence while it is dead.

Rules: a new gateway writes a new token, so nobody knocks with the one of the life before; a session
that fails is let go, and the next question opens another.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

from gateway.commands.listing import rows_of
from gateway.commands.operator_session import OperatorSession
from gateway.config import Config
from gateway.errors import GatewayError

ASK_MS = 3_000
COARSE_NS = 20_000_000
"""So much may a file's time lag behind the clock."""


class StandingOperator:
    """Asks as `portcullis status` does, without a new Logon for each question."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._open = ExitStack()
        self._session: OperatorSession | None = None
        self._born_ns: int | None = None

    def gateway_begins(self) -> None:
        """Note that a gateway is about to be started: only its own token counts from now on."""
        self._born_ns = time.time_ns()

    def gateway_ends(self) -> None:
        """Note that there is no gateway any more, or will soon be none."""
        self.let_go()
        self._born_ns = None

    def status(self) -> dict[str, Any]:
        """Return the gateway's STATUS; empty while it does not answer."""
        try:
            session = self._logged_on()
            return session.ask("STATUS") if session else {}
        except GatewayError:
            self.let_go()
            return {}

    def rows(self, what: str) -> list[dict[str, Any]]:
        """Return a whole listing; empty while the gateway does not answer."""
        try:
            session = self._logged_on()
            return rows_of(session, what) if session else []
        except GatewayError:
            self.let_go()
            return []

    def let_go(self) -> None:
        """End the session, if there is one."""
        self._session = None
        self._open.close()

    def _logged_on(self) -> OperatorSession | None:
        if self._session is None and self._token_is_new():
            session = OperatorSession(self._config, timeout_ms=ASK_MS)
            self._session = self._open.enter_context(session)
        return self._session

    def _token_is_new(self) -> bool:
        """Whether this life of the gateway has written its token, and so can be spoken to."""
        if self._born_ns is None:
            return False
        try:
            written = self._config.operator_token_path.stat()
        except OSError:
            return False
        return written.st_mtime_ns >= self._born_ns - COARSE_NS and written.st_size > 0
