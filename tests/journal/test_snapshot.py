"""Snapshots are a cache: whole or not there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_files import FakeFiles

from journal import snapshot
from journal.errors import JournalFailed, SnapshotBad

FOLDER = "/s"


@settings(deadline=None)
@given(
    payload=st.binary(max_size=500), version=st.integers(0, 2**32 - 1), seq=st.integers(0, 2**63)
)
def test_a_snapshot_reads_back(payload, version, seq):
    """What was saved is loaded, with the hash that `save` returned."""
    files = FakeFiles()
    digest = snapshot.save(FOLDER, seq=seq, state_version=version, payload=payload, files=files)
    found = snapshot.load(FOLDER, state_version=version, files=files)
    assert found == (seq, version, payload, digest)
    assert len(bytes.fromhex(digest)) == hashlib.sha256().digest_size


def test_the_hash_covers_more_than_the_payload():
    """The same state at another record, or of another version, has another hash."""
    files = FakeFiles()
    hashes = {
        snapshot.save(FOLDER, seq=seq, state_version=version, payload=b"x", files=files)
        for seq in (1, 2)
        for version in (1, 2)
    }
    assert len(hashes) == 4


def test_every_damage_is_found():
    """Truncated anywhere, or with any bit flipped, a snapshot is bad; the older one serves."""
    files = FakeFiles()
    snapshot.save(FOLDER, seq=1, state_version=3, payload=b"older", files=files)
    snapshot.save(FOLDER, seq=2, state_version=3, payload=b"newer", files=files)
    path = "/s/00000000000000000002.snapshot"
    good = files.image()[path]
    damaged = [good[:size] for size in range(len(good))] + [good + b"x"]
    for bit in range(len(good) * 8):
        data = bytearray(good)
        data[bit // 8] ^= 1 << bit % 8
        damaged.append(bytes(data))
    for data in damaged:
        files.files[path].cache[:] = data
        with pytest.raises(SnapshotBad):
            snapshot.load_at(FOLDER, 2, files=files)
        assert snapshot.load(FOLDER, state_version=3, files=files).payload == b"older"


def test_another_state_version_is_passed_over():
    """A snapshot of a version that this program does not know is as good as none."""
    files = FakeFiles()
    snapshot.save(FOLDER, seq=1, state_version=1, payload=b"one", files=files)
    snapshot.save(FOLDER, seq=2, state_version=2, payload=b"two", files=files)
    assert snapshot.load(FOLDER, state_version=1, files=files).seq == 1
    assert snapshot.load(FOLDER, state_version=3, files=files) is None


def test_older_ones_can_be_asked_for():
    """`before_seq` goes back past a snapshot whose hash the journal does not hold."""
    files = FakeFiles()
    for seq in (10, 20, 30):
        snapshot.save(FOLDER, seq=seq, state_version=1, payload=b"", files=files)
    assert snapshot.load(FOLDER, state_version=1, before_seq=30, files=files).seq == 20
    assert snapshot.load(FOLDER, state_version=1, before_seq=10, files=files) is None
    assert snapshot.seqs(FOLDER, files=files) == [30, 20, 10]
    snapshot.prune(FOLDER, keep=2, files=files)
    assert snapshot.seqs(FOLDER, files=files) == [30, 20]


def test_saving_again_at_the_same_record_replaces():
    """A gateway that saved, died and saved again has the later one."""
    files = FakeFiles()
    snapshot.save(FOLDER, seq=1, state_version=1, payload=b"first", files=files)
    snapshot.save(FOLDER, seq=1, state_version=1, payload=b"second", files=files)
    assert snapshot.load(FOLDER, state_version=1, files=files).payload == b"second"


def test_no_folder_is_no_snapshot(tmp_path):
    """Nothing saved is None, not an error; a folder that cannot be made is one."""
    assert snapshot.load(tmp_path / "none", state_version=1) is None
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalFailed):
        snapshot.save(tmp_path / "file", seq=1, state_version=1, payload=b"")
