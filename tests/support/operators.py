"""Persons at a desk: they log on, say a command, and read its answer."""

from __future__ import annotations

import json

from protocol.messages import OperatorCommand

ANN, BOB = "OPERATOR/ann/7", "OPERATOR/bob/8"


def ask(desk, command, *, session=ANN, body=None, **fields):
    """Let a person say a command; return the answer."""
    if session not in desk.book.operators:
        desk.log_on(session)
    fields.setdefault("cl_ord_id", f"U{len(desk.records)}")
    if body is not None:
        fields["command_body"] = body if isinstance(body, str) else json.dumps(body)
    desk.hear(session, OperatorCommand(command=command, **fields))
    return [m for m in desk.told(session) if isinstance(m, OperatorCommand)][-1]


def rows(desk, command, **fields):
    """Return the rows that a listing answers."""
    answer = ask(desk, command, **fields)
    assert answer.outcome == "DONE", answer.text
    return json.loads(answer.command_body)["rows"]


def code(answer):
    """Return the CODE of a refusal, empty when it was done."""
    return "" if answer.outcome == "DONE" else answer.text.partition(":")[0]


def notes(desk, kind):
    """Return the bodies of the notes of a kind; for alerts of that name, `ALERT NAME`."""
    kind, _, name = kind.partition(" ")
    return [
        note.body for note in desk.notes
        if note.kind == kind and (not name or note.body.get("alert") == name)
    ]  # fmt: skip
