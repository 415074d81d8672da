"""The allow-list: whose key it is, what a folder may hold, and how it changes while we run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import zmq
import zmq.auth
from support.curve import make_key, stranger_pair

from gateway.access import REVOKED, Access, read_allowed
from gateway.config import load_config
from gateway.endpoints import address, is_loopback, to_connect
from gateway.errors import ConfigError
from protocol.key_file import (
    KeyPair,
    comp_id_of,
    format_key_file,
    parse_key_file,
    parse_secret_half,
)

SERVED = {"orders": frozenset({"A", "B"}), "venues": frozenset({"PAPER"})}
posix = pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")


@pytest.fixture
def keys(tmp_path):
    """Give a folder of keys: ours, and one of A's."""
    folder = tmp_path / "keys"
    make_key(folder, "GATEWAY")
    make_key(folder, "A")
    return folder


@pytest.fixture
def access(keys):
    """Give the allow-list of that folder."""
    return Access(keys, SERVED, "GATEWAY")


def public(folder, name):
    """Return the public key in a file."""
    return parse_key_file((folder / f"{name}.key").read_text()).public


def test_a_key_is_its_file_names(keys, access):
    """The name of the file says whose key it is, whatever stands inside."""
    text = format_key_file("B", KeyPair(public(keys, "A")))
    (keys / "A.key").write_text(text)
    access.refresh()
    assert access.comp_id_of(public(keys, "A")) == "A"


def test_several_keys_may_be_one_comp_id_s(keys, access):
    """What follows an @ tells keys of one CompID apart, so that they can overlap."""
    second = make_key(keys, "A@2").public
    assert access.comp_id_of(second) is None
    assert access.refresh().added == ("A@2",)
    assert access.comp_id_of(second) == access.comp_id_of(public(keys, "A")) == "A"


def test_our_own_key_lets_nobody_in(keys, access):
    """The gateway's own public key is no entry ticket."""
    assert access.judge("orders", public(keys, "GATEWAY"))


@pytest.mark.parametrize(
    ("name", "door", "words"),
    [
        ("A", "orders", None),
        ("A", "venues", "A is not served at this endpoint"),
        ("A", "operators", "A is not served at this endpoint"),
        ("PAPER", "orders", "PAPER is not served"),
        ("PAPER", "venues", None),
        ("ELSE", "orders", "ELSE is not served"),
    ],
)
def test_a_key_gets_in_at_its_own_doors(keys, access, name, door, words):
    """A CompID's key is good at the doors where the config serves it, and nowhere else."""
    if name != "A":
        make_key(keys, name)
    access.refresh()
    refusal = access.judge(door, public(keys, name))
    assert refusal is None if words is None else words in refusal


def test_an_unknown_key_does_not_get_in(access):
    """A key that no file holds is nobody's."""
    assert access.judge("orders", stranger_pair().public) == "nobody here has its key"


def test_a_removed_key_is_seen(keys, access):
    """A file that goes away takes its key's right with it, at the next look."""
    key = public(keys, "A")
    (keys / "A.key").unlink()
    assert access.refresh().removed == ("A",)
    assert access.judge("orders", key)
    assert access.refresh() == ((), ())


def test_a_replaced_key_is_seen(keys, access):
    """A file that holds another key now lets the new one in and the old one no more."""
    old = public(keys, "A")
    new = make_key(keys, "A").public
    changed = access.refresh()
    assert (changed.added, changed.removed) == (("A",), ("A",))
    assert access.comp_id_of(old) is None
    assert access.comp_id_of(new) == "A"


def test_a_renamed_key_is_somebody_else_s(keys, access):
    """A key that is now under another name has gone from the first and come to the second."""
    key = public(keys, "A")
    (keys / "A.key").rename(keys / "B.key")
    changed = access.refresh()
    assert (changed.added, changed.removed) == (("B",), ("A",))
    assert access.comp_id_of(key) == "B"


def test_a_revoked_key_never_comes_back(keys, access):
    """A key in `revoked` stays out, even when its file is copied back."""
    key = public(keys, "A")
    (keys / REVOKED).mkdir()
    (keys / REVOKED / "A~1.key").write_bytes((keys / "A.key").read_bytes())
    access.refresh()
    assert access.judge("orders", key) == "its key is revoked"
    assert any("revoked" in text for text in access.allowed.problems)


def test_one_key_for_two_lets_neither_in(keys, access):
    """A key that stands for two CompIDs proves neither."""
    pair = KeyPair(public(keys, "A"))
    (keys / "B.key").write_text(format_key_file("B", pair))
    (keys / "B.key").chmod(0o644)
    access.refresh()
    assert access.comp_id_of(pair.public) is None


@pytest.mark.parametrize("text", ["", 'public-key = "short"', "x" * 20_000, "curve\n"])
def test_what_is_no_key_lets_nobody_in(keys, access, text):
    """A damaged file is told of, and harms no other."""
    (keys / "B.key").write_text(text)
    (keys / "B.key").chmod(0o644)
    access.refresh()
    assert any("B.key" in problem for problem in access.allowed.problems)
    assert access.comp_id_of(public(keys, "A")) == "A"


@posix
def test_a_key_that_others_may_write_lets_nobody_in(keys):
    """Who can write a file of the allow-list could let himself in: it does not count."""
    (keys / "A.key").chmod(0o666)
    allowed = read_allowed(keys, "GATEWAY")
    assert not allowed.names
    assert "written by others" in allowed.problems[0]


