"""Whatever happens on the wire, what was said arrives: once, in order, all of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.connection_pair import ConnectionPair
from support.every_message import bare

FATES = ("pass", "drop", "garble", "double", "late")
STEPS = ("client speaks", "gateway speaks", "wire runs", "time passes", "link breaks")


class Weather:
    """Gives each frame its fate, in turn; when the fates are used up, the sky is clear."""

    def __init__(self, fates):
        self._fates = iter(fates)

    def __call__(self, frames):
        """Return what arrives of these frames."""
        arrived, late = [], []
        for frame in frames:
            match next(self._fates, "pass"):
                case "drop":
                    continue
                case "garble":
                    arrived.append(frame[:-3] + b"zz\x01")
                case "double":
                    arrived += [frame, frame]
                case "late":
                    late.append(frame)
                case _:
                    arrived.append(frame)
        return arrived + late


def speak(pair, peer, said):
    """Say an order with the next ClOrdID, and note it."""
    said.append(f"A{len(said)}")
    pair.send(peer, replace(bare("D"), cl_ord_id=said[-1]))


def play(pair, steps, by_client, by_gateway):
    """Let the drawn things happen; a broken link is opened again by the next step."""
    for step in steps:
        if not pair.connected:
            pair.connect()
        if step == "client speaks":
            speak(pair, pair.client, by_client)
        elif step == "gateway speaks":
            speak(pair, pair.gateway, by_gateway)
        elif step == "wire runs":
            pair.run()
        elif step == "time passes":
            pair.wait(7)
        else:
            pair.hang_up()


def calm(pair):
    """Give both sides clear weather and time; log on again where the weather had ended it."""
    pair.weather = list
    for _ in range(10):
        pair.wait(40)
        if pair.connected:
            return
        pair.connect()


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=30),
    fates=st.lists(st.sampled_from(FATES), max_size=40),
)
def test_everything_arrives_once_and_in_order(steps, fates):
    """Drop, garble, double, delay frames, cut links: both sides end with all, once, in order."""
    pair = ConnectionPair()
    pair.weather = Weather(fates)
    by_client, by_gateway = [], []

    play(pair, steps, by_client, by_gateway)
    calm(pair)

    assert by_client == [message.cl_ord_id for message in pair.gateway.delivered]
    assert by_gateway == [message.cl_ord_id for message in pair.client.delivered]
    assert pair.client.session.next_in == pair.gateway.session.next_out
    assert pair.gateway.session.next_in == pair.client.session.next_out


@settings(max_examples=50, deadline=None)
@given(lost=st.sets(st.integers(0, 9)), lost_again=st.sets(st.integers(0, 19)))
def test_resend_that_is_damaged_is_repaired(lost, lost_again):
    """Losing parts of a resend as well only costs another question."""
    pair = ConnectionPair()
    pair.connect()
    said = []
    for _ in range(10):
        speak(pair, pair.client, said)
    fates = ["drop" if i in lost else "pass" for i in range(10)]
    fates += ["drop" if i in lost_again else "pass" for i in range(20)]
    pair.weather = Weather(fates)

    pair.wait(60)
    calm(pair)

    assert said == [message.cl_ord_id for message in pair.gateway.delivered]
