"""ZMTP in MQL5, against real libzmq peers: any cut, PING anywhere, and what is refused."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mt5.ea import Program, RealClock, VirtualClock
from support.mt5.runtime import build
from support.waiting import wait_for

PROBES = Path(build.__file__).parents[1] / "probes"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
    pytest.mark.length("ci"),
]
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
LONG = bytes(range(256)) * 100


def command(name, content=b""):
    """Write a ZMTP command."""
    return frame(bytes([len(name)]) + name + content, flags=4)


def frame(body, flags=0):
    """Write a ZMTP frame, short or long."""
    if len(body) > 255:
        return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body
    return bytes([flags, len(body)]) + body


def ready(kind=b"ROUTER"):
    """Write a READY."""
    return command(b"READY", b"\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind)


class Zmtp:
    """The compiled protocol: bytes in, messages and bytes out."""

    def __init__(self, program, kind="DEALER"):
        self.program = program
        program.probe("begin", kind.encode())

    def take(self, content):
        """Hand in bytes; return the complaint, if there is one."""
        return self.program.probe("take", content).decode()

    def messages(self):
        """Return all messages that came."""
        found = []
        while (message := self.program.probe("message")) != b"none":
            found.append(message)
        return found

    def out(self):
        """Return what is to be sent."""
        return self.program.probe("out")

    def is_ready(self):
        """Say whether the handshake is over."""
        return self.program.probe("ready") == b"Y"


@pytest.fixture(scope="module")
def program():
    """Give the compiled protocol."""
    return Program(build.build(PROBES / "Link.mq5"), None, clock=VirtualClock(0))


@pytest.fixture(scope="module")
def context():
    """Give libzmq."""
    made = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.fixture(scope="module")
def recorded(program, context):
    """Give what a real ROUTER says to the compiled DEALER: short and long messages, and PINGs."""
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.HEARTBEAT_IVL, 20)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    zmtp = Zmtp(program)
    said = bytearray()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(0.05)

        def talk():
            line.sendall(zmtp.out())
            try:
                content = line.recv(65536)
            except TimeoutError:
                return
            said.extend(content)
            assert zmtp.take(content) == ""

        def until(condition):
            wait_for(lambda: talk() or condition())

        until(zmtp.is_ready)
        program.probe("say", b"hello")
        program.probe("say", LONG)
        until(lambda: router.poll(0))
        name, first = router.recv_multipart()
        assert (first, router.recv_multipart()[1]) == (b"hello", LONG)
        assert len(name) == 5
        until(lambda: b"\x04PING" in said)
        router.send_multipart([name, b"short"])
        router.send_multipart([name, LONG])
        router.send_multipart([name, b"a", b"part"])
        router.send_multipart([name, b"last"])
        until(lambda: b"last" in said)
        pinged = said.count(b"\x04PING")
        until(lambda: said.count(b"\x04PING") > pinged)
    router.close(0)
    assert zmtp.messages() == [b"short", LONG, b"last"]
    assert program.probe("dropped") == b"1"
    return bytes(said)


def test_a_router_hears_and_is_heard(recorded):
    """A real ROUTER accepts the handshake, takes messages of both lengths, and its PINGs pass."""
    assert recorded.startswith(b"\xff")
    assert recorded.count(b"\x04PING") >= 2


def test_a_conversation_may_be_cut_anywhere(program, recorded):
    """Cut in two at every byte of its first hundreds and around every frame, it says the same."""
    edges = {at + step for at in range(len(recorded)) for step in (-2, -1, 0, 1, 2)
             if recorded[at : at + 5] in {b"\x04PING", b"short", b"last"}}  # fmt: skip
    places = sorted(set(range(300)) | edges | {len(recorded) // 2})
    for at in places:
        zmtp = Zmtp(program)
        assert zmtp.take(recorded[:at]) == ""
        assert zmtp.take(recorded[at:]) == ""
        assert zmtp.messages() == [b"short", LONG, b"last"]


def test_a_conversation_may_come_byte_by_byte(program, recorded):
    """One byte at a time is enough."""
    zmtp = Zmtp(program)
    for at in range(len(recorded)):
        assert zmtp.take(recorded[at : at + 1]) == ""
    assert zmtp.messages() == [b"short", LONG, b"last"]


@given(
    parts=st.lists(st.binary(max_size=700), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 4000), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_any_messages_in_any_pieces(program, parts, cuts):
    """Frames of any length come out whole and in order, with a PING between any two of them."""
    stream = GREETING + ready()
    stream += b"".join(frame(part) + command(b"PING", b"\0\1ctx") for part in parts)
    edges = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    zmtp = Zmtp(program)
    for start, end in itertools.pairwise(edges):
        assert zmtp.take(stream[start:end]) == ""
    assert zmtp.messages() == parts
    assert zmtp.out().count(command(b"PONG", b"ctx")) == len(parts)


def test_a_ping_inside_a_message_of_several_parts(program):
    """A command between two parts is answered; the message is still one that nobody takes."""
    zmtp = Zmtp(program)
    zmtp.take(GREETING + ready())
    zmtp.out()
    zmtp.take(frame(b"a", flags=1) + command(b"PING", b"\0\1" + b"c" * 20) + frame(b"b"))
    zmtp.take(frame(b"whole"))
    assert zmtp.messages() == [b"whole"]
    assert zmtp.out() == command(b"PONG", b"c" * 16)


def test_what_is_said_early_waits_for_the_handshake(program):
    """Nothing but greeting and READY leaves before the peer is ready; then all of it, in order."""
    zmtp = Zmtp(program)
    program.probe("say", b"one")
    assert zmtp.out() == GREETING
    zmtp.take(GREETING)
    assert zmtp.out() == ready(b"DEALER")
    program.probe("say", b"two")
    zmtp.take(ready())
    assert zmtp.out() == frame(b"one") + frame(b"two")


def test_a_peer_of_minor_version_0(program):
    """ZMTP 3.0 has the same frames; a PUB's peer subscribes there by messages."""
    zmtp = Zmtp(program, "PUB")
    zmtp.take(GREETING[:11] + b"\0" + GREETING[12:] + ready(b"SUB"))
    assert zmtp.take(frame(b"\x01MD.") + frame(b"\x01TR.") + frame(b"\x00TR.")) == ""
    wanted = [program.probe("wanted", topic) for topic in (b"MD.A", b"TR.A", b"M")]
    assert wanted == [b"Y", b"N", b"N"]


