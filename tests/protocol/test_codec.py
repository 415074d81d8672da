"""The codec against an independent oracle (simplefix), against damage, and against nonsense."""

from __future__ import annotations

import pytest
import simplefix
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.every_message import HEADER, bare, complete, messages
from support.fix44 import needs_dictionary, validate

from protocol import codec
from protocol.errors import GarbledMessage, InvalidMessage, ProtocolError
from protocol.fields import SessionRejectReason as Reason
from protocol.messages import BY_TYPE

# Digits that Decimal takes and the documented grammar does not: at most 18 on each side.
ABSURD_NUMBERS = [
    "1" * 19, "1" * 36, "-" + "1" * 19, "1" * 19 + ".", "1" * 19 + ".5", "0." + "1" * 19,
    "." + "1" * 19, "1" * 18 + "." + "1" * 19,
    "NaN", "nan", "Infinity", "-inf", "1E999", "1e5", "1_000",
    "\u0661\u0662\u0663", "\uff11\uff12", "+1", "--1", "1.2.3",
    ".", "-", "-.", " 1", "1 ", "1,000", "0x10", "½", "1" * 40, "0." + "1" * 40,
]  # fmt: skip
PLAIN_NUMBERS = {
    "0": "0", "-0": "-0", "1.": "1", ".5": "0.5", "-.5": "-0.5", "007": "7", "1.50": "1.50",
    "9" * 18: "9" * 18, "0." + "1" * 18: "0." + "1" * 18, "9" * 18 + ".": "9" * 18,
    "." + "1" * 18: "0." + "1" * 18, "-" + "9" * 18 + "." + "1" * 18: f"-{'9' * 18}.{'1' * 18}",
}  # fmt: skip


def frame_of(message, **header):
    """Encode under the usual header."""
    return codec.encode(message, **{**HEADER, **header})


def by_hand(text):
    """Wrap `35=…|…` with | for SOH, with a whole header after the type."""
    kind, _, rest = text.partition("|")
    head = "49=MM|56=GATEWAY|34=7|52=20260105-09:30:00"
    written = "|".join(part for part in (kind, head, rest) if part)
    return codec.wrap(written.replace("|", "\x01") + "\x01")


def pairs_of(frame):
    """Parse with simplefix, which shares nothing with us."""
    parser = simplefix.FixParser()
    parser.append_buffer(frame)
    parsed = parser.get_message()
    return [(int(tag), value.decode()) for tag, value in parsed.pairs]


def refusal_of(frame):
    """Decode what must be refused."""
    with pytest.raises(InvalidMessage) as caught:
        codec.decode(frame)
    return caught.value


NEW_ORDER = by_hand("35=D|11=A|55=EURUSD|54=1|60=20260105-09:30:00|38=10|40=2|44=1.5")


# Both ways, with an oracle


@settings(max_examples=200, deadline=None)
@given(messages())
def test_what_is_encoded_is_decoded_the_same(message):
    """decode(encode(m)) is m with its header, for generated messages of every type."""
    assert replace(message, **HEADER) == codec.decode(frame_of(message))


@settings(max_examples=200, deadline=None)
@given(messages())
def test_simplefix_reads_what_we_write(message):
    """An independent parser finds the pairs that we wrote, in our order, with our checksum."""
    frame = frame_of(message)
    pairs = pairs_of(frame)

    assert [tag for tag, _ in pairs[:7]] == [8, 9, 35, 49, 56, 34, 52]
    text = "".join(f"{tag}={value}\x01" for tag, value in pairs).encode()
    assert frame == text
    assert f"{sum(frame[:-7]) % 256:03d}" == pairs[-1][1]


@settings(max_examples=200, deadline=None)
@given(messages())
def test_we_read_what_simplefix_writes(message):
    """A frame that simplefix builds from the same pairs decodes to the same message."""
    built = simplefix.FixMessage()
    for tag, value in pairs_of(frame_of(message)):
        if tag not in {9, 10}:
            built.append_pair(tag, value)

    assert replace(message, **HEADER) == codec.decode(built.encode())


