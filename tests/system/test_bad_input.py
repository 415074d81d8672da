"""What is wrong costs its sender a clear answer, and nobody else anything.

One running system for all: after each case an innocent strategy's order is accepted, and reaches
the venue.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from secrets import token_bytes, token_hex

import pytest
import zmq
from interop.foreign_client import ForeignClient, now
from support.ports import free_ports
from support.system import System
from support.waiting import wait_for

from engine.client import Client
from engine.connection import News

TOKEN = b"the offender's token"
FAR = "0.90000"
ARABIC = "\u0661\u0660\u0660\u0660"
ABSURD = ("NaN", "1E999", "1_000", ARABIC, "-1000", "9" * 40, "Infinity", "0x10", "1,000", "+1")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Give one running system in which EXAMPLE must show a token."""
    with System(tmp_path_factory.mktemp("house")) as made:
        (made.folder / "example.token").write_bytes(TOKEN)
        made.edit('id = "EXAMPLE"', 'id = "EXAMPLE"\ntoken = { file = "example.token" }')
        made.edit('durability = "os"', 'durability = "group"')
        yield made.start()


@pytest.fixture(autouse=True)
def innocent(house):
    """Let an innocent strategy trade before and after each case."""
    news = []
    client = Client("MM", house.orders, on_link=news.append).connect()
    trade(client)
    yield client
    trade(client)
    assert [event.news for event in news] == [News.UP]
    client.close()
    assert house.process.poll() is None


@pytest.fixture
def offender(house):
    """Give a client without our code, logged on."""
    client = ForeignClient(house.orders, "EXAMPLE", TOKEN)
    assert client.log_on(reset=True), client.logout_text
    yield client
    if client.socket is not None:
        client.cut()


def trade(client):
    """Send an order, see it at the venue, cancel it."""
    order = client.buy("EURUSD", 1000, price=FAR)
    client.wait_for(lambda message: about(message, order) and message.exec_type == "0")
    client.cancel(order)
    client.wait_for(order, final=True)


def about(message, order):
    """Say whether a message reports on an order."""
    return message.msg_type == "8" and message.cl_ord_id == order.cl_ord_id


# Logons.


def refused(house, comp_id="EXAMPLE", token=TOKEN, **forged):
    """Try to log on and return why it was refused."""
    client = ForeignClient(house.orders, comp_id, token)
    assert not client.log_on(reset=True, **forged)
    return client.logout_text


@pytest.mark.budget(60)
def test_a_wrong_hmac_is_refused(house):
    """Another token, a made-up HMAC, none at all: refused, and told what was expected."""
    for text in (
        refused(house, token=b"another"),
        refused(house, proof="0" * 64),
        refused(house, token=None),
    ):
        assert text.startswith("AUTHENTICATION_FAILED: ")
        assert "554" in text
        assert "HMAC-SHA256" in text


def test_an_unknown_comp_id_is_refused(house):
    """A CompID that the config does not hold, and a strategy's at the venues' door."""
    assert refused(house, "NOBODY").startswith("UNKNOWN_COMP_ID: SenderCompID(49)=NOBODY")
    client = ForeignClient(f"tcp://127.0.0.1:{house.ports[1]}", "EXAMPLE", TOKEN)
    assert not client.log_on(reset=True)
    assert client.logout_text.startswith("UNKNOWN_COMP_ID: ")


def test_a_stale_logon_is_refused(house):
    """A rightly signed Logon of an hour ago, or from in an hour, is refused by its time."""
    for hours in (-1, 1):
        at = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y%m%d-%H:%M:%S.%f")
        assert refused(house, at=at).startswith("STALE_LOGON: SendingTime(52)")


def test_a_replayed_logon_is_refused(house):
    """A copied Logon, byte for byte, and a signed one with a used nonce, do not come in."""
    client, nonce = ForeignClient(house.orders, "EXAMPLE", TOKEN), token_hex(16)
    assert client.log_on(reset=True, nonce=nonce)
    client.log_out()
    assert refused(house, nonce=nonce).startswith("NONCE_USED: RawData(96)")