def test_a_peer_of_minor_version_1_subscribes_by_commands(program):
    """SUBSCRIBE and CANCEL; an empty topic is every topic."""
    zmtp = Zmtp(program, "PUB")
    zmtp.take(GREETING + ready(b"XSUB") + command(b"SUBSCRIBE", b"MD.V.EURUSD|"))
    assert program.probe("wanted", b"MD.V.EURUSD|") == b"Y"
    assert program.probe("wanted", b"MD.V.EURUSDX|") == b"N"
    zmtp.take(command(b"CANCEL", b"MD.V.EURUSD|"))
    assert program.probe("wanted", b"MD.V.EURUSD|") == b"N"
    zmtp.take(command(b"SUBSCRIBE"))
    assert program.probe("wanted", b"anything") == b"Y"


REFUSED = {
    "HTTP": (b"HTTP/1.1 400 Bad Request\r\n", "its greeting begins with 72"),
    "ZMTP 2": (b"\xff" + bytes(8) + b"\x7f\x01", "speaks ZMTP 1, expected 3"),
    "no signature": (b"\xff" + bytes(9), "its signature ends with 0"),
    "CURVE": (
        GREETING[:12] + b"CURVE".ljust(20, b"\0") + bytes(32), "wants the mechanism CURVE",
    ),
    "the wrong socket": (GREETING + ready(b"SUB"), "the peer is a SUB"),
    "an error": (GREETING + command(b"ERROR", b"\x07go away"), "the peer refuses us: go away"),
    "1 MB": (GREETING + ready() + b"\x02" + (1 << 20).to_bytes(8, "big"), "frame of 1048576 bytes"),
    "a size beyond reason": (GREETING + ready() + b"\x02" + b"\xff" * 8, "beyond 63 bits"),
    "unknown flags": (GREETING + ready() + b"\x08\0", "with the flags 8"),
    "a message before READY": (GREETING + frame(b"x"), "before READY"),
    "a command without a name": (GREETING + b"\x04\x02\x05A", "a command without a name"),
    "a READY cut short": (GREETING + command(b"READY", b"\x0bSocket-Ty"), "cut short"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(program, case):
    """Each is refused with words that say what came, and nothing is heard afterwards."""
    content, words = REFUSED[case]
    zmtp = Zmtp(program)
    assert words in zmtp.take(content)
    assert zmtp.take(frame(b"x")) != ""
    assert zmtp.messages() == []


@given(content=st.lists(st.one_of(
    st.binary(max_size=40), st.sampled_from([GREETING, ready(), frame(b"x"), b"\x04", b"\x02"]),
), max_size=12))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_bytes_harm_it(program, content):
    """Whatever comes, it is taken or refused in words; nothing crashes, and the next one works."""
    zmtp = Zmtp(program)
    for piece in (GREETING, *content):
        zmtp.take(piece)
    zmtp.messages()
    zmtp = Zmtp(program)
    assert zmtp.take(GREETING + ready() + frame(b"next")) == ""
    assert zmtp.messages() == [b"next"]


# Over real sockets.


def links(kind, port, **faults):
    """Give a link of the compiled program that connects to a port."""
    program = Program(build.build(PROBES / "Link.mq5"), None, clock=RealClock())
    program.socket_faults(**faults)
    said = program.probe("open", f"{kind} {port}".encode()).decode()
    return program, said


def step(program, wait_ms=0):
    """Read and write once; return the state."""
    return program.probe("step", str(wait_ms).encode()).decode()


@pytest.mark.parametrize("faults", [
    {}, {"dummies": 10**6}, {"most_read": 1}, {"most_written": 1, "most_read": 3},
], ids=str)  # fmt: skip
def test_a_link_over_real_sockets(context, faults):
    """Whatever the socket functions do, messages of both lengths go both ways."""
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    program, said = links("DEALER", port, **faults)
    assert said == ""
    content = LONG[: 3000 if faults else None]
    program.probe("send", b"hello")
    program.probe("send", content)
    wait_for(lambda: step(program) == "ready" and router.poll(0))
    name, hello = router.recv_multipart()
    wait_for(lambda: step(program) == "ready" and router.poll(0))
    assert [hello, router.recv_multipart()[1]] == [b"hello", content]
    router.send_multipart([name, content])
    router.send_multipart([name, b"done"])
    found = []

    def receive():
        assert step(program) == "ready"
        while (message := program.probe("receive")) != b"none":
            found.append(message)
        return len(found) == 2

    wait_for(receive)
    assert found == [content, b"done"]
    router.close(0)


def test_a_waiting_read_ends_with_the_first_byte(context):
    """Told to wait long it comes back at once when something comes."""
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    program, _ = links("DEALER", port)
    program.probe("send", b"hello")
    wait_for(lambda: step(program) == "ready" and router.poll(0))
    name, _ = router.recv_multipart()
    router.send_multipart([name, b"news"])
    assert step(program, wait_ms=50_000) == "ready"
    assert program.probe("receive") == b"news"
    router.close(0)


def test_a_megabyte_ends_the_link(context):
    """Libzmq may send 1 MB; the link says why it ends, and a new one works."""
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    program, _ = links("DEALER", port)
    program.probe("send", b"hello")
    wait_for(lambda: step(program) == "ready" and router.poll(0))
    name, _ = router.recv_multipart()
    router.send_multipart([name, bytes(1 << 20)])
    said = wait_for(lambda: (now := step(program)).startswith("lost") and now)
    assert "received a frame of 1048576 bytes, expected at most 65536" in said
    assert program.probe("open", f"DEALER {port}".encode()) == b""
    program.probe("send", b"again")
    wait_for(lambda: step(program) == "ready" and router.poll(0))
    assert router.recv_multipart()[1] == b"again"
    router.close(0)


def test_nobody_and_the_wrong_one():
    """Nobody there, a peer that says nothing, and one that goes away: each has its words."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program, said = links("DEALER", port)
        assert said == ""
        assert step(program) == "open"
        program.probe("later", b"3000")
        assert "no ZeroMQ handshake: is this the right port?" in step(program)
        assert program.probe("open", f"DEALER {port}".encode()) == b""
        server.accept()[0].close()
        peer, _ = server.accept()
        peer.close()
        said = wait_for(lambda: (now := step(program)).startswith("lost") and now)
        assert "the connection is gone" in said
    program, said = links("DEALER", port)
    assert said.startswith(f"cannot connect to 127.0.0.1:{port} (is the address in the list")
    assert said.endswith("error 5272")


TOPIC = b"MD.V.EURUSD|"


def turn(program, peer):
    """Let both ends do what is due."""
    peer.poll(0)
    return step(program)


def test_a_publisher_is_heard_by_a_subscriber(context):
    """Into a real XSUB: its subscriptions are known, and topic and message arrive as two parts.

    The XSUB is polled too: it takes up a new peer only inside a call, as a proxy's always is.
    """
    xsub = context.socket(zmq.XSUB)
    port = xsub.bind_to_random_port("tcp://127.0.0.1")
    program, _ = links("PUB", port)
    wait_for(lambda: step(program) == "ready")
    assert program.probe("link wanted", b"MD.V.EURUSD|") == b"N"
    xsub.send(b"\x01MD.")
    wait_for(lambda: turn(program, xsub) and program.probe("link wanted", TOPIC) == b"Y")
    program.probe("topic", b"MD.V.EURUSD|")
    program.probe("send", b"book")
    wait_for(lambda: step(program) and xsub.poll(0))
    assert xsub.recv_multipart() == [b"MD.V.EURUSD|", b"book"]
    xsub.send(b"\x00MD.")
    wait_for(lambda: turn(program, xsub) and program.probe("link wanted", TOPIC) == b"N")
    xsub.close(0)
