"""A gateway whose recovery forgets one fill: run in place of `portcullis` by a test of the demo.

Everything else is the shipped code; only while replaying, the first fill leaves no trace.
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
    """Apply a record, except for the first fill."""
    message = entry.message
    is_fill = isinstance(message, ExecutionReport) and message.exec_type is ExecType.TRADE
    if is_fill and not forgotten:
        forgotten.append(entry.seq)
        book.state.seq = entry.seq
        return
    honest(book, entry)


if __name__ == "__main__":
    restart.apply = forgetful
    sys.exit(main())
