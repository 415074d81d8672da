"""The command line without a gateway: help, exit codes, a person's mistakes."""

from __future__ import annotations

import json
from contextlib import closing

import click
import pytest
from click.testing import CliRunner

from gateway.commands import COMMANDS, main
from gateway.commands.terminal import for_people, print_pairs
from gateway.config import load_config
from gateway.oms.effects import Jot
from journal.format import Direction
from journal.writer import JournalWriter
from protocol import codec


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run one command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return run


def leaves():
    """Yield every command, subcommands included, as the words that call it."""
    context = click.Context(main)
    for name in COMMANDS:
        found = main.get_command(context, name)
        if isinstance(found, click.Group):
            yield from ((name, part) for part in found.list_commands(context))
        else:
            yield (name,)


@pytest.mark.parametrize("words", list(leaves()), ids=" ".join)
def test_every_command_documents_its_exit_codes(run, words):
    """`--help` of each command says what its exit codes mean."""
    done = run(*words, "--help")
    assert done.exit_code == 0, done.output
    assert "Exit codes:" in done.output


def test_the_first_page_leads_to_the_demo(run):
    """Without arguments a newcomer is told where to begin, and every command is listed."""
    done = run("--help")
    assert "portcullis demo" in done.output
    for name in COMMANDS:
        assert name in done.output


def test_an_unknown_command_is_a_usage_error(run):
    """A mistyped command ends with exit code 2."""
    assert run("stauts").exit_code == 2


def test_init_writes_a_config_that_loads(run, tmp_path):
    """`init` writes the shipped file, says what is next, and never overwrites by accident."""
    done = run("init")
    assert done.exit_code == 0
    assert "portcullis run" in done.output
    assert load_config(tmp_path / "config.toml").venue[0].id == "PAPER"
    again = run("init")
    assert again.exit_code == 2
    assert "--force" in again.output
    assert run("init", "--force").exit_code == 0


def test_a_missing_config_is_one_sentence(run):
    """No traceback: what is missing, and how to get it; exit code 2."""
    done = run("status")
    assert done.exit_code == 2
    assert "portcullis init" in done.output
    assert "Traceback" not in done.output


def test_an_unknown_key_is_named(run, tmp_path):
    """The sentence names the file, the key and the nearest known one."""
    (tmp_path / "config.toml").write_text("[gateway]\norder = 'tcp://127.0.0.1:1'\n")
    done = run("orders")
    assert done.exit_code == 2
    assert "'gateway.order'" in done.output
    assert "did you mean 'orders'" in done.output


def test_without_a_gateway_the_commands_say_so(run):
    """No token file: no gateway was ever started with this config; exit code 3."""
    run("init")
    done = run("positions")
    assert done.exit_code == 3
    assert "portcullis run" in done.output


def test_a_change_needs_a_reason(run):
    """What changes something is journaled with a reason, so every such command asks for one."""
    run("init")
    for name in ("kill", "reduce", "resume", "shutdown"):
        done = run(name)
        assert done.exit_code == 2
        assert "--reason" in done.output


def test_a_scope_is_made_of_names(run):
    """A name that could be read as another term is refused before anything is sent."""
    run("init")
    done = run("kill", "--strategy", "A venue:B", "--reason", "x")
    assert done.exit_code == 2
    assert "without blanks" in done.output


def test_cancel_wants_one_order_or_all(run):
    """Neither nothing nor both."""
    run("init")
    assert run("cancel", "--reason", "x").exit_code == 2
    assert run("cancel", "ABC", "--all", "--reason", "x").exit_code == 2


def test_a_journal_of_another_version_is_one_sentence(run, tmp_path):
    """A record that this version cannot understand is named; exit code 4, and no traceback."""
    with closing(JournalWriter.open(tmp_path / "j", durability="os", epoch=1)) as writer:
        writer.append(1, Direction.NOTE, "", codec.wrap("35=U2\x0134=1\x01"))
        writer.commit()
    done = run("journal", "replay", "j")
    assert done.exit_code == 4
    assert "record 1 cannot be understood" in done.output
    assert "another version" in done.output