@needs_dictionary
@pytest.mark.parametrize("msg_type", BY_TYPE)
@pytest.mark.parametrize("build", [complete, bare])
def test_every_message_is_valid_fix(build, msg_type):
    """Each type, with all of its fields and with none but the required, passes FIX44.xml."""
    assert validate(frame_of(build(msg_type))) == []


@needs_dictionary
@settings(max_examples=200, deadline=None)
@given(messages())
def test_decoded_possible_duplicates_are_valid_fix(message):
    """A resent message is the same with 43=Y and 122, and is valid FIX up to its free fields."""
    again = codec.resend_of(frame_of(message), "20260105-09:31:00.000000")
    decoded = codec.decode(again)

    assert (True, HEADER["sending_time"]) == (decoded.poss_dup_flag, decoded.orig_sending_time)


@needs_dictionary
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("35=0|55=EURUSD", "not defined"),
        ("35=D|11=A", "missing"),
        ("35=0|112=A|112=B", "2 times"),
        ("35=W|55=X|268=2|269=0|270=1", "counted 1"),
        ("35=W|55=X|268=1|270=1|269=0", "counted 0"),
        ("35=3|45=x", "no SEQNUM"),
        ("35=8|54=Z", "expected one of"),
    ],
)
def test_the_judge_finds_faults(text, fault):
    """The dictionary's judge is no yes-man: it finds each kind of fault."""
    assert any(fault in found for found in validate(by_hand(text)))


# Damage


@pytest.mark.parametrize("at", range(len(NEW_ORDER)))
def test_damage_at_any_byte_is_noticed(at):
    """Whatever single byte is changed, the frame is refused: nothing wrong gets through."""
    for change in (0x01, 0x10, 0x80):
        frame = bytearray(NEW_ORDER)
        frame[at] ^= change
        with pytest.raises(ProtocolError):
            codec.decode(bytes(frame))


@pytest.mark.parametrize("end", range(len(NEW_ORDER)))
def test_half_a_frame_is_garbled(end):
    """A frame cut anywhere is garbled."""
    with pytest.raises(GarbledMessage):
        codec.decode(NEW_ORDER[:end])


def test_two_frames_in_one_are_garbled():
    """One ZeroMQ message part is one FIX message."""
    with pytest.raises(GarbledMessage):
        codec.decode(NEW_ORDER + NEW_ORDER)


def test_frame_of_ten_megabytes_is_garbled():
    """A frame beyond MAX_FRAME is refused before it is looked at."""
    with pytest.raises(GarbledMessage, match="at most 65536"):
        codec.decode(b"8=FIX.4.4\x019=" + b"9" * 10_000_000)


def test_text_that_is_not_utf8_is_garbled():
    """Bytes that are no UTF-8 cannot be a message of ours."""
    body = b"35=0\x01112=\xff\xfe\x01"
    frame = b"8=FIX.4.4\x019=%d\x01%b" % (len(body), body)
    with pytest.raises(GarbledMessage, match="UTF-8"):
        codec.decode(frame + b"10=%03d\x01" % (sum(frame) % 256))


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_garbled(data):
    """Bytes from nowhere raise GarbledMessage and nothing else."""
    with pytest.raises(GarbledMessage):
        codec.decode(data)


_TAGS = st.sampled_from(
    sorted({"0", "-1", "", "x", "٣", "999999", "1" * 30, "35", "8", "9", "10", "268", "146", "453",
            *(field for struct in BY_TYPE.values() for field in struct.__struct_encode_fields__)})
)  # fmt: skip
_VALUES = st.one_of(
    st.sampled_from(["", "Y", "0", "1", "-1", "2", "NaN", "=", "20260105-09:30:00", "1" * 70]),
    st.text(st.characters(exclude_characters="\x01", exclude_categories=["Cs"]), max_size=12),
)


