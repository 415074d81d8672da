"""Limits as a person sees and changes them (U1): LIMITS says what binds a scope, LIMIT changes it.

Rules: each change has a name and a reason, is a NOTE and an alert, and binds the next order. What
lets more through than the hard ceiling (`[ceilings]`) ends by itself and needs two persons, who
sign exactly this change, each with a token of their own: a session's name is only what it says of
itself. A key without a ceiling has none. A limit as configured is never beyond: the file belongs to
those who wrote the ceilings. When the time of a change is over, what stood before stands again.
"""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from gateway.oms.effects import Effects, Jot
from gateway.oms.fills import alert
from gateway.oms.questions import DONE, REFUSED, answer, page_of, person_of
from gateway.oms.rules import SENSE_MAX
from gateway.oms.state import Override
from gateway.risk.facts import Facts
from gateway.risk.limits import ALL, FLAGS, INTEGERS, KEYS, is_looser, number_of, typed
from gateway.risk.trading_state import UnknownScope
from protocol.messages import OperatorCommand
from protocol.numbers import format_decimal, parse_decimal
from protocol.timestamps import parse_utc

MS = 1_000_000
CONSENT_MS = 120_000
"""A person's signature is good for so long, and once."""
AHEAD_MS = 5_000
"""So much may the clock of who signs be ahead of ours."""
MAX_MS = 366 * 86_400_000


class Consent(Struct, forbid_unknown_fields=True):
    """Who agrees: the name, when (UTC, as on the wire), and the signature in hex."""

    name: str
    time: str
    mac: str


class Change(Struct, forbid_unknown_fields=True):
    """The body of LIMIT. `value`: a number as text, null as configured, false none, true a flag.

    Beyond a ceiling `first` is who asks for it, and `second` somebody else.
    """

    key: str
    value: str | bool | None
    for_ms: int | None = None
    first: Consent | None = None
    second: Consent | None = None


class BadChange(ValueError):  # noqa: N818 - it reads as what it says
    """A change that is refused: `CODE: what was received, what was expected`."""


class Values(NamedTuple):
    """A limit as it is, as it shall be, as configured, and its ceiling; None: no limit."""

    now: Any
    wanted: Any
    configured: Any
    ceiling: Any


