"""The loop over real ZeroMQ, with a core that accepts every order."""

from __future__ import annotations

from support.shell import EchoCore, House, config_in, order

from gateway import wiring
from gateway.core_port import Core
from gateway.oms.book import Book, encode
from gateway.oms.state import STATE_VERSION
from gateway.transport import Transport
from gateway.wiring import snapshot_folder
from journal import snapshot
from journal.errors import JournalFailed
from journal.format import Direction
from journal.reader import JournalReader
from journal.writer import JournalWriter
from protocol import codec
from protocol.messages import BusinessMessageReject, Note, TradingSessionStatus


def test_an_order_is_answered(tmp_path):
    """An order from a logged-on strategy is answered with 150=A, numbered after the Logon."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
        assert peer.reports() == ["1"]
        assert peer.heard[-1].msg_seq_num == 2


def test_the_journal_is_the_conversation(tmp_path):
    """Every frame that took a number stands in the journal, both ways, as it was on the wire."""
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
    records = list(JournalReader(tmp_path / "var" / "journal").read_from(1))
    said = [(r.direction, codec.peek(r.frame)) for r in records if r.session == "A"]
    assert [(int(d), p.msg_type, p.msg_seq_num) for d, p in said[:4]] == [
        (0, "A", 1), (1, "A", 1), (0, "D", 2), (1, "8", 2),
    ]  # fmt: skip
    notes = [codec.decode(r.frame) for r in records if r.direction is Direction.NOTE]
    kinds = [note.note_kind for note in notes if isinstance(note, Note)]
    assert (kinds[0], kinds[-2:]) == ("START", ["STOP", "SNAPSHOT"])


def test_nothing_leaves_when_the_commit_fails(tmp_path, monkeypatch):
    """After a failed commit not a byte leaves, and the process stops with its own exit code."""
    house = House(config_in(tmp_path))
    peer = house.logged_on("A")

    def fail(_self):
        raise JournalFailed(str(tmp_path), "writing to")

    monkeypatch.setattr("journal.writer.JournalWriter.commit", fail)
    peer.say(order("1"))
    assert house.join() == 4
    peer.read(200)
    assert peer.reports() == []
    monkeypatch.undo()
    house.stop()


def test_nothing_leaves_before_the_commit_is_done(tmp_path, monkeypatch):
    """While the commit is under way, the answer has not been handed to ZeroMQ."""
    events = []
    commit, send = JournalWriter.commit, Transport.send

    def noted_commit(self):
        commit(self)
        events.append(("committed", self.committed_seq))

    def noted_send(self, route, frame):
        events.append(("sent", codec.peek(frame).msg_type))
        return send(self, route, frame)

    monkeypatch.setattr(JournalWriter, "commit", noted_commit)
    monkeypatch.setattr(Transport, "send", noted_send)
    with House(config_in(tmp_path)) as house:
        peer = house.logged_on("A")
        events.clear()
        peer.say(order("1"))
        peer.until(peer.reports)
    assert [kind for kind, _ in events[:2]] == ["committed", "sent"]
    assert events[1] == ("sent", "8")


def test_a_bug_in_deciding_stops_the_process(tmp_path):
    """An exception in the core is a bug: nothing of that batch is said or remembered."""
    house = House(config_in(tmp_path))
    peer = house.logged_on("A")
    peer.say(order("1", "bug"))
    assert house.join() == 1
    house.stop()
    records = JournalReader(tmp_path / "var" / "journal").read_from(1)
    assert "D" not in [codec.peek(record.frame).msg_type for record in records]


def test_what_cannot_be_written_costs_only_who_asked(tmp_path):
    """A message that no frame can hold did not happen: j for who asked, and all others go on."""
    config = config_in(tmp_path, journal={"digest_every": 1, "snapshot_every": 0})
    with House(config) as house:
        other = house.logged_on("B")
        peer = house.logged_on("A")
        asked = peer.say(order("1", "unsayable"))
        peer.until(lambda: peer.of(TradingSessionStatus))
        (refusal,) = peer.of(BusinessMessageReject)
        assert (refusal.ref_seq_num, refusal.ref_msg_type) == (asked, "D")
        assert refusal.text.startswith("UNSAYABLE: TradingSessionStatus for A")
        assert [m.trading_session_id for m in peer.of(TradingSessionStatus)] == ["AFTER"]
        assert [m.msg_seq_num for m in peer.heard] == list(range(1, len(peer.heard) + 1))
        other.say(order("2"))
        other.until(other.reports)
    records = list(JournalReader(tmp_path / "var" / "journal").read_from(1))
    assert not any(b"two words\x01" in r.frame for r in records if r.direction is Direction.OUT)
    assert [r for r in records if b'"alert":"UNSAYABLE"' in r.frame]
    with House(config) as house:
        assert house.gateway.restored.differs_at == 0


def test_a_venue_was_never_handed_what_cannot_be_written(tmp_path):
    """What cannot be written for a venue is undelivered, and who asked for it hears of it."""
    with House(config_in(tmp_path)) as house:
        house.logged_on("PAPER", "venues")
        peer = house.logged_on("A")
        peer.say(order("1", "unsayable:PAPER"))
        peer.until(lambda: peer.of(TradingSessionStatus))
        assert len(peer.of(BusinessMessageReject)) == 1
        peer.until(lambda: house.core.refused)
        ((session, message),) = house.core.refused
        assert (session, message.trading_session_id) == ("PAPER", "two words")


def test_a_restart_goes_on_where_the_state_was(tmp_path):
    """State after a restart equals state before it, digest for digest, START aside."""
    config = config_in(tmp_path, journal={"digest_every": 1, "snapshot_every": 0})
    with House(config) as house:
        peer = house.logged_on("A")
        for number in range(20):
            peer.say(order(str(number)))
        peer.until(lambda: len(peer.reports()) == 20)
    with House(config) as house:
        restored = house.gateway.restored
        assert restored.digest_seq > 40
        assert restored.digest_live == restored.digest_here
        assert restored.differs_at == 0
        assert len(house.book.state.orders) == 20


def test_digests_of_another_release_are_no_difference(tmp_path, monkeypatch):
    """A state of another shape has other digests: nothing is halted for that; of ours, all is."""
    config = config_in(tmp_path, journal={"digest_every": 5, "snapshot_every": 0})
    monkeypatch.setattr(wiring, "STATE_VERSION", STATE_VERSION - 1)
    monkeypatch.setattr(EchoCore, "digest", lambda core: f"older {core.book.digest()}")
    with House(config) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
    monkeypatch.setattr(wiring, "STATE_VERSION", STATE_VERSION)
    with House(config) as house:
        assert house.gateway.restored.differs_at == 0
        peer = house.logged_on("A")
        for number in range(2, 9):
            peer.say(order(str(number)))
        peer.until(lambda: len(peer.reports()) == 7)
    with House(config) as house:
        assert house.gateway.restored.differs_at > 0


def test_a_snapshot_spares_the_replay(tmp_path):
    """A start takes the newest snapshot that the journal vouches for, and replays only the rest."""
    config = config_in(tmp_path, journal={"snapshot_every": 10})
    with House(config) as house:
        peer = house.logged_on("A")
        for number in range(20):
            peer.say(order(str(number)))
        peer.until(lambda: len(peer.reports()) == 20)
        before = house.book.state.orders.keys()
    with House(config) as house:
        assert house.gateway.restored.snapshot_seq > 10
        assert house.gateway.restored.records < 10
        assert house.book.state.orders.keys() == before


def test_a_snapshot_that_the_journal_does_not_know_is_not_used(tmp_path):
    """A snapshot whose hash stands nowhere in the journal is ignored, and all is replayed."""
    config = config_in(tmp_path, journal={"snapshot_every": 0})
    with House(config) as house:
        peer = house.logged_on("A")
        peer.say(order("1"))
        peer.until(peer.reports)
    snapshot.save(
        snapshot_folder(config), seq=2, state_version=STATE_VERSION, payload=encode(Book())
    )
    with House(config) as house:
        assert house.gateway.restored.snapshot_seq == 0
        assert list(house.book.state.ids["A"]) == ["1"]


def test_an_orderly_stop_says_logout(tmp_path):
    """A stop logs everybody out, and says why."""
    house = House(config_in(tmp_path))
    peer = house.logged_on("A")
    house.gateway.stop()
    assert "GATEWAY_STOPS" in peer.goodbye()
    assert house.stop() == 0


def test_the_echo_core_is_a_core():
    """What stands in for the core here offers what the loop calls."""
    wanted = {name for name in vars(Core) if not name.startswith("_")}
    assert wanted <= set(dir(EchoCore(None, None)))