def test_a_folder_that_cannot_be_read_changes_nothing(keys, access, monkeypatch):
    """When the disk or the limit of open files fails us, who was allowed stays allowed."""
    key = public(keys, "A")

    def fail(*_):
        raise OSError(24, "too many open files")

    monkeypatch.setattr("gateway.access.read_allowed", fail)
    make_key(keys, "B")
    assert access.refresh() == ((), ())
    assert access.comp_id_of(key) == "A"
    monkeypatch.undo()
    assert access.refresh().added == ("B",)


@pytest.mark.parametrize(
    ("name", "comp_id"),
    [("MM", "MM"), ("MM@2", "MM"), ("a.b-c_1@old", "a.b-c_1"), ("MM@", None), ("@2", None),
     ("MM@1@2", None), ("M M", None), ("../MM", None), ("", None), ("x" * 33, None)],
)  # fmt: skip
def test_names_of_key_files(name, comp_id):
    """A name is a CompID, or one with a label."""
    assert comp_id_of(name) == comp_id


def test_key_files_are_zeromq_s_own_certificates(keys, tmp_path):
    """What we write pyzmq reads, and what pyzmq writes we read."""
    ours = zmq.auth.load_certificate(keys / "A.key_secret")
    pair = parse_key_file((keys / "A.key_secret").read_text())
    assert ours == (pair.public.encode(), pair.secret.encode())
    made = zmq.auth.create_certificates(tmp_path, "theirs")
    for path in made:
        theirs = parse_key_file(Path(path).read_text(encoding="utf-8"))
        public_key, secret_key = zmq.auth.load_certificate(path)
        assert theirs.public.encode() == public_key
        assert theirs.secret.encode() == (secret_key or b"")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o610, 0o602])
def test_a_secret_that_others_can_read_is_refused(mode):
    """A mode that gives anything to group or others makes a secret half unusable."""
    text = format_key_file("A", stranger_pair())
    with pytest.raises(ValueError, match=f"mode {mode:o}, expected 600"):
        parse_secret_half(text, 0o100000 | mode)
    assert parse_secret_half(text, 0o100600).secret
    assert parse_secret_half(text, None).secret


def test_a_public_half_is_no_secret():
    """What was meant to be a secret half and is none is said so."""
    with pytest.raises(ValueError, match="public half only"):
        parse_secret_half(format_key_file("A", KeyPair(stranger_pair().public)), None)


@pytest.mark.parametrize(
    ("endpoints", "chosen"),
    [
        (["tcp://127.0.0.1:1", "curve://0.0.0.0:2"], "tcp://127.0.0.1:1"),
        (["curve://0.0.0.0:2", "tcp://127.0.0.1:1"], "tcp://127.0.0.1:1"),
        (["curve://0.0.0.0:2"], "curve://127.0.0.1:2"),
        (["curve://*:2"], "curve://127.0.0.1:2"),
        (["curve://gw.example:2"], "curve://gw.example:2"),
        (["ipc://x"], "ipc://x"),
    ],
)
def test_where_a_process_connects(endpoints, chosen):
    """A plain endpoint, which is on this machine, before an encrypted one."""
    assert to_connect(endpoints) == chosen


def test_loopback_is_told_from_the_rest():
    """Names and addresses that leave the machine are not loopback, in whatever scheme."""
    near = ("tcp://127.0.0.1:1", "curve://localhost:1", "tcp://[::1]:1", "ipc://x")
    far = (
        "tcp://0.0.0.0:1", "curve://*:1", "tcp://192.0.2.1:1", "tcp://example.org:1", "udp://x:1",
    )  # fmt: skip
    assert all(map(is_loopback, near))
    assert not any(map(is_loopback, far))
    assert address("curve://example.org:1") == "tcp://example.org:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('orders = "tcp://0.0.0.0:5570"', "encryption: curve://0.0.0.0:5570"),
        ('feeds = "tcp://example.org:5573"', "encryption: curve://example.org:5573"),
        ('orders = "curve://"', "expected tcp://127.0.0.1:PORT or curve://HOST:PORT"),
        ('orders = "curve://:5570"', "expected tcp://127.0.0.1:PORT or curve://HOST:PORT"),
        ('orders = "curve://h:70000"', "received port 70000"),
        ('orders = "udp://127.0.0.1:5570"', "expected tcp://127.0.0.1:PORT or curve://HOST:PORT"),
        ('http = "0.0.0.0:5580"', "gateway.http"),
        ('http = "curve://127.0.0.1:5580"', "gateway.http"),
        ('orders = "curve://127.0.0.1:5571"', "gateway.venues and gateway.orders are both"),
    ],
)
def test_an_endpoint_that_cannot_be_is_named(tmp_path, text, words):
    """What is plain and off loopback, has no host or port, or is used twice, is a config error."""
    (tmp_path / "config.toml").write_text(f"[gateway]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(words)):
        load_config(tmp_path / "config.toml")


def test_plain_and_encrypted_endpoints_stand_side_by_side(tmp_path):
    """A door may have a plain endpoint for this machine and encrypted ones for any."""
    text = '[gateway]\norders = ["tcp://127.0.0.1:5570", "curve://0.0.0.0:5670"]\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    config = load_config(tmp_path / "config.toml")
    assert config.gateway.orders == ("tcp://127.0.0.1:5570", "curve://0.0.0.0:5670")
    assert config.curve.keys == tmp_path / "var" / "keys"
