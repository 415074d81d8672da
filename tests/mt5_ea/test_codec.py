"""The codec in MQL5 judges as Python's does, and writes the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.every_message import HEADER, bare, complete, messages
from support.mt5.ea import Program, VirtualClock
from support.mt5.runtime import build

from bridges import mt5_tables
from protocol import codec
from protocol.codec import wrap
from protocol.errors import GarbledMessage, InvalidMessage
from protocol.messages import BY_TYPE

PROBES = Path(build.__file__).parents[1] / "probes"
pytestmark = pytest.mark.budget(60)  # the first test of a run compiles
_can_build = pytest.mark.skipif(not build.can_build(), reason=build.MISSING)


def needs_compiler(test):
    """Mark a test of the compiled codec: it has its place in the longer run."""
    return pytest.mark.length("ci")(_can_build(test))


SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def program():
    """Give the compiled codec."""
    return Program(build.build(PROBES / "Codec.mq5"), None, clock=VirtualClock(0))


def here(frame):
    """Say what Python's codec makes of a frame: sound, garbled, or invalid with reason and tag."""
    try:
        return "sound", codec.decode(frame)
    except GarbledMessage:
        return "garbled", None
    except InvalidMessage as problem:
        return "invalid", (str(int(problem.reason)), str(problem.ref_tag))


def there(program, frame):
    """Say what the compiled codec makes of it; of a sound frame the fields."""
    said = program.probe("decode", frame).decode()
    verdict, _, rest = said.partition(" ")
    if verdict == "sound":
        return verdict, rest.split("\x01")[:-1]
    return verdict, tuple(rest.split(" ")[:2]) if verdict == "invalid" else None


def fields_of(frame):
    """Return a frame's type and fields as the probe tells them, groups aside."""
    parts = frame.decode().split("\x01")
    return parts[2][3:], parts[3:-2]


def encode_there(program, frame):
    """Let the compiled codec write a frame of the same fields."""
    msg_type, parts = fields_of(frame)
    head = [part.partition("=")[2] for part in parts[:4]]
    order = [msg_type, head[0], head[1], head[2], head[3], "-", *parts[4:]]
    return program.probe("encode", "\x01".join(order).encode())


def test_the_header_is_current():
    """FixTables.mqh is what the protocol's declarations say now."""
    committed = mt5_tables.HEADER.read_text(encoding="utf-8")
    assert committed == mt5_tables.header(), "python -m bridges.mt5_tables writes it anew"


@needs_compiler
@pytest.mark.parametrize("make", [bare, complete])
@pytest.mark.parametrize("msg_type", BY_TYPE)
def test_every_type_of_message(program, msg_type, make):
    """Each type is read, bare and with every field, and written again byte for byte."""
    frame = codec.encode(make(msg_type), **HEADER)
    verdict, found = there(program, frame)
    assert (verdict, found[0]) == ("sound", msg_type)
    assert [field.split("/")[2] for field in found[1:]] == fields_of(frame)[1]
    assert encode_there(program, frame) == frame


@needs_compiler
@given(message=messages())
@SLOW
def test_any_message(program, message):
    """Whatever Python says is read and written alike."""
    frame = codec.encode(message, **HEADER)
    if b"\x00" in frame:
        assert there(program, frame)[0] == "sound"
        return
    assert there(program, frame)[0] == "sound"
    assert encode_there(program, frame) == frame


@needs_compiler
@given(content=st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(
    lambda some: codec.encode(complete("D"), **HEADER)[:60] + some)))  # fmt: skip
@SLOW
def test_any_bytes(program, content):
    """Whatever bytes come, both make the same of it."""
    assert there(program, content)[0] == here(content)[0]