@pytest.mark.budget(60)
def test_a_logon_cannot_be_replayed_to_the_next_gateway(system):
    """A Logon that the killed gateway heard is refused by the next one; a fresh one comes in."""
    (system.folder / "example.token").write_bytes(TOKEN)
    system.edit('id = "EXAMPLE"', 'id = "EXAMPLE"\ntoken = { file = "example.token" }')
    system.start()
    client, nonce, at = ForeignClient(system.orders, "EXAMPLE", TOKEN), token_hex(16), now()
    assert client.log_on(reset=True, nonce=nonce, at=at)
    client.cut()
    system.kill()
    system.start()
    assert refused(system, nonce=nonce, at=at).startswith("STALE_LOGON: ")
    assert ForeignClient(system.orders, "EXAMPLE", TOKEN).log_on(reset=True)


# Orders.


@pytest.mark.budget(60)
@pytest.mark.parametrize("number", ABSURD)
def test_an_absurd_number_is_refused(offender, number):
    """In quantity, price and stop price: refused by name, never an order, the session goes on."""
    for at, tag in enumerate((38, 44)):
        terms = {38: "1000", 44: FAR, tag: number}
        name = token_hex(8)
        offender.say("D", (11, name), (55, "EURUSD"), (54, 1), (60, now()), (40, 2), (59, 1),
                     *terms.items())  # fmt: skip
        offender.until(lambda at=at: len(answers(offender)) > at)
        answer = answers(offender)[-1]
        if 150 in answer:
            assert number == "-1000", answer
            assert answer[150] == "8"
            assert "-1000" in answer[58]
        else:
            assert answer[371] == str(tag), answer
            assert answer[372] == "D"
            assert f"({tag})" in answer[58]
            assert "received" in answer[58]
            assert "expected" in answer[58]
            assert number[:20] in answer[58]
    assert "A" not in offender.told(None)
    assert offender.logged_on


def answers(client):
    """Return the reports and rejects that were heard."""
    return [dict(fields) for kind, fields in client.heard.values() if kind in {"3", "8", "9", "j"}]


def test_unknown_names_are_refused(offender):
    """An unknown symbol, venue, account, order: each answer names what was received."""
    offender.order("NOSUCH", 1, 1000, FAR)
    for tag, name in ((100, "ATLANTIS"), (1, "SOMEBODY")):
        offender.say("D", (11, token_hex(8)), (55, "EURUSD"), (54, 1), (60, now()), (38, 1000),
                     (40, 2), (44, FAR), (tag, name))  # fmt: skip
    offender.say("F", (11, "f"), (41, "ghost"), (55, "EURUSD"), (54, 1), (60, now()))
    offender.until(lambda: len(answers(offender)) == 4)
    symbol, venue, account, order = (answer[58] for answer in answers(offender))
    assert symbol.startswith("UNKNOWN_SYMBOL: ")
    assert "NOSUCH" in symbol
    assert venue.startswith("UNKNOWN_VENUE: ")
    assert "ATLANTIS" in venue
    assert "known=PAPER" in venue
    assert account.startswith("UNKNOWN_ACCOUNT: ")
    assert "SOMEBODY" in account
    assert order.startswith("UNKNOWN_ORDER: ")
    assert "ghost" in order


# Frames.


