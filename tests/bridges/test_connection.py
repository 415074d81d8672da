"""The link: back-off, refusals, bad frames, and a log that cannot be written."""

from __future__ import annotations

import errno
from itertools import pairwise

import pytest
from support.bridge_wire import MS, Counter, kinds

from bridges.connection import LOGON_PATIENCE_NS, LONGEST_PAUSE_NS
from bridges.errors import IdLogFailed
from bridges.id_log import FileOps

LOW = "1.00000"


def test_attempts_are_spread_and_go_on(tmp_path):
    """Without a gateway the pauses between Logons grow to a bound; each uses a fresh socket."""
    counter = Counter(tmp_path, connected=False)
    counter.up = False
    moments, seen = [], 0
    for _ in range(30_000):
        counter.run(1)
        if counter.wire.reopened > seen:
            seen = counter.wire.reopened
            moments.append(counter.now_ns)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    longest = LOGON_PATIENCE_NS + LONGEST_PAUSE_NS * 5 // 4 + 2 * MS
    assert len(pauses) > 5
    assert pauses[0] < pauses[3] < pauses[-1] <= longest


def test_a_refused_logon_is_tried_again(tmp_path):
    """A gateway that refuses us is asked again later, and may then accept."""
    counter = Counter(tmp_path, connected=False)
    accept = counter.fix.accept
    counter.fix.accept = lambda now_ns, **_: counter.fix.refuse("NOT_YET", now_ns)
    counter.run(30)
    assert not counter.bridge.session.logged_on
    counter.start_gateway()
    assert counter.fix.accept != accept
    counter.run(500)
    assert counter.bridge.session.logged_on


def test_bad_frames_harm_nobody(tmp_path):
    """Garbled frames are ignored, wrong messages are answered by Reject, and the link goes on."""
    counter = Counter(tmp_path)
    counter.wire.to_bridge += [b"", b"rubbish", b"8=FIX.4.4\x019=5\x0135=D\x0110=000\x01"]
    wrong = counter.fix.send(counter.cancel("X"), counter.now_ns).frame
    broken = wrong.replace(b"\x0154=1\x01", b"\x0154=x\x01")
    total = (sum(broken[:-7])) % 256
    counter.wire.to_bridge.append(broken[:-7] + b"10=%03d\x01" % total)
    counter.run(5)
    assert kinds(counter.ask(counter.new(price=LOW))) == ["0/0"]
    assert counter.bridge.session.logged_on


def test_a_failed_id_log_stops_everything(tmp_path):
    """When the id log cannot be written the venue is not called, and the bridge ends."""
    counter = Counter(tmp_path)

    class Full(FileOps):
        def write(self, handle, content):
            raise OSError(errno.ENOSPC, "no space left on device")

    counter.id_log._files = Full()
    counter.say(counter.new())
    with pytest.raises(IdLogFailed, match="no space"):
        counter.run(1)
    assert counter.exchange.received == {}


def test_orders_of_one_batch_share_one_sync(tmp_path):
    """However many orders wait, their ids are made durable by one write before any is sent."""
    counter = Counter(tmp_path)
    writes = []

    class Counting(FileOps):
        def write(self, handle, content):
            assert len(counter.exchange.received) == 0
            writes.append(content)
            return super().write(handle, content)

    counter.id_log._files = Counting()
    for _ in range(20):
        counter.say(counter.new(price=LOW))
    counter.run(5)
    assert len(writes) == 1
    assert len(counter.exchange.open_orders()) == 20
