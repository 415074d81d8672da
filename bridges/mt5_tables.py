"""The protocol's tables as an MQL5 header: fields, enums, and the session's tables of states.

    python -m bridges.mt5_tables        writes FixTables.mqh into the Expert Advisor's includes

The header is committed, and a test holds that it is what this module writes. Rule: it says what
`protocol/` declares and nothing else, so that both sides refuse the same messages.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec

from protocol import fields
from protocol.declarations import bound_of, group_of, hints_of, unwrap_type
from protocol.field_names import NAMES
from protocol.liveness import DROP_AFTER, TEST_AFTER
from protocol.messages import BY_TYPE, Message
from protocol.messages.base import TEXT_MAX
from protocol.numbers import DIGITS, INTEGER_MAX
from protocol.session_states import (
    CONVERSATION,
    LOGOUT_PATIENCE_NS,
    SEQUENCE,
    Event,
    Kind,
    Order,
    Role,
    State,
    Verdict,
)

HEADER = Path(__file__).parent / "mt5_ea" / "Include" / "Portcullis" / "FixTables.mqh"

_REQUIRED_HEADER = {"sender_comp_id", "target_comp_id", "msg_seq_num", "sending_time"}

_LETTERS = {
    "NAME": "N", "TEXT": "T", "DECIMAL": "D", "WHOLE": "W", "FLAG": "F", "TIME": "U", "DATE": "L",
    "VALUE": "V", "WHOLE_VALUE": "E", "GROUP": "G",
}  # fmt: skip

_HEAD = """\
//+------------------------------------------------------------------+
//| The protocol's tables. Generated: python -m bridges.mt5_tables   |
//|                                                                  |
//| Enums, tags, the fields of every message with their types, and   |
//| the session's tables, as protocol/ declares them.                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXTABLES_MQH
#define PORTCULLIS_FIXTABLES_MQH
"""


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def _enums() -> Iterator[str]:
    for name, enum in vars(fields).items():
        if not (isinstance(enum, type) and issubclass(enum, Enum)) or not list(enum):
            continue
        if enum.__module__ != fields.__name__:
            continue
        yield f"//--- {name}"
        for member in enum:
            yield f'#define FIX_{_snake(name)}_{member.name} "{member.value}"'


def _tags() -> Iterator[str]:
    yield "enum ENUM_FIX_TAG"
    yield "  {"
    for tag, name in sorted(NAMES.items()):
        yield f"   TAG_{name}={tag},"
    yield "   TAG_NONE=0"
    yield "  };"


def _kind_of(hint: Any) -> tuple[str, str]:
    """Return the kind of a field, and what it takes further: limits or values."""
    bare, title = unwrap_type(hint)
    if get_origin(bare) is Literal:
        return "VALUE", ",".join(map(str, get_args(bare)))
    if isinstance(bare, type) and issubclass(bare, Enum):
        whole = issubclass(bare, int)
        return "WHOLE_VALUE" if whole else "VALUE", ",".join(str(one.value) for one in bare)
    plain = {Decimal: "DECIMAL", bool: "FLAG"}
    if bare in plain:
        return plain[bare], ""
    if bare is int:
        least, most = bound_of(hint, "ge", "le")
        limits = (-INTEGER_MAX if least is None else least, INTEGER_MAX if most is None else most)
        return "WHOLE", f"{limits[0]},{limits[1]}"
    titled = {"UTCTimestamp": "TIME", "LocalMktDate": "DATE", "Id": "NAME"}
    if title in titled:
        return titled[title], ""
    most = bound_of(hint, "max_length", "max_length")[1]
    return "TEXT", "" if most is None else str(most)


def _specs(owner: str, struct: type) -> Iterator[str]:
    """Write the fields of a message or group, many to a line; a group's own lines follow it.

    A field is its tag, its kind's letter, `!` if it is required, and after a colon what its kind
    takes further. The header's fields are those of every message and stand once, under "".
    """
    hints = hints_of(struct)
    groups = []
    words: list[str] = []
    header = {field.name for field in msgspec.structs.fields(Message)} if owner else set()
    for field in msgspec.structs.fields(struct):
        if field.name in header:
            continue
        required = "!" if field.required or field.name in _REQUIRED_HEADER else ""
        group = group_of(unwrap_type(hints[field.name])[0])
        kind, more = ("GROUP", "") if group is not None else _kind_of(hints[field.name])
        tag, letter = field.encode_name, _LETTERS[kind]
        words.append(f"{tag}{letter}{required}{':' if more else ''}{more}")
        if group is not None:
            groups.append((f"{owner}/{tag}", group))
    for line in textwrap.wrap(" ".join(words), 70, break_long_words=False, break_on_hyphens=False):
        yield f'   tables_ptr.Add("{owner}","{line}");'
    for name, group in groups:
        yield from _specs(name, group)


def _messages() -> Iterator[str]:
    kinds = [f"   FIELD_{kind}='{letter}'" for kind, letter in _LETTERS.items()]
    yield "//--- what a field's value is: the letter behind its tag"
    yield "enum ENUM_FIELD_KIND"
    yield "  {"
    yield ",\n".join(kinds)
    yield "  };"
    yield ""
    yield "//--- whoever keeps the fields of the messages"
    yield "class CFieldTables"
    yield "  {"
    yield "public:"
    yield "   virtual          ~CFieldTables(void) {}"
    yield "   virtual void      Add(const string owner,const string fields)=0;"
    yield "  };"
    yield ""
    yield "void AddAllFields(CFieldTables *tables_ptr)"
    yield "  {"
    yield from _specs("", Message)
    for msg_type, struct in BY_TYPE.items():
        yield f"   //--- {struct.__name__}"
        yield from _specs(msg_type, struct)
    yield "  }"


def _enum(name: str, members: type[Enum], prefix: str) -> Iterator[str]:
    yield f"enum {name}"
    yield "  {"
    names = [member.name for member in members]
    yield from (f"   {prefix}_{one}," for one in names[:-1])
    yield f"   {prefix}_{names[-1]}"
    yield "  };"


def _conversation() -> Iterator[str]:
    """An initiator's table: a row for each state, a column for each event, -1 is not allowed."""
    rows = CONVERSATION[Role.INITIATOR]
    places = {state: at for at, state in enumerate(State)}
    yield "//--- an initiator's moves: a column for each event in the order of the enum, -1 is none"
    yield "const int CONVERSATION[]="
    yield "  {"
    for at, state in enumerate(State):
        moves = [rows[state].get(event) for event in Event]
        row = ",".join("-1" if to is None else str(places[to]) for to in moves)
        end = "" if at == len(State) - 1 else ","
        yield f"   {row}{end} // {state.name}"
    yield "  };"