def test_half_a_frame_is_asked_for_again(offender):
    """Of an order only a half arrives: the gap shows, the gateway asks, it is accepted once."""
    half = offender.order("EURUSD", 1, 1000, FAR, lost=True)
    number = offender.next_out - 1
    kind, fields, at = offender.said[number]
    frame = offender.encode(kind, fields, number, at)
    for cut in (1, 12, len(frame) // 2, len(frame) - 1):
        offender.socket.send(frame[:cut])
    whole = offender.order("EURUSD", 1, 1000, FAR)
    offender.until(lambda: offender.told(whole) == offender.told(half) == "A0")
    assert [begin for begin, _ in offender.asked_for] == [number]


def test_garbage_costs_a_session_its_connection(offender):
    """Random bytes, an empty frame, wrong sums: ignored, and too many of them end the session."""
    frame = offender.encode("0", (), 99, now())
    bad = [b"", b"\0", token_bytes(500), frame[:-4] + b"000\x01", frame.replace(b"9=", b"9=1", 1)]
    for junk in bad * 4:
        offender.socket.send(junk)
    offender.until(lambda: offender.logout_text is not None)
    assert offender.logout_text.startswith("TOO_MANY_GARBLED: 20 frames")


def test_ten_megabytes_hurt_their_sender_only(house, offender):
    """A 10 MB frame ends at most its sender's connection; it logs on again and trades."""
    big = offender.encode("D", ((11, "x" * 10_000_000),), offender.next_out, now())
    assert len(big) > 10_000_000
    offender.socket.send(big)
    name = offender.order("EURUSD", 1, 1000, FAR)
    dropped = offender.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    wait_for(lambda: offender.told(name) or dropped.poll(1) or offender.hear(0.05),
             what="an answer, or the end of the connection")  # fmt: skip
    offender.socket.disable_monitor()
    dropped.close(0)
    if not offender.told(name):
        offender.cut()
        assert offender.log_on(), offender.logout_text
    offender.until(lambda: offender.told(name) == "A0")
    stranger = zmq.Context.instance().socket(zmq.DEALER)
    stranger.linger = 0
    stranger.connect(house.orders)
    stranger.send(big)
    stranger.send(b"8=FIX.4.4\x019=")
    stranger.send_multipart([b"three", b"parts", b"here"])
    stranger.close(0)


# Starts.


def run_in(folder, house, text, **changes):
    """Run `portcullis run` on a config in another folder, which must fail; return it."""
    folder.mkdir(exist_ok=True)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    (folder / "example.token").write_bytes(TOKEN)
    done = house.command("run", "--config", folder / "config.toml", check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def other_ports(house):
    """Return the house's config with ports of its own."""
    text = house.config_path.read_text(encoding="utf-8")
    for old, new in zip(house.ports, free_ports(6), strict=True):
        text = text.replace(f":{old}", f":{new}")
    return text


@pytest.mark.budget(60)
def test_a_start_that_may_not_be_says_why(house, tmp_path):
    """Unknown key, port in use, journal locked, journal corrupt: one sentence, an exit code."""
    text = other_ports(house)
    done = run_in(tmp_path / "key", house, text, durability="durabilty")
    assert done.returncode == 2
    assert "journal.durabilty" in done.stderr
    assert "did you mean 'durability'?" in done.stderr
    done = run_in(tmp_path / "port", house, house.config_path.read_text(encoding="utf-8"))
    assert done.returncode == 5
    assert f":{house.ports[4]}" in done.stderr
    locked = {'path = "var/journal"': f'path = "{house.journal.as_posix()}"'}
    done = run_in(tmp_path / "locked", house, text, **locked)
    assert done.returncode == 4
    assert "locked" in done.stderr
    assert str(house.journal) in done.stderr


@pytest.mark.budget(60)
def test_a_corrupt_journal_is_left_alone(house, tmp_path):
    """Damage in what was surely written: exit code 4, where it is, and not a byte is changed."""
    copy = tmp_path / "corrupt" / "var" / "journal"
    shutil.copytree(house.journal, copy)
    (segment,) = copy.glob("*.journal")
    damaged = bytearray(segment.read_bytes())
    damaged[700] ^= 4
    segment.write_bytes(damaged)
    done = run_in(tmp_path / "corrupt", house, other_ports(house))
    assert done.returncode == 4, done.stdout + done.stderr
    assert segment.name in done.stderr
    assert "journal repair" in done.stderr
    assert segment.read_bytes() == damaged


@pytest.mark.budget(60)
@pytest.mark.parametrize(
    ("source", "words"),
    [("import no_such_module\n", ("no_such_module",)), ("def (:\n", ("line 1",)),
     ("x = 1\n", ("no strategy 'Mine'",))],
)  # fmt: skip
def test_a_strategy_file_that_does_not_import(house, tmp_path, source, words):
    """A missing module, bad syntax, no such class: exit code 2, the file and the cause named."""
    path = tmp_path / "mine.py"
    path.write_text(source, encoding="utf-8")
    done = house.command("strategy", f"{path}:Mine", "--id", "MOMENTUM", check=False)
    assert done.returncode == 2
    assert "mine.py" in done.stderr
    for word in words:
        assert word in done.stderr