@pytest.mark.parametrize("part", ["verify", "replay", "tail", "export"])
def test_a_folder_that_is_no_journal_is_named(run, part):
    """The journal commands say what they were given; exit code 4."""
    done = run("journal", part, "nowhere")
    assert done.exit_code == 4
    assert "nowhere is not a journal folder" in done.output


def test_a_journal_is_followed_as_it_grows(run, tmp_path, monkeypatch):
    """`journal tail --follow` prints each record that is committed while it runs, once."""
    from gateway.commands import journal_tail  # noqa: PLC0415 - patched where it is used

    def note(number):
        frame = Jot("ALERT", {"alert": f"NUMBER_{number}"}).frame("20260105-09:30:00", number)
        writer.append(number, Direction.NOTE, "", frame)
        writer.commit()

    def sleep(_seconds):
        if writer.last_seq == 3:
            raise KeyboardInterrupt
        note(writer.last_seq + 1)

    with closing(JournalWriter.open(tmp_path / "j", durability="os", epoch=1)) as writer:
        note(1)
        monkeypatch.setattr(journal_tail.time, "sleep", sleep)
        shown = run("journal", "tail", "j", "--follow").output
    assert [shown.count(f"NUMBER_{number}") for number in (1, 2, 3)] == [1, 1, 1]


def test_json_is_one_value(run, monkeypatch):
    """`--json` prints one JSON value and nothing else."""
    from gateway.commands import listing  # noqa: PLC0415 - patched where it is used

    monkeypatch.setattr(listing, "fetch", lambda *_: [{"order_id": "A", "qty": "1"}])
    run("init")
    assert json.loads(run("orders", "--json").output) == [{"order_id": "A", "qty": "1"}]
    assert "order_id" in run("orders").output


@pytest.fixture
def damaged(tmp_path):
    """A journal of several segments, damaged in the first."""
    folder = tmp_path / "j"
    options = {"segment_bytes": 1400, "ahead_bytes": 64, "reserve_bytes": 128}
    with closing(JournalWriter.open(folder, epoch=1, **options)) as writer:
        for number in range(1, 30):
            frame = Jot("ALERT", {"alert": "A"}).frame("20260105-09:30:00", number)
            writer.append(number, Direction.NOTE, "", frame)
            writer.commit()
    path = min(folder.glob("*.journal"))
    data = bytearray(path.read_bytes())
    data[600] ^= 1
    path.write_bytes(data)
    return folder


def test_an_old_segment_is_cut_for_the_word_only(run, damaged):
    """What is lost is said first; `--yes` alone or another word than `cut` changes nothing."""
    before = {path: path.read_bytes() for path in damaged.glob("*.journal")}
    done = run("journal", "repair", "j", "--yes")
    assert done.exit_code == 2
    assert "to 29 (" in done.output
    assert "backup" in done.output
    assert "--cut-old" in done.output
    done = CliRunner().invoke(main, ["journal", "repair", "j"], input="yes\n")
    assert done.exit_code == 1
    assert {path: path.read_bytes() for path in damaged.glob("*.journal")} == before
    done = CliRunner().invoke(main, ["journal", "repair", "j"], input="cut\n")
    assert done.exit_code == 0, done.output
    assert list(damaged.glob("*.broken"))
    assert run("journal", "verify", "j").exit_code == 0


def test_an_old_segment_is_cut_without_asking_for_both_options(run, damaged):
    """`--yes --cut-old` is a person's order too."""
    assert run("journal", "repair", "j", "--yes", "--cut-old").exit_code == 0
    assert list(damaged.glob("*.broken"))


@pytest.mark.parametrize("reason", ["", "  ", "a\x01b", "two\nlines", "\udcff", "x" * 2001])
@pytest.mark.parametrize("words", [("kill",), ("shutdown",), ("cancel", "--all")], ids=" ".join)
def test_a_reason_is_a_line_of_text(run, words, reason):
    """A reason that is empty, too long, or cannot go on the wire is one sentence; exit code 2."""
    run("init")
    done = run(*words, "--reason", reason)
    assert done.exit_code == 2, done.output
    assert "expected 1 to 2000 printable characters" in done.output


