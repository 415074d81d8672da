"""The Logon's proof: who sent it, when, and that it was never used before."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.connection_pair import START_NS

from protocol import codec
from protocol.authentication import NonceLog, sign, verify
from protocol.session import FixSession
from protocol.timestamps import SECOND_NS

TOKEN = b"correct horse battery staple"


def logon(nonce="nonce-0001", now_ns=START_NS, token=TOKEN):
    """A signed Logon as the acceptor sees it."""
    session = FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False)
    return codec.decode(session.logon(now_ns, token=token, nonce=nonce).frame)


def test_signed_logon_is_verified():
    """Who knows the token is let in."""
    assert verify(logon(), TOKEN)


def test_other_token_is_refused():
    """Who does not know the token is not."""
    assert not verify(logon(token=b"guess"), TOKEN)


@pytest.mark.parametrize(
    "change",
    [
        {"sending_time": "20260105-09:30:01.000000"}, {"msg_seq_num": 2}, {"sender_comp_id": "EVE"},
        {"target_comp_id": "OTHER"}, {"raw_data": "nonce-0002"}, {"password": "0" * 64},
        {"password": None}, {"raw_data": None}, {"raw_data_length": 9}, {"password": "\u00e9"},
    ],
    ids=str,
)  # fmt: skip
def test_any_changed_value_is_refused(change):
    """All five signed values, the nonce's length and the signature count."""
    assert not verify(replace(logon(), **change), TOKEN)


def test_short_nonce_is_refused():
    """A nonce that could repeat by accident is no nonce."""
    assert not verify(logon(nonce="7"), TOKEN)


def test_unsigned_logon_is_refused():
    """A Logon without 95, 96 and 554 proves nothing."""
    session = FixSession(comp_id="MM", peer_comp_id="GATEWAY", acceptor=False)

    assert not verify(codec.decode(session.logon(START_NS).frame), TOKEN)


def test_signature_is_the_documented_hmac():
    """The example of PROTOCOL.md, computed by another road (openssl) gives the same digits."""
    signature = sign(
        b"secret", sending_time="20260105-09:30:00.000000", msg_seq_num=1,
        sender_comp_id="MM", target_comp_id="GATEWAY", nonce="8f1d5a7c",
    )  # fmt: skip

    assert signature == EXAMPLE


# printf '20260105-09:30:00.000000|1|MM|GATEWAY|8f1d5a7c' | openssl dgst -sha256 -hmac secret
EXAMPLE = "7342059dbd25e58832fe278bf7383ed194b24d7c1066ff33b42952d24d2f9988"


def test_used_nonce_is_refused():
    """A Logon that was copied off the wire is useless."""
    log = NonceLog()

    assert log.admit(logon(), START_NS) is None
    assert "NONCE_USED" in log.admit(logon(), START_NS)
    assert log.admit(logon(nonce="nonce-0002"), START_NS) is None


@pytest.mark.parametrize("seconds", [-121, 121])
def test_stale_logon_is_refused(seconds):
    """A Logon from outside the window is refused whatever its nonce."""
    assert "STALE_LOGON" in NonceLog().admit(logon(), START_NS + seconds * SECOND_NS)


def test_nonce_is_remembered_as_long_as_its_time_is_good():
    """A signed time may lie a window ahead: until it is stale the nonce stays refused."""
    log = NonceLog(window_ms=1000)
    ahead = logon(now_ns=START_NS + SECOND_NS)
    assert log.admit(ahead, START_NS) is None

    assert log.admit(ahead, START_NS + 2 * SECOND_NS)


def test_nonce_log_is_bounded():
    """Nonces are forgotten when their time is stale anyhow."""
    log = NonceLog(window_ms=1000)
    for number in range(100):
        now_ns = START_NS + number * SECOND_NS
        log.admit(logon(nonce=f"nonce-{number:04}", now_ns=now_ns), now_ns)

    assert len(log) <= 4


def test_logon_from_before_the_start_is_refused():
    """A log that begins empty refuses what was signed until then, and takes what comes after."""
    nonces = NonceLog(not_before_ns=START_NS)

    assert nonces.admit(logon(), START_NS + SECOND_NS).startswith("STALE_LOGON: ")
    assert nonces.admit(logon(now_ns=START_NS + SECOND_NS), START_NS + SECOND_NS) is None
