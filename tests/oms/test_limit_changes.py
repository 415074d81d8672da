"""Limits that a person changes while we run: tighter at once, looser by name, far looser by two."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from msgspec.structs import replace
from support.desk import ACCOUNT, SYMBOL, VENUE, Desk, new_order, rules
from support.operators import ANN, BOB, ask, code, notes, rows

from gateway.oms.limit_changes import Change, consent_text, signature
from gateway.risk.limits import ALL, FLAGS, INTEGERS, KEYS, Limits
from protocol.fields import ExecType as E
from protocol.messages import ExecutionReport
from protocol.timestamps import format_utc

PEOPLE = {"ann": b"ann's token", "bob": b"bob's token"}
SCOPE, KEY = "strategy:MM", "max_order_qty"
HOUR_MS = 3_600_000
NONE = False
"""No limit, as the body of LIMIT has it."""


@pytest.fixture
def desk():
    """MM may order 1000 at once; beyond 2000 two persons have to agree, for an hour at most."""
    house = replace(
        rules(max_order_qty=Decimal(1000)),
        ceilings=Limits(max_order_qty=Decimal(2000), require_stop=True), people=PEOPLE,
        loosened_max_ms=HOUR_MS, groups={"majors": frozenset({SYMBOL})},
        origins={SCOPE: {KEY: "limits.small"}},
    )  # fmt: skip
    strict = replace(house.limits["strategy:MOM"], require_stop=True)
    house = replace(house, limits={**house.limits, "strategy:MOM": strict})
    desk = Desk(house)
    desk.open_up()
    return desk


def change(desk, value, *, key=KEY, scope=SCOPE, session=ANN, reason="because", **body):
    """Let a person change a limit."""
    cl_ord_id = body.pop("cl_ord_id", f"U{len(desk.records)}")
    return ask(
        desk, "LIMIT", session=session, scope=scope, reason=reason, cl_ord_id=cl_ord_id,
        body={"key": key, "value": value, **body},
    )  # fmt: skip


def signed(desk, value, *, by="bob", token=None, who="ann", for_ms=HOUR_MS, key=KEY, **twist):
    """Let a person sign a change that `who` asks for; `twist` is what they signed otherwise."""
    time = format_utc(twist.pop("at_ns", desk.now_ns))
    cl_ord_id, scope = twist.pop("cl_ord_id", "S1"), twist.pop("scope", SCOPE)
    said = replace(Change(key=key, value=value, for_ms=for_ms), **twist)
    text = consent_text(scope, said, who, cl_ord_id, time)
    return {"name": by, "time": time, "mac": signature(token or PEOPLE[by], text)}


def both(desk, value, **what):
    """Let ann, who asks, and bob sign a change."""
    return {"first": signed(desk, value, by="ann", **what), "second": signed(desk, value, **what)}


def limit(desk, key=KEY, scope=SCOPE):
    """Return what LIMITS says of one limit, None when there is none."""
    return {row["key"]: row for row in rows(desk, "LIMITS", scope=scope)}.get(key)


def passes(desk, qty, owner="MM"):
    """Whether an order of this quantity is let through, by the check of its quantity."""
    desk.hear(owner, new_order(desk, f"Q{len(desk.records)}", qty))
    told = [m for m in desk.told(owner) if isinstance(m, ExecutionReport)][-1]
    assert told.exec_type is E.PENDING_NEW or told.text.startswith("MAX_QTY: "), told.text
    return told.exec_type is E.PENDING_NEW


def test_tighter_binds_the_next_order(desk):
    """At once, with who and why in journal, alert and listing."""
    assert passes(desk, "1000")
    answer = change(desk, "500")
    assert json.loads(answer.command_body) == {
        "was": "1000", "is": "500", "until_ns": 0, "looser": False,
    }  # fmt: skip
    assert (passes(desk, "501"), passes(desk, "500")) == (False, True)
    row = limit(desk)
    assert (row["value"], row["from"], row["who"], row["reason"], row["configured"]) == (
        "500", "changed", "ann", "because", "1000",
    )  # fmt: skip
    (note,) = notes(desk, "LIMIT")
    assert (note["who"], note["reason"], note["value"]) == ("ann", "because", "500")
    (alert,) = notes(desk, "ALERT LIMIT_CHANGED")
    assert (alert["was"], alert["now"]) == ("1000", "500")


def test_looser_up_to_the_ceiling_needs_one_person(desk):
    """Exactly the ceiling is allowed to one; one unit more is not."""
    assert change(desk, "2000").outcome == "DONE"
    assert (passes(desk, "2000"), passes(desk, "2001")) == (True, False)
    assert code(change(desk, "2001", for_ms=HOUR_MS)) == "SECOND_PERSON"
    assert limit(desk)["value"] == "2000"


@pytest.mark.parametrize("value", ["1", "5000", None, False])
def test_no_change_without_a_reason(desk, value):
    """Whatever it is, it says why."""
    assert code(change(desk, value, reason=None)) == "NO_REASON"
    assert not notes(desk, "LIMIT")


def test_beyond_the_ceiling_two_persons_agree(desk):
    """The second signs exactly this; it is journaled with both, and ends by itself."""
    answer = change(desk, "9000", for_ms=HOUR_MS, cl_ord_id="S1", **both(desk, "9000"))
    assert answer.outcome == "DONE", answer.text
    assert passes(desk, "9000")
    assert (limit(desk)["second"], limit(desk)["until_ns"]) == (
        "bob", desk.now_ns + HOUR_MS * 1_000_000,
    )  # fmt: skip
    desk.now_ns += (HOUR_MS - 1) * 1_000_000
    desk.pass_time(0)
    assert limit(desk)["value"] == "9000"
    desk.pass_time(101)
    assert limit(desk) == {
        "scope": SCOPE, "key": KEY, "value": "1000", "from": "limits.small",
    }  # fmt: skip
    assert notes(desk, "ALERT LIMIT_RESTORED")
    assert desk.replayed().digest() == desk.book.digest()


@pytest.mark.parametrize(("role", "person"), [("first", "ann"), ("second", "bob")])
@pytest.mark.parametrize(
    ("twist", "good"),
    [
        ({"token": b"x"}, False), ({"value": "8999"}, False), ({"scope": "strategy:MOM"}, False),
        ({"key": "max_order_notional"}, False), ({"for_ms": HOUR_MS - 1}, False),
        ({"who": "bob"}, False), ({"cl_ord_id": "S2"}, False),
        ({"at_ns": -120_001_000_000}, False), ({"at_ns": 6_000_000_000}, False),
        ({"at_ns": -60_000_000_000}, True),
    ],
)  # fmt: skip
def test_a_signature_is_for_one_change_of_one_person(desk, twist, good, role, person):
    """Of either: with another's token, for anything else, too early or too late is refused."""
    desk.now_ns += 300_000_000_000
    desk.quote("1.1000", "1.1002")
    if "at_ns" in twist:
        twist = {**twist, "at_ns": desk.now_ns + twist["at_ns"]}
    signatures = both(desk, "9000")
    signatures[role] = signed(desk, **{"value": "9000", "by": person, **twist})
    answer = change(desk, "9000", for_ms=HOUR_MS, cl_ord_id="S1", **signatures)
    assert code(answer) == ("" if good else f"{role.upper()}_PERSON")
    assert (limit(desk)["from"] == "changed") == good


