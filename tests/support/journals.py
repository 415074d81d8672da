"""Small journals for tests, and a reading of their bytes that shares no code with the journal."""

from __future__ import annotations

import struct
from typing import NamedTuple

from support.fake_files import FakeFiles

from journal.format import Direction
from journal.reader import read
from journal.writer import JournalWriter

FOLDER = "/j"
SMALL = {
    "segment_bytes": 1400, "ahead_bytes": 64, "reserve_bytes": 128, "low_water_bytes": 1000
}  # fmt: skip


class Place(NamedTuple):
    """Where a frame is and what it says, by the table in the docstring of journal.format."""

    segment: str
    start: int
    end: int
    batch: int
    first: int
    records: int
    synced: int


def layout(image: dict[str, bytes]) -> list[Place]:
    """List the frames of an undamaged journal."""
    found = []
    for path in sorted(path for path in image if path.endswith(".journal")):
        data, at = image[path], 0
        while data[at : at + 8] == b"PCJRNL\x01\xf5":
            length, records, batch, first, synced = struct.unpack_from("<IIQQQ", data, at + 8)
            end = at + 92 + length + 32
            found.append(Place(path, at, end, batch, first, records, synced))
            at = end
        assert not any(data[at:])
    return found


def open_small(files: FakeFiles, **options) -> JournalWriter:
    """Open a journal with segments of about 1400 bytes."""
    return JournalWriter.open(FOLDER, files=files, **{"epoch": 1, **SMALL, **options})


def append_batch(writer: JournalWriter, number: int, size: int = 1, width: int = 8) -> None:
    """Append and commit a batch of `size` records."""
    for part in range(size):
        direction = Direction((number + part) % 3)
        writer.append(1000 + number, direction, f"S{number % 3}", b"%d.%d" % (number, part) * width)
    writer.commit()


def build(batches: int = 12, *, close: bool = False, **options) -> FakeFiles:
    """Make a journal of some batches; left as a killed process leaves it, unless closed."""
    files = FakeFiles()
    writer = open_small(files, **options)
    for number in range(batches):
        append_batch(writer, number, 1 + number % 3)
    if close:
        writer.close()
    files.restart()
    return files


def frames_of(files: FakeFiles) -> list[bytes]:
    """Return the frames of all records, in order."""
    return [record.frame for record in read(FOLDER, files=files)]
