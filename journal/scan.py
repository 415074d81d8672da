"""Walking the frames of a journal in order, each checked against the one before.

Rules. A walk changes nothing. It ends at the first place where no frame follows: with `fault` None
if only zeros or nothing are left, else with where and what. `evidence` looks past a fault for
headers that still speak: a header says which batch was on disk when it was written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from journal import format as fmt
from journal.files import Files, join
from journal.format import Durability, Frame, Header, Kind, Mark

CHUNK = 1 << 20
NO_MARK = Mark("", 0, released_lost=False)


class Fault(NamedTuple):
    """The first place where the journal does not go on as it was written."""

    number: int  # of the segment, from 0
    segment: str
    offset: int
    batch: int
    what: str


class End(NamedTuple):
    """Where the whole frames end, and what the last of them says."""

    segment: str  # "" when there is no frame at all
    offset: int
    batch: int
    seq: int
    time_ns: int
    epoch: int
    synced: int
    digest: bytes
    durability: Durability
    kind: Kind
    mark: Mark  # the last one
    report: Mark | None  # what the last OPEN had to report, if no record has followed it
    unsynced_offset: int  # where the frames begin, in this segment, that no header calls synced


def segments_of(files: Files, folder: str) -> list[str]:
    """Return the names of the segments, in order."""
    return [name for name in files.names(folder) if fmt.is_segment(name)]


class Window:
    """A file seen through a buffer that slides forward: `buffer` at `at` is file byte `offset`."""

    def __init__(self, files: Files, path: str, offset: int = 0, chunk: int = CHUNK) -> None:
        self._files = files
        self._path = path
        self._chunk = chunk
        self._base = offset
        self.buffer = b""
        self.at = 0

    @property
    def offset(self) -> int:
        """Return the file offset of the place."""
        return self._base + self.at

    def ensure(self, size: int) -> bool:
        """Have `size` bytes from the place on in the buffer; say whether the file has them."""
        have = len(self.buffer) - self.at
        if have >= size:
            return True
        start = self._base + len(self.buffer)
        more = self._files.read(self._path, start, max(size - have, self._chunk))
        self.buffer = self.buffer[self.at :] + more
        self._base += self.at
        self.at = 0
        return len(self.buffer) >= size

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes from the place on."""
        self.ensure(size)
        return self.buffer[self.at : self.at + size]

    def only_zeros(self) -> bool:
        """Say whether nothing but zeros is left, moving to the end."""
        while self.ensure(1):
            if self.buffer.count(0, self.at) != len(self.buffer) - self.at:
                return False
            self.at = len(self.buffer)
        return True

    def header(self) -> Header | None:
        """Return the header at the place, if a whole one is there."""
        if len(self.buffer) - self.at < fmt.HEADER_SIZE and not self.ensure(fmt.HEADER_SIZE):
            return None
        return fmt.parse_header(self.buffer, self.at)

    def frame(self, header: Header) -> Frame | None:
        """Return the frame at the place, whose header this is, if a whole one is there."""
        size = fmt.OVERHEAD + header.length
        if len(self.buffer) - self.at < size and not self.ensure(size):
            return None
        return fmt.parse_frame(self.buffer, self.at, header)


