"""The package's connection to its terminal: initialize, login, shutdown, and the last error."""

from __future__ import annotations

import threading

from support.mt5.package_forms import WrongArgumentError
from support.mt5.package_tuples import TerminalInfo

OK = (1, "Success")
CALL_FAILED = (-1, "Terminal: Call failed")
INVALID = (-2, "Invalid arguments")
NOT_FOUND = (-4, "Terminal: Not found")
AUTH_FAILED = (-6, "Terminal: Authorization failed")
DISABLED = (-8, "Auto-Trading using Python API disabled in Terminal")
NO_TERMINAL = (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")
RECEIVE_FAILED = (-10002, "IPC recv failed")
NO_IPC = (-10004, "No IPC connection")
TIMEOUT = (-10005, "IPC timeout")
BUILD = 5320
__version__ = "5.0.6231"


class Connection:
    """The part of the package that is about itself."""

    __version__ = __version__
    __author__ = "MetaQuotes Ltd."

    def __init__(self, *terminals):
        self.terminals = terminals
        self.terminal = None
        self.calls = []
        """Every call, as (name, arguments, named arguments)."""
        self._error = OK
        self._troubles = []
        self._wedges = {}

    # What a test does.

    def trouble(self, name, error=TIMEOUT, *, times=1, acts=False):
        """Let the next calls of a function end with an error; if it `acts`, after its work."""
        self._troubles.append([name, error, times, acts])

    def wedge(self, name):
        """Let the next call of a function hang, as one in C may; return the event that ends it.

        Only for a call from a thread of its own: whoever calls waits for `event.set()`.
        """
        self._wedges[name] = threading.Event()
        return self._wedges[name]

    # What the functions share.

    def call(self, function, args, named):
        """Call one function as the package does."""
        name = function.__name__
        self.calls.append((name, args, named))
        wedge = self._wedges.pop(name, None)
        if wedge is not None:
            wedge.wait()
        trouble = self._take(name)
        if self.terminal is None or not self.terminal.running:
            return self.error(NO_IPC)
        if trouble is not None and not trouble[3]:
            return self.error(trouble[1])
        self._error = OK
        try:
            with self.terminal.guard:
                found = function(self, *args, **named)
        except WrongArgumentError as wrong:
            return self.error((-2, str(wrong)))
        except TypeError:
            return self.error(INVALID)
        return found if trouble is None else self.error(trouble[1])

    def _take(self, name):
        for trouble in self._troubles:
            if trouble[0] == name:
                trouble[2] -= 1
                if not trouble[2]:
                    self._troubles.remove(trouble)
                return trouble
        return None

    def error(self, error, value=None):
        """Leave an error; return None, or what a function returns for one."""
        self._error = error
        return value

    def last_error(self):
        """Return (code, text) of the last call."""
        return self._error

    # The session.

    def initialize(
        self, path=None, *, login=None, password=None, server=None, timeout=60_000, portable=False
    ):
        """Connect to a terminal, the first if no path is given; start it if it does not run."""
        self.calls.append(("initialize", (path,), {"login": login, "server": server}))
        trouble = self._take("initialize")
        if trouble is not None:
            return self.error(trouble[1], value=False)
        found = self._terminal_at(path)
        if found is None:
            return self.error(NO_TERMINAL, value=False)
        self.terminal, self._error = found, OK
        if not found.running:
            with found.guard:
                found.start()
                found.wait(lambda: found.synchronised, timeout)
        if login is not None and not self._log_in(login, password, server, timeout):
            self.terminal = None
            return False
        return True

    def _terminal_at(self, path):
        for terminal in self.terminals:
            if path is None or terminal.path == path:
                return terminal
        return None

    def login(self, login, password=None, *, server=None, timeout=60_000):
        """Connect the terminal to an account."""
        self.calls.append(("login", (login,), {"server": server}))
        trouble = self._take("login")
        if self.terminal is None or not self.terminal.running:
            return self.error(NO_IPC, value=False)
        if trouble is not None:
            return self.error(trouble[1], value=False)
        return self._log_in(login, password, server, timeout)

    def _log_in(self, login, password, server, timeout):
        trade_server = self.terminal.server
        office = trade_server.offices.get(login)
        wrong_server = server is not None and server != trade_server.name
        if office is None or wrong_server or password not in (None, office.terms.password):
            return self.error(AUTH_FAILED, value=False)
        self._error = OK
        if self.terminal.login != login or not self.terminal.connected:
            with self.terminal.guard:
                self.terminal.log_in(login)
                if not self.terminal.wait(lambda: self.terminal.synchronised, timeout):
                    return self.error(TIMEOUT, value=False)
        return True

    def shutdown(self):
        """Let go of the terminal, which runs on."""
        self.calls.append(("shutdown", (), {}))
        self.terminal = None

    def version(self):
        """Return (version, build, date of the build)."""
        if self.terminal is None or not self.terminal.running:
            return self.error(NO_IPC)
        self._error = OK
        return (500, BUILD, "10 Oct 2025")

    def terminal_info(self):
        """Return a TerminalInfo, or None."""
        self.calls.append(("terminal_info", (), {}))
        trouble, terminal = self._take("terminal_info"), self.terminal
        if terminal is None or not terminal.running:
            return self.error(NO_IPC)
        if trouble is not None:
            return self.error(trouble[1])
        self._error = OK
        return TerminalInfo(
            community_account=False, community_connection=False, connected=terminal.connected,
            dlls_allowed=False, trade_allowed=terminal.trade_allowed,
            tradeapi_disabled=terminal.api_disabled, email_enabled=False, ftp_enabled=False,
            notifications_enabled=False, mqid=False, build=BUILD, maxbars=100_000, codepage=1252,
            ping_last=(terminal.link.up_ms + terminal.link.down_ms) * 1000,
            community_balance=0.0, retransmission=0.0, company="MetaQuotes Ltd.",
            name="MetaTrader 5", language="English", path=terminal.path, data_path=terminal.path,
            commondata_path=terminal.path,
        )  # fmt: skip