@settings(max_examples=500, deadline=None)
@given(
    kind=st.sampled_from(["", "ZZ", "é", *BY_TYPE]),
    pairs=st.lists(st.tuples(_TAGS, st.sampled_from(["=", ""]), _VALUES), max_size=12),
    header=st.booleans(),
)
def test_arbitrary_fields_give_a_message_or_a_protocol_error(kind, pairs, header):
    """A sound envelope around any fields decodes, or raises ProtocolError: nothing else."""
    rest = "|".join(tag + sign + value.replace("|", "") for tag, sign, value in pairs)
    head = "49=MM|56=GATEWAY|34=7|52=20260105-09:30:00|" if header else ""
    frame = codec.wrap(f"35={kind}|{head}{rest}|".replace("|", "\x01"))
    try:
        message = codec.decode(frame)
    except ProtocolError:
        return
    assert message.msg_type == kind


@settings(max_examples=200, deadline=None)
@given(message=messages(), data=st.data())
def test_shuffled_fields_give_a_message_or_a_protocol_error(message, data):
    """Fields of a real message dropped, doubled and moved: a message or a ProtocolError."""
    pairs = pairs_of(frame_of(message))[3:-1]
    picked = data.draw(st.lists(st.sampled_from(pairs), max_size=len(pairs) + 2))
    text = "".join(f"{tag}={value}\x01" for tag, value in picked)
    try:
        codec.decode(codec.wrap(f"35={message.msg_type}\x01{text or '58=x' + chr(1)}"))
    except ProtocolError:
        return


# Numbers and values


@pytest.mark.parametrize("number", ABSURD_NUMBERS)
def test_absurd_numbers_are_refused(number):
    """What Python's Decimal would take, and what no exchange would, is refused by name."""
    frame = by_hand(f"35=D|11=A|55=X|54=1|60=20260105-09:30:00|38={number}|40=2")

    refusal = refusal_of(frame)
    assert (refusal.reason, refusal.ref_tag) == (Reason.INCORRECT_DATA_FORMAT, 38)
    assert "OrderQty(38)" in refusal.text


@pytest.mark.parametrize(("number", "written"), PLAIN_NUMBERS.items())
def test_plain_numbers_are_taken_exactly(number, written):
    """Numbers in the grammar keep their digits."""
    frame = by_hand(f"35=D|11=A|55=X|54=1|60=20260105-09:30:00|38={number}|40=2")

    assert written == str(codec.decode(frame).order_qty)


@pytest.mark.parametrize(
    ("body", "reason", "tag"),
    [
        ("35=D|55=X|54=1|60=20260105-09:30:00|38=1|40=2", Reason.REQUIRED_TAG_MISSING, 11),
        ("35=0|58=hello", Reason.TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE, 58),
        ("35=0|99999=hello", Reason.TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE, 99999),
        ("35=0|-1=hello", Reason.INVALID_TAG_NUMBER, 0),
        ("35=0|0=hello", Reason.INVALID_TAG_NUMBER, 0),
        ("35=0|hello", Reason.INVALID_TAG_NUMBER, 0),
        ("35=0|112=", Reason.TAG_SPECIFIED_WITHOUT_A_VALUE, 112),
        ("35=0|112=A|112=B", Reason.TAG_APPEARS_MORE_THAN_ONCE, 112),
        ("35=0|112=two words", Reason.INCORRECT_DATA_FORMAT, 112),
        ("35=0|112=a=b", Reason.INCORRECT_DATA_FORMAT, 112),
        ("35=0|112=ünicode", Reason.INCORRECT_DATA_FORMAT, 112),
        (f"35=0|112={'x' * 65}", Reason.INCORRECT_DATA_FORMAT, 112),
        ("35=8|37=1|17=1|150=Z|39=0|55=X|54=1|151=1|14=0|6=0", Reason.VALUE_IS_INCORRECT, 150),
        ("35=4|36=5|123=yes", Reason.INCORRECT_DATA_FORMAT, 123),
        ("35=2|7=1.5|16=0", Reason.INCORRECT_DATA_FORMAT, 7),
        ("35=2|7=-1|16=0", Reason.VALUE_IS_INCORRECT, 7),
        ("35=H|11=A|55=X|54=1|50=", Reason.TAG_SPECIFIED_WITHOUT_A_VALUE, 50),
        ("35=*|1=1", Reason.INVALID_MSG_TYPE, 35),
    ],
)
def test_each_fault_has_its_reason(body, reason, tag):
    """The Reject that follows can name SessionRejectReason and tag as FIX 4.4 does."""
    refusal = refusal_of(by_hand(body))

    assert (reason, tag) == (refusal.reason, refusal.ref_tag)
    assert refusal.header["34"] == "7"