class Walk:
    """The frames of some segments in order. After `frames()` is used up, read `end` and `fault`.

    `start` is the index of the first segment to read. When it is not 0, that segment's first frame
    is taken at its own word, and the chain is checked from there.
    """

    def __init__(
        self,
        files: Files,
        folder: str,
        segments: Sequence[str],
        *,
        start: int = 0,
        chunk: int = CHUNK,
    ) -> None:
        self._files = files
        self._folder = folder
        self._segments = segments
        self._start = start
        self._chunk = chunk
        self._trusting = start > 0
        self._header = Header(0, 0, 0, 1, 0, 0, 0, Kind.CLOSE, Durability.GROUP, fmt.NO_HASH)
        self._digest = fmt.NO_HASH
        self._next_seq = 1
        self._mark = NO_MARK
        self._report: Mark | None = None
        self._unsynced: deque[tuple[int, int]] = deque()
        self.segment = ""
        self.offset = 0
        self.fault: Fault | None = None
        self.loss_recorded = False  # an OPEN among these frames owned up to released messages

    @property
    def end(self) -> End:
        """Return where the walk has come to."""
        last = self._header
        return End(
            self.segment,
            self.offset,
            last.batch,
            self._next_seq - 1,
            last.time_ns,
            last.epoch,
            last.synced,
            self._digest,
            Durability(last.durability),
            Kind(last.kind),
            self._mark,
            self._report,
            self._unsynced[0][1] if self._unsynced else self.offset,
        )

    def frames(self) -> Iterator[Frame]:
        """Yield each frame that is whole and follows the one before."""
        for number in range(self._start, len(self._segments)):
            segment = self._segments[number]
            window = Window(self._files, join(self._folder, segment), 0, self._chunk)
            yield from self._frames_in(segment, window)
            if self.fault is None:
                place, what = window.offset, self._what(window)
                if window.only_zeros():
                    continue
                self.fault = Fault(number, segment, place, self._header.batch + 1, what)
            self.fault = self.fault._replace(number=number)
            return

    def _frames_in(self, segment: str, window: Window) -> Iterator[Frame]:
        """Yield the frames of one segment up to the first that is not whole or does not follow."""
        while (header := window.header()) is not None:
            frame = window.frame(header)
            if frame is None:
                return
            start = window.offset
            last = self._header
            follows = (
                start > 0
                and header.batch == last.batch + 1
                and header.previous == self._digest
                and header.first == self._next_seq
                and header.epoch >= last.epoch
            )
            if not follows and (wrong := self._wrong(segment, start, header)):
                # A frame that is true but names another predecessor speaks against that one.
                altered = header.batch == last.batch + 1 and header.previous != self._digest
                batch = last.batch if altered else last.batch + 1
                self.fault = Fault(0, segment, start, batch, wrong)
                return
            window.at += fmt.OVERHEAD + header.length
            self._took(segment, start, frame)
            yield frame

    def _wrong(  # noqa: PLR0911 - each reason is a line
        self, segment: str, offset: int, header: Header
    ) -> str:
        """Say why a whole frame does not follow the one before it, or ""."""
        last = self._header
        if offset == 0 and fmt.segment_first(segment) != header.first:
            return f"the segment begins with record {header.first}, not the one in its name"
        if self._trusting:
            self._trusting = False
            return "" if offset == 0 and header.kind != Kind.BATCH else "no mark begins the segment"
        if header.batch != last.batch + 1:
            return f"batch {header.batch} found where batch {last.batch + 1} must follow"
        if header.previous != self._digest:
            return "the hash of the frame before is not the one recorded here"
        if header.first != self._next_seq:
            return f"record {header.first} found where record {self._next_seq} must follow"
        if header.epoch < last.epoch:
            return f"epoch {header.epoch} after epoch {last.epoch}"
        return ""

    def _took(self, segment: str, start: int, frame: Frame) -> None:
        """Move on past a good frame."""
        header = frame.header
        if start == 0:
            self._unsynced.clear()
            self.segment = segment
        if header.kind:
            self._mark = fmt.parse_mark(frame)
            if header.kind == Kind.OPEN:
                self._report = self._mark
                self.loss_recorded = self.loss_recorded or self._mark.released_lost
        else:
            self._report = None
        self._header = header
        self._digest = frame.digest
        self._next_seq = header.first + header.records
        self.offset = start + fmt.OVERHEAD + header.length
        unsynced = self._unsynced
        unsynced.append((header.batch, start))
        while unsynced[0][0] <= header.synced:
            unsynced.popleft()

    def _what(self, window: Window) -> str:
        """Say what is wrong at the window's place, for a person."""
        if not window.ensure(fmt.HEADER_SIZE):
            return "half a header"
        header = window.header()
        if header is None:
            return "no valid header"
        if not window.ensure(fmt.OVERHEAD + header.length):
            return "the file ends before the batch does"
        return "the batch's checksum is wrong"


def evidence(files: Files, folder: str, segments: Sequence[str], fault: Fault) -> int:
    """Return the highest `synced` of any true header at or after a fault; 0 if there is none.

    Stops early at a header that proves the damaged batch was on disk. A peer could write a true
    header inside a message of its own; all it can gain is a start refused after a power cut that
    also tore that very batch, and refusing is the safe side.
    """
    highest = 0
    for number in range(fault.number, len(segments)):
        path = join(folder, segments[number])
        data = files.read(path, fault.offset if number == fault.number else 0)
        for header in headers_in(data):
            highest = max(highest, header.synced)
            if highest >= fault.batch:
                return highest
    return highest


def headers_in(data: bytes) -> Iterator[Header]:
    """Yield every true header in some bytes, wherever it stands."""
    at = data.find(fmt.MAGIC)
    while at >= 0:
        header = fmt.parse_header(data, at)
        if header is not None:
            yield header
        at = data.find(fmt.MAGIC, at + 1)
