"""A gateway whose recovery forgets one report: run in place of `portcullis` by a test of the demo.

Everything else is the shipped code; only while replaying, the first 150=0 leaves no trace.
"""

from __future__ import annotations

import sys

from gateway import restart
from gateway.commands import main
from protocol.fields import ExecType
from protocol.messages import ExecutionReport

honest = restart.apply
forgotten = []


def forgetful(book, entry):
    """Apply a record, except for the first 150=0: there is one before any digest."""
    message = entry.message
    is_new = isinstance(message, ExecutionReport) and message.exec_type is ExecType.NEW
    if is_new and not forgotten:
        forgotten.append(entry.seq)
        book.state.seq = entry.seq
        return
    honest(book, entry)


if __name__ == "__main__":
    restart.apply = forgetful
    sys.exit(main())
