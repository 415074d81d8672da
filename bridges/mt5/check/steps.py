"""The beliefs of docs/unverified.md about MetaTrader 5, by name, and how each is tried.

Rules: a row of that table and a step here are the same thing; a test holds both to each other. A
step has one or more ways: through the package, by the self-check Expert Advisor, through the
running gateway, or by the user's hand, where he is told what to do and is asked what he saw.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Verdict(Enum):
    """What a finding says of what is believed."""

    HOLDS = "holds"
    FAILS = "does not hold"
    SEEN = "seen"
    """A figure: nothing is claimed of it."""
    OPEN = "not checked"


class Way(Enum):
    """Who tries it."""

    PACKAGE = "package"
    CABLE = "package, with your hand"
    """Through the package, while the user cuts the network and mends it."""
    EXPERT = "Expert Advisor"
    GATEWAY = "gateway"
    HAND = "by hand"


class Finding(Struct, frozen=True):
    """What was seen of one belief."""

    name: str
    verdict: Verdict
    seen: str


class Step(Struct, frozen=True):
    """One belief: `how` says what tries it, `do` what the user does where his hand is needed."""

    name: str
    believed: str
    how: str
    ways: tuple[Way, ...]
    do: tuple[str, ...] = ()


def judged(name: str, ok: bool, seen: str) -> Finding:  # noqa: FBT001 - a verdict in one word
    """Return a finding that holds, or does not."""
    return Finding(name, Verdict.HOLDS if ok else Verdict.FAILS, seen)


def opened(name: str, why: str) -> Finding:
    """Return a finding of what could not be checked."""
    return Finding(name, Verdict.OPEN, why)


def step_of(name: str) -> Step | None:
    """Find a step."""
    return next((one for one in STEPS if one.name == name), None)


_P, _C, _E, _G, _H = Way.PACKAGE, Way.CABLE, Way.EXPERT, Way.GATEWAY, Way.HAND
_BOTH = (_P, _E)

STEPS: tuple[Step, ...] = (
    # The terminal.
    Step("time-gmt", "TimeGMT follows Windows' clock, and its second is at most a second old",
         "its seconds against the microsecond counter, and the other clocks with it", (_E,)),
    Step("clock-quarter", "The server's clock is UTC and whole quarters of an hour",
         "a fresh tick, or TimeTradeServer, against UTC", _BOTH),
    Step("timer-period", "The millisecond timer comes every 10 to 16 ms",
         "the time between a hundred of them", (_E,)),
    Step("chart-events",
         "A chart event that a program posts to itself comes after what waits already, and starves"
         " nothing",
         "one posted behind transactions that wait, then a chain of them beside the timer", (_E,)),
    Step("reading-duty",
         "READ_BY_EVENTS keeps to its share of the time, and READ_WAITING reads a byte when it is"
         " there",
         "bytes there and back in each mode, and the time that the turns take", (_E,)),
    Step("socket-read",
         "The terminal's SocketRead returns with the first bytes, not with all that was asked for",
         "a peer that says ten bytes of a hundred, and ten later", (_E,)),
    Step("socket-send",
         "SocketSend may write less than it was given, waits for its peer at most as long as"
         " SocketTimeouts says, and not at all with 2 KB where SocketIsWritable has said yes; it"
         " returns -1 only when the connection is gone",
         "8 MB to a peer that does not read for a second, and counts", (_E,)),
    Step("socket-dead", "A read tells soon that the peer has closed", "a peer that closes", (_E,)),
    Step("sqlite",
         "SQLite in the terminal syncs a commit to the disk, keeps a log (WAL) when asked, and a"
         " read without a row ends with error 5126",
         "PRAGMA synchronous and journal_mode, a row that is not there, and a commit that is read"
         " again", (_E,)),
    Step("global-variables",
         "Global variables of the terminal keep two Expert Advisors of one venue id apart",
         "two locks of one name, and GlobalVariableSetOnCondition with another value", (_E,)),
    Step("first-ticks",
         "CopyTicksRange waits (up to 45 s) at the first request for a symbol, and hardly ever"
         " later",
         "an hour of ticks, twice", (_E,)),
    Step("market-book", "A market book comes from the highest price to the lowest, sells first",
         "the book of a symbol that has one", (_E,)),
    # Orders that rest.
    Step("pending", "A far limit is taken, and is in the open orders within a second",
         "an order of the smallest size, 5 % below the market", _BOTH),
    Step("magic", "All 63 bits of a magic come back", "the same order, read again", _BOTH),
    Step("comment", "A comment may be cut: it is a hint only", "the same order, read again", _BOTH),
    Step("reason", "Orders of an Expert Advisor, and of the Python package, have the reason EXPERT",
         "the same order, read again", _BOTH),
    Step("modify", "A change of price keeps ticket and magic", "a change of that order", _BOTH),
    Step("remove", "A removed order is in the history as cancelled, with its magic",
         "its removal", _BOTH),
    Step("lists",
         "An order stands in the history when it has left the open ones, and is in no moment in"
         " neither",
         "looks at both lists, one after the other, while it is removed", _BOTH),
    Step("request-echo",
         "A REQUEST transaction repeats the request's action and magic, and of a change or a"
         " removal the order",
         "the transactions of an asynchronous order", (_E,)),
    Step("transactions",
         "A MetaTrader 5 server behaves as the simulated one where the documentation is silent",
         "the kinds of transactions of one order's life, beside the simulated server's", (_E,)),
    Step("locked", "10028 may be said of the request itself",
         "two changes of one order at once; a broker with a dealer is needed", (_E,)),
    Step("order-check", "OrderCheck refuses what the server would refuse, with the same code",
         "a good order, and one of half the least volume, to both", (_E,)),
    Step("placed-ticket",
         "10008 with a ticket says that the order is there; without one it says nothing",
         "the tickets of all 10008 of a check; an exchange before it opens says it", (_P,)),
    Step("ioc-exchange", "A pending limit that is IOC or FOK ends by itself on an exchange",
         "one far from the market, on an account of an exchange", (_P,)),
    Step("delays", "An order rests, and is cancelled, some milliseconds after it was asked for",
         "some orders that rest and are cancelled", (_P, _G)),
    Step("call-times", "Calls of the package take milliseconds",
         "the calls of one read of the account", (_P,)),
    Step("other-threads", "The package lets other threads run during a call",
         "a thread that counts beside a call that takes long", (_P,)),
    Step("eight-places", "8 places hold every number of MetaTrader",
         "digits and steps of all symbols", (_P,)),
    # Deals.
    Step("market", "A market order of the smallest size is filled", "one is bought", _BOTH),
    Step("filling-flags",
         "The filling that is chosen from a symbol's flags and its execution mode is taken",
         "that order's code", _BOTH),
    Step("deal", "Deal, order and magic lead to each other", "that order's deal", _BOTH),
    Step("position", "A position's identifier is the ticket of the order that opened it",
         "that order's position", _BOTH),
    Step("commission", "A deal's commission does not change after it was told",
         "that deal again, 3 seconds later", _BOTH),
    Step("clock-offset", "The offset that quotes show is that of the account's history",
         "that deal's time against the server's", _BOTH),
    Step("levels",
         "A request for levels (SLTP) with symbol, position ticket and both levels is taken on"
         " every kind of account, and 0 takes a level away",
         "that position's levels: set, one moved, both taken away", _BOTH),
    Step("close", "A close is a deal of its own, with its own magic", "its closing", _BOTH),
    Step("stop",
         "A closing by SL, TP or stop out has its own reason and the position's identifier,"
         " whatever magic it carries",
         "a position with a near stop: --wait-for-stop 300, or the input StopSeconds", _BOTH),
    Step("deviation",
         "In instant and request execution a deal is never worse than price and deviation",
         "one bought with a deviation of 0, where there is such execution", (_P,)),
    Step("split-orders", "Parts of an order may be orders of their own in the history",
         "an order larger than the first level of a book, on an account of an exchange", (_P,)),
    Step("close-by-deals",
         "A close-by makes two deals of one order, OUT_BY on both sides, each at the price at which"
         " the other position was opened, and carries the request's magic",
         "one position closed by another, on a hedging account", (_E,)),
    Step("close-by-volume", "A volume of 0 in a CLOSE_BY request closes what both positions have",
         "the same", (_E,)),
    # What needs a hand.
    Step("settle",
         "`SettleMs` after a connection the terminal's lists are those of the server",
         "the input CutSeconds: the list of open orders while you cut the network and mend it",
         (_E,)),
    Step("replace-cut", "A venue that keeps an order's id over a replace (MT5) is understood",
         "a change with the network cut in between", (_C, _H),
         ("let a strategy place a limit far from the market, and pull the network cable",
          "let it replace the order (another price), wait for some seconds, and plug in again",
          ("holds: within a minute the order is open with one of the two prices, once, and the"
          " strategy was told which"))),
    Step("doubt-codes",
         "10008, 10011, 10012 and 10031 may come with the trade done and without; other refusals"
         " come without",
         "market orders while the network is cut, then the history", (_C, _H),
         (("let a strategy send some twenty market orders of the smallest size, and pull the"
           " network cable in the middle; plug in again"),
          ("holds: each order of the strategy that was filled, or was not, is so in the terminal's"
          " tab History"))),
    Step("absence", "After `absence_after_ms` a request that was sent will not be seen any more",
         "an order sent with the network cut, and how long afterwards it appears", (_C, _H),
         ("pull the network cable, let a strategy place a limit, and plug in again",
          "holds: the order appears within a minute in the terminal's tab Trade, or never")),
    Step("stop-owner",
         "Orders that a venue makes from ours (stop-loss, take-profit) reach the parent's owner",
         "a stop that is hit, once with the bridge stopped in between", (_H,),
         ("let a strategy buy with a near stop-loss, and wait until it is hit",
          ("do it again; stop the bridge (the terminal bridge's process, or the Expert Advisor)"
          " before it is hit, and start it again after"),
          ("holds: both times `portcullis orders` and the strategy have the closing, and"
          " `portcullis positions` is flat"))),
    Step("metaeditor", "MetaEditor takes the Expert Advisor's sources without a change",
         "F7 in MetaEditor", (_H,),
         (("run `portcullis mt5 install DIR`, open MetaEditor (F4), and compile (F7) both"
          " Portcullis.mq5 and PortcullisCheck.mq5"),
          "holds: 0 errors. Write each warning into the words below")),
    Step("tls",
         "SocketTlsHandshake works behind a TLS terminator with a certificate that Windows trusts",
         "a TLS terminator before the gateway, and TlsName", (_H,),
         (("put stunnel or the like before the ports 5571 and 5573, with a certificate that Windows"
          " trusts; set the inputs Host, the ports, and TlsName"),
          "holds: `portcullis venues` shows the venue up")),
    Step("allowed-address",
         "`127.0.0.1` needs a line in the list of allowed addresses, port or not",
         "Tools > Options > Expert Advisors, with the line and without", (_H,),
         (("Tools > Options > Expert Advisors: remove 127.0.0.1 from the list, and attach the"
           " Expert Advisor anew; then add the line 127.0.0.1 without a port, and attach it again"),
          ("holds: without the line the tab Experts says `cannot connect`, with it `portcullis"
          " venues` shows the venue up"))),
    Step("day-expiry",
         "An order of SPECIFIED_DAY shows an expiry within its day, not the day's first second",
         "such an order, and the expiry that the terminal shows", (_H,),
         (("on a symbol whose specification names no expiry by time but one by day, let a strategy"
           " place a limit far from the market that ends at the server's next midnight"),
          ("holds: the tab Trade shows today's date for it, at any time but 00:00; cancel it, or"
          " see it expire at midnight"))),
)  # fmt: skip