@pytest.mark.parametrize(
    ("first", "second", "session", "expected"),
    [
        (None, "bob", ANN, "FIRST_PERSON"), ("bob", "bob", ANN, "FIRST_PERSON"),
        ("eve", "bob", ANN, "FIRST_PERSON"), ("eve", "bob", "OPERATOR/eve/9", "FIRST_PERSON"),
        ("ann", None, ANN, "SECOND_PERSON"), ("ann", "ann", ANN, "SECOND_PERSON"),
        ("ann", "eve", ANN, "SECOND_PERSON"), (None, "bob", BOB, "SECOND_PERSON"),
        ("ann", "bob", "OPERATOR/carl/9", "FIRST_PERSON"), ("ann", "bob", ANN, ""),
    ],
)  # fmt: skip
def test_two_are_two(desk, first, second, session, expected):
    """A session only says its name: who holds one token is one person, whatever name they say."""
    who = session.split("/")[1]
    names = {"first": first, "second": second}
    body = {
        role: signed(desk, "9000", by=name, who=who, token=PEOPLE.get(name, b"eve's"))
        for role, name in names.items() if name
    }  # fmt: skip
    answer = change(desk, "9000", session=session, for_ms=HOUR_MS, cl_ord_id="S1", **body)
    assert code(answer) == expected, answer.text
    assert bool(notes(desk, "LIMIT")) == (not expected)


