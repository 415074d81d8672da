"""The MQL5 runtime under which the Expert Advisor is tested behaves as the documentation says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support.mt5.ea import Crashed, Program, VirtualClock
from support.mt5.ea_calls import MqlError, TradeResult, TradeTransaction, pack, unpack
from support.mt5.ea_network import VirtualNetwork
from support.mt5.ea_process import EaProcess
from support.mt5.runtime import build, rewrites
from support.waiting import wait_for

MOMENT_NS = 1_767_603_000 * 1_000_000_000
PROBE = Path(build.__file__).parents[1] / "probes" / "Language.mq5"
pytestmark = [
    pytest.mark.skipif(not build.can_build(), reason=build.MISSING),
    pytest.mark.budget(60),  # the first test of a run compiles
]


class Desk:
    """A terminal that knows what the probe asks for."""

    def __init__(self):
        self.requests = []

    def AccountInfoInteger(self, name):
        """Know the login only."""
        if name != "ACCOUNT_LOGIN":
            raise MqlError(4003)
        return 7

    def OrderSend(self, request):
        """Place everything."""
        self.requests.append(request)
        return True, TradeResult(retcode=10008, comment="placed")


def probe(tmp_path, **inputs):
    """Give the probe program on a desk."""
    program = Program(
        build.build(PROBE), Desk(), clock=VirtualClock(MOMENT_NS), inputs=inputs,
        network=VirtualNetwork(), folder=tmp_path,
    )  # fmt: skip
    assert program.start() == 0
    return program


def test_inputs_are_set_by_name(tmp_path):
    """An input has its default until a test sets it; a name that is none is an error."""
    assert probe(tmp_path).probe("greet") == b"hello.hello."
    program = probe(tmp_path, Greeting="ho", Times=1, Loud=True)
    assert program.probe("greet") == b"ho!"
    with pytest.raises(ValueError, match="no input 'Word'"):
        probe(tmp_path, Word="x")


def test_two_programs_share_nothing(tmp_path):
    """Each program has its own globals, however many run in one process."""
    first, second = probe(tmp_path), probe(tmp_path)
    assert [first.probe("count"), first.probe("count")] == [b"2", b"4"]
    assert second.probe("count") == b"2"


def test_an_index_out_of_range_ends_the_program(tmp_path):
    """The program stops, and none of its handlers runs again."""
    program = probe(tmp_path)
    assert program.probe("beyond", b"..") == b"2"
    with pytest.raises(Crashed, match=r"array out of range: \[3\] of 3"):
        program.probe("beyond", b"...")
    with pytest.raises(Crashed):
        program.probe("greet")


def test_new_elements_hold_rubbish(tmp_path):
    """ArrayResize sets nothing: who relies on zeros is found out."""
    assert probe(tmp_path).probe("rubbish") == b"205"


def test_an_array_of_fixed_size_stays_so(tmp_path):
    """ArrayResize of it ends the program."""
    with pytest.raises(Crashed, match="fixed size"):
        probe(tmp_path).probe("fixed")


def test_values_are_copied(tmp_path):
    """Strings, and structures with arrays in them, are values."""
    assert probe(tmp_path).probe("copy") == b"aab12"


def test_strings_are_utf16(tmp_path):
    """A character beyond the first plane counts twice."""
    assert probe(tmp_path).probe("units", "€😀".encode()) == "3 €".encode()


def test_formats(tmp_path):
    """StringFormat as C's printf, with I64 for 64 bits."""
    assert probe(tmp_path).probe("format") == b"-0042|1.00|18446744073709551615|x|%"


def test_hashes(tmp_path):
    """CryptEncode gives SHA-256."""
    assert probe(tmp_path).probe("sha256", b"abc").decode() == hashlib.sha256(b"abc").hexdigest()


def test_calls_reach_the_terminal_and_come_back(tmp_path):
    """Numbers of 64 bits, doubles and texts cross unharmed."""
    program = probe(tmp_path)
    assert program.probe("login") == b"7 0"
    assert program.probe("send") == b"sent 10008 placed"
    (request,) = program.terminal.requests
    assert (request.magic, request.volume, request.symbol) == (2**53 + 1, 0.07, "EURUSD")


def test_databases_are_sqlite(tmp_path):
    """Rows outlive a program; a statement that is done says 5126."""
    assert probe(tmp_path).probe("database") == b"9007199254740993 1 false 5126"
    assert probe(tmp_path).probe("database") == b"9007199254740993 2 false 5126"


def test_events_come_one_after_another(tmp_path):
    """The timer keeps its floor; what a handler posts to itself comes after what waits."""
    program = probe(tmp_path)
    assert program.step() == 0
    program.clock.now_ns += 10_000_000
    program.post_transaction(TradeTransaction(order=9, symbol="EURUSD", volume=0.1))
    assert program.step() == 2
    assert program.step() == 1
    assert program.journal == [
        "transaction 9 EURUSD 0.1 0",
        "timer at 2026.01.05 08:50:00",
        "chart 1007 1 2.5 self",
    ]


def test_what_crosses_is_the_same_on_the_other_side():
    """Packing and unpacking are inverse."""
    values = [None, 0, -(2**63), 2**63 - 1, 1.5, "", "é", b"\0\1", [1, ["x"]]]
    assert unpack(pack(values))[0] == values


def test_rewrites_change_what_they_say_and_no_line_more():
    """Each row of the table turns its example into C++ within the line."""
    examples = {
        '#property copyright "x"': "",
        'input group "Words"': "",
        "input int Port = 5571; // door":
            'int Port = 5571; static bool Port_slot = mql::input_slot("Port", Port); // door',
        "void f(const uchar &bytes[],int &n)": "void f(const Array<uchar> &bytes,int &n)",
        "   uchar m_bytes[];": "   Array<uchar> m_bytes;",
        "   static const int k[] = {1,2};": "   static const Array<int> k = {1,2};",
        "   uchar four[4];": "   Fixed<uchar, 4> four;",
        "   uchar four[SIZE]={1};": "   Fixed<uchar, SIZE> four={1};",
        "   return bytes[4];": "   return bytes[4];",
        "   m_venue_ptr.Submit(x.y);": "   m_venue_ptr->Submit(x.y);",
        "   all_ptr[i].Step();": "   all_ptr[i]->Step();",
    }  # fmt: skip
    assert {text: rewrites.rewrite(text) for text in examples} == examples
    source = PROBE.read_text(encoding="utf-8")
    assert len(rewrites.rewrite(source).split("\n")) == len(source.split("\n"))


def test_a_program_runs_in_a_process_of_its_own(tmp_path):
    """Its calls come to the test's terminal, the terminal's news go to it, and it can be killed."""
    with EaProcess(build.build(PROBE), Desk(), folder=tmp_path) as process:
        assert process.init_code == 0
        wait_for(lambda: any(line.startswith("timer") for line in process.journal))
        process.post_transaction(TradeTransaction(order=9, symbol="EURUSD", volume=0.1))
        wait_for(lambda: "transaction 9 EURUSD 0.1 0" in process.journal)
        process.kill()
        assert process.process.returncode == -9