def test_an_export_to_nowhere_is_one_sentence(run, tmp_path):
    """A file that cannot be written is named with the reason; exit code 2, and no traceback."""
    JournalWriter.open(tmp_path / "j", epoch=1).close()
    for target in ("nowhere/a.db", "."):
        done = run("journal", "export", "j", "--force", "-o", target)
        assert done.exit_code == 2, done.output
        assert f"{target} cannot be written" in done.output


def test_a_tail_in_json_is_one_object_per_line(run, tmp_path):
    """`journal tail --json` can be read line by line while it runs, and its help says so."""
    with closing(JournalWriter.open(tmp_path / "j", durability="os", epoch=1)) as writer:
        for number in (1, 2):
            frame = Jot("ALERT", {"alert": "A"}).frame("20260105-09:30:00", number)
            writer.append(number, Direction.NOTE, "", frame)
        writer.commit()
    lines = run("journal", "tail", "j", "--json").output.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]
    assert "one JSON object per line" in run("journal", "tail", "--help").output


def test_a_tail_leaves_quotes_out_unless_asked(run, tmp_path):
    """A quote twenty times a second would hide what happened; `--quotes` shows them too."""
    body = b"\x0149=PAPER\x0156=GATEWAY\x0134=1\x0152=20260105-09:30:00\x01"
    frames = [b"8=FIX.4.4\x019=58\x0135=" + kind + body + b"10=000\x01" for kind in (b"W", b"0")]
    with closing(JournalWriter.open(tmp_path / "j", durability="os", epoch=1)) as writer:
        for number, frame in enumerate(frames, 1):
            writer.append(number, Direction.IN, "PAPER", frame)
        writer.commit()

    def seqs(*more):
        lines = run("journal", "tail", "j", "--json", *more).output.splitlines()
        return [json.loads(line)["seq"] for line in lines]

    assert seqs() == [2]
    assert seqs("--quotes") == [1, 2]


def test_orders_are_nine_columns_unless_wide(run, monkeypatch):
    """The table fits a terminal; `--wide` shows the rest, times as UTC; JSON keeps nanoseconds."""
    from gateway.commands import listing  # noqa: PLC0415 - patched where it is used

    row = {
        "order_id": "A", "owner": "MM", "venue": "PAPER", "account": "ACC", "symbol": "EURUSD",
        "side": "BUY", "order_qty": "9", "cum_qty": "2", "leaves_qty": "7", "price": "1.1",
        "ord_status": "NEW", "in_doubt": False, "created_ns": 1_767_605_400_000_000_000,
    }  # fmt: skip
    monkeypatch.setattr(listing, "fetch", lambda *_: [row])
    heading = run("orders").output.splitlines()[1].split()
    assert " ".join(heading) == "order_id owner venue symbol side qty leaves price status"
    wide = run("orders", "--wide").output
    assert "20260105-09:30:00.000000" in wide
    assert "account" in wide
    assert "_ns" not in wide
    assert json.loads(run("orders", "--json").output) == [row]


def test_what_is_flat_is_written_in_words(capsys):
    """A table shows `USD=1 EUR=2` and `A B`, not JSON; what is nested stays JSON."""
    row = {"fees": {"USD": "1", "EUR": "2"}, "symbols": ["A", "B"], "deep": [{"n": 1}], "no": {}}
    print_pairs(row)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[1:] for line in lines] == [
        ["USD=1 EUR=2"], ["A B"], ['[{"n":1}]'], [],
    ]


def test_times_are_text_for_people():
    """Times become UTC text at any depth; what is not set is empty."""
    shown = for_people({"now_ns": 0, "halts": [{"since_ns": 1_767_605_400_000_000_000}], "n": 1})
    assert shown == {"now": "", "halts": [{"since": "20260105-09:30:00.000000"}], "n": 1}