def _sequence() -> Iterator[str]:
    """Six verdicts for each kind of message: by its number, and by 43."""
    places = {verdict: at for at, verdict in enumerate(Verdict)}
    yield "//--- LOWER, LOWER with 43=Y, EXPECTED, with 43=Y, HIGHER, with 43=Y"
    yield "const int SEQUENCE[]="
    yield "  {"
    for at, kind in enumerate(Kind):
        row = ",".join(
            str(places[SEQUENCE[kind][order, dup]]) for order in Order for dup in (False, True)
        )
        yield f"   {row}{'' if at == len(Kind) - 1 else ','} // {kind.name}"
    yield "  };"


def _session() -> Iterator[str]:
    yield from _enum("ENUM_SESSION_STATE", State, "STATE")
    yield from _enum("ENUM_SESSION_EVENT", Event, "EVENT")
    yield f"#define SESSION_EVENTS {len(Event)}"
    yield from _conversation()
    yield from _enum("ENUM_MESSAGE_KIND", Kind, "KIND")
    yield from _enum("ENUM_VERDICT", Verdict, "VERDICT")
    yield from _sequence()
    yield "//--- silence in tenths of a heartbeat interval: ask then, and then take for dead"
    yield f"#define TEST_AFTER_TENTHS {round(TEST_AFTER * 10)}"
    yield f"#define DROP_AFTER_TENTHS {round(DROP_AFTER * 10)}"
    yield f"#define LOGOUT_PATIENCE_MS {LOGOUT_PATIENCE_NS // 1_000_000}"


def header() -> str:
    """Return the whole header."""
    limits = [
        f"#define FIX_DIGITS {DIGITS}", f"#define FIX_TEXT_MAX {TEXT_MAX}",
        f'#define FIX_ADMIN_TYPES "{"".join(sorted(fields.ADMIN_TYPES))}"',
        f'#define FIX_GATEWAY "{fields.GATEWAY}"', f'#define FIX_NONE "{fields.NONE}"',
    ]  # fmt: skip
    parts = (limits, _enums(), _tags(), _messages(), _session())
    return "\n".join((_HEAD, *("\n".join(part) + "\n" for part in parts), "#endif\n"))


if __name__ == "__main__":
    HEADER.write_text(header(), encoding="utf-8")