@needs_compiler
@given(
    frame=st.sampled_from([codec.encode(complete(kind), **HEADER) for kind in BY_TYPE]),
    cut=st.tuples(st.integers(0, 10**6), st.integers(0, 12)),
    piece=st.text(st.sampled_from("0123456789=\x01.-NYXa:é"), max_size=8),
)
@SLOW
def test_any_change_of_a_message(program, frame, cut, piece):
    """A message that was changed anywhere, in a sound envelope, is sound to both or to neither."""
    body = codec.unwrap(frame)
    at = cut[0] % (len(body) - 4) + 3
    changed = body[:at] + piece + body[at + cut[1] :]
    if not changed.endswith("\x01"):
        changed += "\x01"
    wrapped = wrap(changed)
    assert there(program, wrapped)[0] == here(wrapped)[0]


ONE_FAULT = {
    "a blank in a name": ("11=A 1", "11=A1"),
    "an unknown side": ("54=9", "54=1"),
    "a number with an exponent": ("38=1E5", "38=1000"),
    "a number too long": ("38=" + "1" * 19, "38=1000"),
    "no such day": ("60=20260230-09:30:00", "60=20260105-09:30:00"),
    "an unknown tag": ("9999=1", None),
    "a tag twice": ("55=EURUSD\x0155=EURUSD", "55=EURUSD"),
    "no value": ("58=", None),
    "a missing field": (None, "55=EURUSD"),
    "a flag that is none": ("97=1", None),
    "a type of order that is none": ("40=Z", "40=2"),
    "no tag at all": ("hello", None),
    "a text too long": ("58=" + "é" * 2049, None),
    "no sender": (None, "49=MM"),
}
SOUND_D = (
    "35=D\x0149=MM\x0156=GATEWAY\x0134=7\x0152=20260105-09:30:00\x0111=A1\x0155=EURUSD\x0154=1\x01"
    "60=20260105-09:30:00\x0138=1000\x0140=2\x0144=1.08\x01"
)


@needs_compiler
@pytest.mark.parametrize("fault", ONE_FAULT)
def test_one_fault_has_one_name(program, fault):
    """Each way to be wrong has the same reason (373) and tag (371) on both sides."""
    wrong, right = ONE_FAULT[fault]
    body = SOUND_D.replace(f"{right}\x01", f"{wrong}\x01" if wrong else "") if right else SOUND_D
    if right is None:
        body += f"{wrong}\x01"
    frame = wrap(body)
    assert here(wrap(SOUND_D))[0] == "sound"
    assert here(frame)[0] == "invalid"
    assert there(program, frame) == here(frame)


GROUP_FAULTS = {
    "fewer entries": "268=3\x01269=0\x01270=1.1\x01269=1\x01",
    "an entry without its first field": "268=1\x01270=1.1\x01269=0\x01",
    "a field twice in an entry": "268=1\x01269=0\x01270=1.1\x01270=1.2\x01",
    "no entry": "268=0\x01",
    "a wrong value in an entry": "268=1\x01269=7\x01",
    "a wrong number in an entry": "268=1\x01269=0\x01270=x\x01",
    "a count that is none": "268=x\x01269=0\x01",
    "a stranger in an entry": "268=1\x01269=0\x0158=a\x01",
}


@needs_compiler
@pytest.mark.parametrize("fault", GROUP_FAULTS)
def test_faults_of_groups(program, fault):
    """Groups are refused for the same reasons."""
    head = "35=W\x0149=V\x0156=G\x0134=7\x0152=20260105-09:30:00\x0155=EURUSD\x01"
    frame = wrap(head + GROUP_FAULTS[fault])
    assert here(frame)[0] == "invalid"
    assert there(program, frame) == here(frame)


@needs_compiler
def test_what_is_too_long_is_refused_on_both_ways(program):
    """A frame above 65,536 bytes is garbled, and is not written."""
    order = ["U2", "A", "B", "1", "20260105-09:30:00", "-", "5022=X", "5023=" + "é" * 40_000]
    assert program.probe("encode", "\x01".join(order).encode()).startswith(b"refused")
    assert there(program, b"8=FIX.4.4\x01" + b"9" * 70_000)[0] == "garbled"