class LimitDesk:
    """Answers LIMITS and LIMIT. Reads everything, changes nothing but what it yields."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.rules = facts.rules
        self.overrides = facts.book.state.overrides
        self._born_ns = facts.book.state.time_ns  # what was used before it is forgotten
        self._consents: dict[str, int] = {}

    # What is.

    def show(self, session: str, message: OperatorCommand, _now_ns: int) -> Effects:
        """LIMITS: every limit of a scope, or of all that have any, and where it comes from."""
        scopes = (
            [self.scope_of(message.scope)] if message.scope else sorted(self.facts.limits.scopes)
        )
        yield page_of(session, message, [row for scope in scopes for row in self.rows(scope)])

    def rows(self, scope: str) -> list[dict[str, Any]]:
        """Describe the limits of one scope, those that it has."""
        return [
            row for key in KEYS
            if (row := self._row(scope, key)) is not None
        ]  # fmt: skip

    def _row(self, scope: str, key: str) -> dict[str, Any] | None:
        limits, override = self.facts.limits, self.overrides.get(f"{scope} {key}")
        if getattr(limits.of(scope), key) is None:
            return None
        row: dict[str, Any] = {
            "scope": scope, "key": key, "value": shown(number_of(limits.of(scope), key)),
            "from": self.rules.origins.get(scope, {}).get(key, "config"),
        }  # fmt: skip
        if override is not None:
            row |= {"from": "changed", **changed(override)}
            row["configured"] = shown(number_of(limits.configured(scope), key))
        return row

    def changes(self) -> list[dict[str, Any]]:
        """List what persons have changed."""
        return [
            {"scope": name.rpartition(" ")[0], "key": name.rpartition(" ")[2],
             "value": override.value or None, **changed(override)}
            for name, override in sorted(self.overrides.items())
        ]  # fmt: skip

    def scope_of(self, text: str | None) -> str:
        """Read the scope of a limit, one term. Raises UnknownScope with those that there are."""
        terms = (text or "").split()
        rules = self.rules
        known = {f"strategy:{name}" for name in rules.strategies}
        known |= {f"venue:{name}" for name in rules.venues}
        known |= {f"account:{venue.account}" for venue in rules.venues.values()}
        known |= {f"group:{name}" for name in rules.groups} | {ALL}
        if len(terms) == 1:
            kind, _, name = terms[0].partition(":")
            if terms[0] in known or (kind == "symbol" and name):
                return terms[0]
        problem = (
            f"received {(text or '')[:80]!r}, expected one of {' '.join(sorted(known))}"
            " or symbol:NAME"
        )
        raise UnknownScope(problem)

    # What shall be.

    def change(self, session: str, message: OperatorCommand, now_ns: int) -> Effects:
        """LIMIT: tighter at once; looser with a name and a reason; beyond the ceiling by two."""
        if not message.reason:
            yield answer(session, message, REFUSED, "NO_REASON: Reason(5020) is missing")
            return
        scope, who = self.scope_of(message.scope), person_of(session)
        try:
            wanted = read_change(message.command_body)
            values = self._values(scope, wanted)
            beyond = is_looser(wanted.key, values.wanted, values.ceiling) and is_looser(
                wanted.key, values.wanted, values.configured
            )
            if beyond:
                self._check_consent(scope, wanted, who, message.cl_ord_id, now_ns)
        except BadChange as problem:
            yield answer(session, message, REFUSED, str(problem))
            return
        second = wanted.second.name if wanted.second is not None and beyond else ""
        until_ns = now_ns + wanted.for_ms * MS if wanted.for_ms else 0
        yield Jot(
            "LIMIT",
            {
                "scope": scope, "key": wanted.key, "value": stored(wanted), "who": who,
                "reason": message.reason, "second": second, "until_ns": until_ns,
            },
        )  # fmt: skip
        self.facts.limits.refresh()
        was, now = shown(values.now), shown(values.wanted)
        yield alert(
            "LIMIT_CHANGED", scope=scope, key=wanted.key, was=was, now=now, who=who,
            reason=message.reason, second=second, until_ns=until_ns,
        )  # fmt: skip
        yield answer(
            session, message, DONE, f"{wanted.key} of {scope}: was {was}, is {now}",
            body={"was": was, "is": now, "until_ns": until_ns,
                  "looser": is_looser(wanted.key, values.wanted, values.now)},
        )  # fmt: skip

    def _values(self, scope: str, wanted: Change) -> Values:
        key, limits = wanted.key, self.facts.limits
        configured = number_of(limits.configured(scope), key)
        return Values(
            now=number_of(limits.of(scope), key),
            wanted=configured if wanted.value is None else number_wanted(wanted),
            configured=configured,
            ceiling=number_of(self.rules.ceilings, key),
        )

    def _check_consent(
        self, scope: str, wanted: Change, who: str, cl_ord_id: str, now_ns: int
    ) -> None:
        """Check that two persons have signed exactly this. Raises BadChange."""
        ceiling = f"ceiling={shown(number_of(self.rules.ceilings, wanted.key))}"
        longest_ms = self.rules.loosened_max_ms
        if not wanted.for_ms or wanted.for_ms > longest_ms:
            problem = (
                f"FOR_MS: {ceiling}; a limit beyond its ceiling ends by itself: received"
                f" for_ms={wanted.for_ms or 'none'}, expected 1 to {longest_ms} (`--for`)"
            )
            raise BadChange(problem)
        second = self._second_of(wanted, who, ceiling)
        first = self._first_of(wanted, who, ceiling)
        for code, consent in (("FIRST_PERSON: ", first), ("SECOND_PERSON: ", second)):
            text = consent_text(scope, wanted, who, cl_ord_id, consent.time)
            mac = signature(self.rules.people[consent.name], text)
            if not hmac.compare_digest(mac.encode(), consent.mac.encode()):
                problem = (
                    f"{code}the mac of {consent.name} is not HMAC-SHA256 with that person's"
                    f" token over {text}"
                )
                raise BadChange(problem)
            self._check_fresh(code, consent, now_ns)
        for consent in (first, second):
            self._consents[consent.mac] = parse_utc(consent.time) + CONSENT_MS * MS

    def _second_of(self, wanted: Change, who: str, ceiling: str) -> Consent:
        """Return the signature of somebody else whom the config names. Raises BadChange."""
        second = wanted.second
        others = " ".join(sorted(set(self.rules.people) - {who})) or "none is configured"
        if second is None or second.name == who:
            problem = (
                f"SECOND_PERSON: {ceiling}; beyond it somebody other than {who} has to agree,"
                f" one of: {others}"
            )
            raise BadChange(problem)
        if second.name not in self.rules.people:
            problem = f"SECOND_PERSON: received {second.name}, expected one of: {others}"
            raise BadChange(problem)
        return second

    def _first_of(self, wanted: Change, who: str, ceiling: str) -> Consent:
        """Return the signature of who asks: their session only says its name. Raises BadChange."""
        first = wanted.first
        if who not in self.rules.people:
            known = " ".join(sorted(self.rules.people))
            problem = (
                f"FIRST_PERSON: {ceiling}; beyond it who asks signs too, and {who} is no"
                f" [[person]] of the config; expected one of: {known}"
            )
            raise BadChange(problem)
        if first is None or first.name != who:
            received = first.name if first is not None else "no `first`"
            problem = (
                f"FIRST_PERSON: {ceiling}; beyond it who asks signs too: received {received},"
                f" expected {who}, with the token of that person (`--token-file`)"
            )
            raise BadChange(problem)
        return first

    def _check_fresh(self, code: str, consent: Consent, now_ns: int) -> None:
        """Check that a signature is of now, and was not used. Raises BadChange."""
        try:
            signed_ns = parse_utc(consent.time)
        except ValueError as bad:
            problem = f"{code}time: {bad}"
            raise BadChange(problem) from None
        for mac in [mac for mac, until_ns in self._consents.items() if until_ns < now_ns]:
            del self._consents[mac]
        age_ms = (now_ns - signed_ns) // MS
        fresh = -AHEAD_MS <= age_ms <= CONSENT_MS and signed_ns > self._born_ns
        if not fresh or consent.mac in self._consents:
            problem = (
                f"{code}what {consent.name} signed at {consent.time} was used or is older"
                f" than {CONSENT_MS} ms or than this start of the gateway; sign anew"
            )
            raise BadChange(problem)


def read_change(text: str | None) -> Change:
    """Read the body of LIMIT. Raises BadChange that says what was expected."""
    try:
        wanted = msgspec.json.decode(text or "", type=Change)
    except msgspec.DecodeError as bad:
        problem = (
            f"BAD_BODY: {bad}; expected"
            ' {"key": …, "value": "123" or null or false, "for_ms": n, "first": {…}, "second": {…}}'
        )
        raise BadChange(problem) from None
    if wanted.key not in KEYS:
        problem = f"UNKNOWN_LIMIT: received {wanted.key[:64]!r}, expected one of {' '.join(KEYS)}"
        raise BadChange(problem)
    if wanted.for_ms is not None and not 0 < wanted.for_ms <= MAX_MS:
        problem = f"FOR_MS: received {wanted.for_ms}, expected 1 to {MAX_MS}, or no for_ms at all"
        raise BadChange(problem)
    if wanted.value is None and wanted.for_ms is not None:
        problem = "FOR_MS: a limit is as configured for good; leave for_ms away"
        raise BadChange(problem)
    number_wanted(wanted)
    return wanted


def number_wanted(wanted: Change) -> Any:
    """Return the limit that a change asks for, None for none. Raises BadChange."""
    key, value = wanted.key, wanted.value
    if value is None or value is False:
        return None
    if key in FLAGS or value is True:
        if key in FLAGS and value is True:
            return True
        expected = (
            "true or false (`on`, `off`)" if key in FLAGS
            else "a number as text, or false (`none`) for no limit"
        )  # fmt: skip
        received = str(value).lower()
        problem = f"BAD_LIMIT: {key}: received {received}, expected {expected}"
        raise BadChange(problem)
    try:
        number = parse_decimal(value)
    except ValueError as bad:
        problem = f"BAD_LIMIT: {key}: {bad}"
        raise BadChange(problem) from None
    if not 0 <= number < SENSE_MAX or (key in INTEGERS and number != int(number)):
        kind = "a whole number" if key in INTEGERS else "a number"
        problem = f"BAD_LIMIT: {key}: received {value}, expected {kind} from 0 to below {SENSE_MAX}"
        raise BadChange(problem)
    return typed(key, number)


def stored(wanted: Change) -> str | None:
    """Write a wanted value as the state keeps it: empty is no limit, null as configured."""
    value = wanted.value
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else ""
    return format_decimal(parse_decimal(value))


def consent_text(scope: str, wanted: Change, who: str, cl_ord_id: str, signed_at: str) -> str:
    """Write what a person signs: the change, who asks for it, in which command, and when."""
    value = wanted.value if isinstance(wanted.value, str) else str(wanted.value).lower()
    return "|".join(
        (scope, wanted.key, value, str(wanted.for_ms), who, cl_ord_id, signed_at)
    )


def signature(token: bytes, text: str) -> str:
    """Sign as a person does: HMAC-SHA256 with the token's bytes as key, lower-case hex."""
    return hmac.new(token, text.encode(), hashlib.sha256).hexdigest()


def changed(override: Override) -> dict[str, Any]:
    """Say who has changed a limit, why and until when."""
    return {
        "who": override.who, "reason": override.reason, "second": override.second,
        "since_ns": override.since_ns, "until_ns": override.until_ns,
    }  # fmt: skip


def shown(value: Any) -> str:
    """Write a limit for a person."""
    if value is None:
        return "none"
    return format_decimal(value) if isinstance(value, Decimal) else str(value).lower()
