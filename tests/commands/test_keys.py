"""`portcullis keys`: what is made, listed and put away, and which mistakes are told."""

from __future__ import annotations

import json
import sys

import pytest
import zmq.auth
from click.testing import CliRunner

from gateway.commands import main
from gateway.config import load_config

posix = pytest.mark.skipif(sys.platform == "win32", reason="no modes on Windows")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run one command in a folder with the shipped config."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        done = CliRunner().invoke(main, ["keys", *arguments])
        assert done.exit_code == code, done.output
        return done.output

    CliRunner().invoke(main, ["init"])
    return run


@pytest.fixture
def folder(tmp_path):
    """Return the folder of keys."""
    return tmp_path / "var" / "keys"


def listed(run):
    """Return the listing by name."""
    return {row["name"]: row for row in json.loads(run("list", "--json"))}


def test_a_new_pair_is_written_and_explained(run, folder):
    """`new` writes both halves, and says what goes where."""
    said = run("new", "MM")
    public, secret = zmq.auth.load_certificate(folder / "MM.key_secret")
    assert secret
    assert public.decode() in said
    assert zmq.auth.load_certificate(folder / "MM.key") == (public, None)
    assert str(folder / "MM.key_secret") in said
    assert listed(run)["MM"] == {
        "name": "MM", "comp_id": "MM", "kind": "strategy", "state": "allowed", "secret": "here",
        "public_key": public.decode(),
    }  # fmt: skip


@posix
def test_the_secret_half_is_its_owners_alone(run, folder):
    """The secret half has mode 600, and its new folder 700."""
    run("new", "MM")
    assert (folder / "MM.key_secret").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_overwritten(run, folder):
    """A pair that is there stays as it is, even when only one half is left."""
    run("new", "MM")
    before = (folder / "MM.key_secret").read_bytes()
    said = run("new", "MM", code=2)
    assert "not overwritten" in said
    assert "keys new MM@2" in said
    (folder / "MM.key").unlink()
    run("new", "MM", code=2)
    assert (folder / "MM.key_secret").read_bytes() == before
    assert not (folder / "MM.key").exists()


@pytest.mark.parametrize("name", ["MN", "MM@", "@2", "../MM", "MM@a@b", ""])
def test_a_name_that_could_never_log_on_is_refused(run, name, folder):
    """Only a CompID of the config gets a key; the nearest is named."""
    said = run("new", name, code=2)
    assert f"received {name!r}" in said.replace("\n", "")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("GATEWAY", "gateway"), ("OPERATOR", "operator"), ("PAPER", "venue"), ("MM@2", "strategy")],
)
def test_everybody_who_connects_may_have_a_key(run, name, kind):
    """The gateway, operators, venues and strategies, several keys each."""
    run("new", name)
    assert listed(run)[name]["kind"] == kind
    assert listed(run)[name]["state"] == ("ours" if kind == "gateway" else "allowed")


def test_revoking_puts_a_key_away_for_ever(run, folder):
    """`revoke` moves both halves, says what is left, and the key stays known as revoked."""
    run("new", "MM")
    run("new", "MM@2")
    text = (folder / "MM.key").read_bytes()
    assert "MM still gets in by MM@2" in run("revoke", "MM")
    assert not (folder / "MM.key").exists()
    assert not (folder / "MM.key_secret").exists()
    (folder / "MM.key").write_bytes(text)
    assert listed(run)["MM"]["state"] == "refused"
    (old,) = (row for row in listed(run).values() if row["state"] == "revoked")
    assert old["comp_id"] == "MM"
    (folder / "MM.key").unlink()
    assert "MM has no other" in run("revoke", "MM@2")


def test_a_key_is_revoked_by_itself(run, folder):
    """A public key says which of the files is meant."""
    run("new", "MM@2")
    key = listed(run)["MM@2"]["public_key"]
    assert "revoked MM@2" in run("revoke", "--", key)
    assert not (folder / "MM@2.key").exists()


@pytest.mark.parametrize("name", ["MM", "x" * 40, "../../x"])
def test_what_is_not_there_cannot_be_revoked(run, name):
    """A name or key that no file has is an error that lists those that are there."""
    run("new", "OPERATOR")
    assert "OPERATOR" in run("revoke", name, code=1)


def test_the_gateways_own_key_is_not_revoked(run, folder):
    """Every peer trusts a copy of it: it is replaced, not revoked."""
    run("new", "GATEWAY")
    assert "copy GATEWAY.key" in run("revoke", "GATEWAY", code=2).replace("\n", " ")
    assert (folder / "GATEWAY.key").exists()


@posix
def test_the_list_tells_what_is_wrong(run, folder):
    """A secret that others can read, a damaged file and a stranger's name are shown as such."""
    run("new", "MM")
    (folder / "MM.key_secret").chmod(0o644)
    (folder / "EXAMPLE.key").write_text("nothing")
    (folder / "NOBODY.key").write_bytes((folder / "MM.key").read_bytes().replace(b"MM", b"XX"))
    rows = listed(run)
    assert rows["MM"]["secret"] == "unusable"
    assert rows["EXAMPLE"]["state"] == "unreadable"
    assert (rows["NOBODY"]["state"], rows["NOBODY"]["kind"]) == ("refused", "unknown")
    assert "MM" in run("list")


def test_an_empty_folder_is_no_error(run):
    """Before the first key there is nothing to list."""
    assert "no keys" in run("list")
    assert json.loads(run("list", "--json")) == []


def test_the_folder_is_the_configs(run, folder, tmp_path):
    """`[curve] keys` says where the keys are, from the config file's folder."""
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write('\n[curve]\nkeys = "elsewhere"\n')
    run("new", "MM")
    assert (tmp_path / "elsewhere" / "MM.key").exists()
    assert not folder.exists()
    assert load_config(tmp_path / "config.toml").curve.keys == tmp_path / "elsewhere"