@pytest.mark.parametrize("tag", [49, 56, 34, 52])
def test_header_is_required(tag):
    """A message without one of the session's four fields is invalid, and says which."""
    head = {49: "MM", 56: "GATEWAY", 34: "7", 52: "20260105-09:30:00"}
    fields = "".join(f"{t}={v}\x01" for t, v in head.items() if t != tag)

    refusal = refusal_of(codec.wrap(f"35=0\x01{fields}"))
    assert (Reason.REQUIRED_TAG_MISSING, tag) == (refusal.reason, refusal.ref_tag)


# Groups

BOOK = "35=W|55=X|268=2|269=0|270=1.5|271=10|269=1|270=1.6|271=12"


def test_group_entries_are_told_apart():
    """Entries of a repeating group keep their own fields, in order."""
    entries = codec.decode(by_hand(BOOK)).md_entries

    assert [(e.md_entry_type, str(e.md_entry_px)) for e in entries] == [("0", "1.5"), ("1", "1.6")]


@pytest.mark.parametrize(
    ("body", "reason", "tag"),
    [
        (BOOK.replace("268=2", "268=3"), Reason.INCORRECT_NUM_IN_GROUP_COUNT, 268),
        (BOOK.replace("268=2", "268=1"), Reason.INCORRECT_NUM_IN_GROUP_COUNT, 268),
        (BOOK.replace("268=2", "268=x"), Reason.INCORRECT_NUM_IN_GROUP_COUNT, 268),
        (BOOK.replace("268=2|", ""), Reason.TAG_APPEARS_MORE_THAN_ONCE, 269),
        (BOOK.replace("269=0|", ""), Reason.REPEATING_GROUP_FIELDS_OUT_OF_ORDER, 270),
        (BOOK.replace("271=10", "270=10"), Reason.TAG_APPEARS_MORE_THAN_ONCE, 270),
        (BOOK.replace("270=1.5", "270=NaN"), Reason.INCORRECT_DATA_FORMAT, 270),
        (BOOK.replace("270=1.5", "270="), Reason.TAG_SPECIFIED_WITHOUT_A_VALUE, 270),
        (BOOK.replace("271=12", "272=" + "9" * 70), Reason.INCORRECT_DATA_FORMAT, 272),
    ],
)
def test_broken_groups_are_refused(body, reason, tag):
    """A count that lies, a delimiter that is missing, a field twice: refused by name."""
    refusal = refusal_of(by_hand(body))

    assert (reason, tag) == (refusal.reason, refusal.ref_tag)


@pytest.mark.parametrize(
    ("body", "tag"),
    [
        ("35=W|55=X|268=0", 268),
        ("35=X|268=0", 268),
        ("35=V|262=A|263=0|264=1|267=0|146=1|55=X", 267),
        ("35=V|262=A|263=0|264=1|267=1|269=0|146=0", 146),
        ("35=AE|571=A|570=N|55=X|32=1|31=1|75=20260105|60=20260105-09:30:00|552=0", 552),
    ],
)
def test_a_required_group_has_an_entry(body, tag):
    """A group that a message requires cannot be empty: who reads its first entry finds one."""
    refusal = refusal_of(by_hand(body))

    assert (Reason.INCORRECT_NUM_IN_GROUP_COUNT, tag) == (refusal.reason, refusal.ref_tag)


def test_an_optional_group_may_be_empty():
    """A group that nobody requires may be counted as 0, and is not written when it is empty."""
    message = codec.decode(by_hand("35=y|320=A|322=B|560=0|146=0"))

    assert message.securities == ()
    assert b"\x01146=" not in frame_of(message)


@settings(deadline=None)
@given(messages())
def test_peek_agrees_with_decode(message):
    """Peek reads type and number as decode does."""
    assert (message.msg_type, 7) == codec.peek(frame_of(message))