def test_a_forged_name_is_not_enough(desk):
    """Bob says that he is ann: with his token alone, for both, nothing changes."""
    body = both(desk, "9000", token=PEOPLE["bob"])
    answer = change(desk, "9000", for_ms=HOUR_MS, cl_ord_id="S1", **body)
    assert answer.text.startswith("FIRST_PERSON: the mac of ann is not HMAC-SHA256")
    assert not notes(desk, "LIMIT")


def test_a_second_person_whom_nobody_knows_is_named(desk):
    """The refusal says who was received and who could agree, not that a signature is wrong."""
    second = signed(desk, "9000", by="eve", token=b"x")
    text = change(desk, "9000", for_ms=HOUR_MS, second=second, cl_ord_id="S1").text
    assert text.startswith("SECOND_PERSON: received eve, expected one of: ")


def test_a_signature_is_used_once(desk):
    """Said again, it is a replay: also from another session, and after a restart."""
    said = both(desk, "9000")
    desk.now_ns += 1_000_000
    anew = {"first": signed(desk, "9000", by="ann"), "second": signed(desk, "9000")}
    for session, expected, body in (
        (ANN, "", said), (ANN, "FIRST_PERSON", said), ("OPERATOR/ann/9", "FIRST_PERSON", said),
        (ANN, "SECOND_PERSON", {**said, "first": anew["first"]}),
        (ANN, "FIRST_PERSON", {**said, "second": anew["second"]}), (ANN, "", anew),
    ):  # fmt: skip
        answer = change(desk, "9000", session=session, for_ms=HOUR_MS, cl_ord_id="S1", **body)
        assert code(answer) == expected
    desk.restart()
    answer = change(desk, "9000", for_ms=HOUR_MS, cl_ord_id="S1", **said)
    assert "sign anew" in answer.text


@pytest.mark.parametrize("for_ms", [None, HOUR_MS + 1])
def test_beyond_the_ceiling_it_ends_by_itself(desk, for_ms):
    """Without a time, or with too long a one, two persons are not enough."""
    body = both(desk, "9000", for_ms=for_ms) | ({"for_ms": for_ms} if for_ms else {})
    assert code(change(desk, "9000", cl_ord_id="S1", **body)) == "FOR_MS"


@pytest.mark.parametrize(("key", "scope"), [(KEY, SCOPE), ("require_stop", "strategy:MOM")])
def test_no_limit_is_beyond_every_ceiling(desk, key, scope):
    """To take a limit away altogether needs two persons where there is a ceiling."""
    what = {"key": key, "scope": scope}
    assert code(change(desk, NONE, for_ms=HOUR_MS, **what)) == "SECOND_PERSON"
    answer = change(desk, NONE, for_ms=HOUR_MS, cl_ord_id="S1", **what, **both(desk, NONE, **what))
    assert answer.outcome == "DONE", answer.text
    assert limit(desk, **what)["value"] == "none"


def test_a_key_without_a_ceiling_is_one_persons(desk):
    """Without an entry in [ceilings] there is no ceiling."""
    assert change(desk, NONE, key="max_open_orders").outcome == "DONE"
    assert limit(desk, "max_open_orders")["value"] == "none"


def test_back_to_the_config_is_never_beyond(desk):
    """Whoever wrote the file wrote the ceilings: what it says needs no second person."""
    desk.core.facts.rules.limits[SCOPE] = replace(
        desk.rules.limits[SCOPE], max_order_qty=Decimal(5000)
    )
    desk.core.facts.limits.refresh()
    assert change(desk, "10").outcome == "DONE"
    assert change(desk, "4000").outcome == "DONE"
    assert code(change(desk, "5001", for_ms=HOUR_MS)) == "SECOND_PERSON"
    assert change(desk, None).outcome == "DONE"
    assert limit(desk)["value"] == "5000"
    assert not desk.book.state.overrides


def test_when_a_time_is_over_what_stood_before_stands_again(desk):
    """A looser limit for a while does not undo the tighter one that was meant to stay."""
    change(desk, "300")
    change(desk, "400", for_ms=50_000)
    change(desk, "600", for_ms=20_000)
    change(desk, "500", for_ms=10_000)
    seen = []
    for ms in (0, 10_100, 10_100, 30_100):
        desk.pass_time(ms)
        seen.append(limit(desk)["value"])
    assert seen == ["500", "600", "400", "300"]
    desk.pass_time(1_000_000)
    assert limit(desk)["value"] == "300"
    assert desk.replayed().digest() == desk.book.digest()


def test_changes_survive_a_restart(desk):
    """They bind from the first order on; one whose time ended meanwhile is over."""
    change(desk, "300")
    change(desk, "5", key="max_open_orders", for_ms=60_000)
    desk.now_ns += 61_000_000_000
    desk.restart()
    desk.pass_time(101)
    assert limit(desk)["value"] == "300"
    assert limit(desk, "max_open_orders")["from"] == "config"
    desk.log_on(VENUE)
    desk.answer_round()
    desk.quote("1.1000", "1.1002")
    desk.log_on("MM")
    assert (passes(desk, "301"), passes(desk, "300")) == (False, True)


@pytest.mark.parametrize(
    "scope",
    ["strategy:MM", "strategy:MOM", f"account:{ACCOUNT}", f"venue:{VENUE}", f"symbol:{SYMBOL}",
     "group:majors", ALL, "symbol:NEW"],
)  # fmt: skip
def test_every_scope_can_be_tightened(desk, scope):
    """A scope without limits gets one; orders within it are bound, others not."""
    assert change(desk, "10", scope=scope).outcome == "DONE"
    assert passes(desk, "11") == (scope in {"strategy:MOM", "symbol:NEW"})
    assert limit(desk, scope=scope)["value"] == "10"


@pytest.mark.parametrize(
    "scope",
    ["", "MM", "strategy:NOBODY", "strategy:EXTERNAL", "venue:ELSEWHERE", "group:none", "symbol:",
     f"strategy:MM venue:{VENUE}", "order:1"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["LIMIT", "EXPLAIN"])
def test_a_scope_that_has_no_limits(desk, command, scope):
    """One term of a kind that is known, or it is refused with those that there are."""
    body = {"key": KEY, "value": "1"} if command == "LIMIT" else None
    answer = ask(desk, command, scope=scope or None, reason="x", body=body)
    assert code(answer) == "UNKNOWN_SCOPE"
    assert "strategy:MM" in answer.text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, "BAD_BODY"), ("{", "BAD_BODY"), ("[]", "BAD_BODY"), ("{}", "BAD_BODY"),
        ({"key": KEY}, "BAD_BODY"), ({"key": KEY, "value": 5}, "BAD_BODY"),
        ({"key": KEY, "value": "5", "extra": 1}, "BAD_BODY"),
        ({"key": "max_qty", "value": "5"}, "UNKNOWN_LIMIT"),
        ({"key": KEY, "value": "-1"}, "BAD_LIMIT"), ({"key": KEY, "value": "1e3"}, "BAD_LIMIT"),
        ({"key": KEY, "value": ""}, "BAD_LIMIT"), ({"key": KEY, "value": True}, "BAD_LIMIT"),
        ({"key": KEY, "value": "1" + "0" * 15}, "BAD_LIMIT"),
        ({"key": "max_open_orders", "value": "1.5"}, "BAD_LIMIT"),
        ({"key": "require_stop", "value": "1"}, "BAD_LIMIT"),
        ({"key": KEY, "value": "1", "for_ms": 0}, "FOR_MS"),
        ({"key": KEY, "value": "1", "for_ms": -5}, "FOR_MS"),
        ({"key": KEY, "value": None, "for_ms": 5}, "FOR_MS"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_change(desk, body, expected):
    """What was received and what was expected; nothing is changed."""
    answer = ask(desk, "LIMIT", scope=SCOPE, reason="x", body=body)
    assert code(answer) == expected
    assert not notes(desk, "LIMIT")


@pytest.mark.parametrize("key", KEYS)
def test_every_key_can_be_changed_and_comes_back_as_it_is_in_the_config(desk, key):
    """A changed limit has the type that its key has, so that every check can use it."""
    value = True if key in FLAGS else "7"
    assert change(desk, value, key=key).outcome == "DONE"
    desk.restart()
    found = getattr(desk.core.facts.limits.of(SCOPE), key)
    assert found == (True if key in FLAGS else 7)
    assert type(found) is (bool if key in FLAGS else int if key in INTEGERS else Decimal)


def test_one_persons_change_is_anothers_to_see(desk):
    """STATUS lists every change, LIMITS without a scope every limit of every scope."""
    change(desk, "300", session=BOB)
    (changed,) = json.loads(ask(desk, "STATUS").command_body)["limits_changed"]
    assert (changed["scope"], changed["key"], changed["value"], changed["who"]) == (
        SCOPE, KEY, "300", "bob",
    )  # fmt: skip
    scopes = {row["scope"] for row in rows(desk, "LIMITS")}
    assert scopes == {"strategy:MM", "strategy:MOM"}
