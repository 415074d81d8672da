"""`portcullis mt5 check`: through a running gateway, from files, by hand, and used wrongly."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from support.mt5.package import Package
from support.mt5.scene import Scene

from bridges.mt5.check.report import json_of, load
from bridges.mt5.check.steps import STEPS, Finding, Verdict, Way, step_of
from gateway.commands import main, mt5_check, mt5_check_gateway
from gateway.commands.mt5_check_expert import Terminal
from gateway.commands.mt5_check_gateway import measured, see_demo
from gateway.commands.mt5_check_hand import User
from gateway.commands.mt5_check_peer import Peer
from gateway.errors import CommandError

HOLDS, FAILS, SEEN, OPEN = Verdict
FOUND = "# account: demo, netting\nmagic|holds|sent 1\nmodify|holds|same\n# end: yes\n"


@pytest.fixture
def expert(system):
    """Give a config whose venue PAPER is an Expert Advisor's; return how to run the command."""
    system.edit('kind = "paper"', 'kind = "mt5_ea"')
    text = system.config_path.read_text(encoding="utf-8")
    begin, end = text.index("launch = true"), text.index("[[strategy]]")
    system.edit(text[begin:end], 'launch = false\nsymbols = ["EURUSD"]\n\n')

    def run(*args, code=0):
        line = ["mt5", "check", "PAPER", "--config", str(system.config_path), *map(str, args)]
        done = CliRunner().invoke(main, line)
        assert done.exit_code == code, done.output
        return " ".join(done.output.split())

    run.system = system
    run.report = system.config.gateway.var / "mt5-check-PAPER.md"
    return run


@pytest.mark.budget(30)
def test_delays_are_taken_through_a_running_gateway(system):
    """Orders of the smallest size rest and are cancelled; nothing is left. Any venue will do."""
    system.start()
    config = system.config
    (found,) = measured(config, config.venue_of("PAPER"), "EURUSD", 3, None)
    assert (found.name, found.verdict) == ("delays", SEEN)
    assert "order until 150=0" in found.seen
    with pytest.raises(CommandError, match="does not say that its account is a demo account"):
        see_demo(system.config_path, config.venue_of("PAPER"), real_money=False)


ROW = {"venue": "PAPER", "connected": True, "ready": True, "why": "", "open_orders": 0}


@pytest.mark.parametrize(
    ("row", "real_money", "kind"),
    [
        ({"capabilities": ["DEMO", "LIMIT"]}, False, "demo"),
        ({"capabilities": ["LIMIT"]}, True, "not a demo account"),
        ({"capabilities": ["LIMIT"]}, False, CommandError),
        ({"capabilities": ["DEMO"], "connected": False}, True, CommandError),
    ],
)
def test_a_demo_account_needs_no_word_and_a_real_one_does(monkeypatch, row, real_money, kind):
    """What the bridge says of its account decides; of a venue that is down it says nothing."""
    monkeypatch.setattr(mt5_check_gateway, "fetch", lambda *_: [ROW | row])
    venue = SimpleNamespace(id="PAPER")
    if kind is CommandError:
        with pytest.raises(CommandError, match=r"DEMO|--real-money|is down"):
            see_demo("config.toml", venue, real_money=real_money)
    else:
        assert see_demo("config.toml", venue, real_money=real_money) == kind


def test_a_venue_that_is_none_is_refused(system):
    """It says which venues could be checked."""
    for name in ("NOWHERE", "PAPER"):
        line = ["mt5", "check", name, "--config", str(system.config_path)]
        done = CliRunner().invoke(main, line)
        assert done.exit_code == 2
        assert "is no MetaTrader venue of the config: expected one of none" in done.output


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--only", "nothing"), "--only: received 'nothing', expected one of time-gmt,"),
        (("--symbol", "X"), "'X' is no symbol of PAPER: expected one of EURUSD"),
        (("--terminal", "/nowhere"), "has no folder MQL5"),
        (("--peer-port", "70000"), "0<=x<=65535"),
    ],
)
def test_what_is_said_wrongly_is_refused(expert, args, words):
    """What was received, what was expected; nothing is sent."""
    assert words in expert(*args, code=2)


def test_without_a_gateway_that_is_said(expert):
    """Exit code 3, as of every command; what needs none is tried all the same."""
    assert "gateway" in expert("--only", "delays", code=3)
    said = expert("--only", "metaeditor", "--only", "magic", "--only", "call-times")
    assert "not checked metaeditor: it needs your hand: F7 in MetaEditor" in said
    assert "not checked magic: attach PortcullisCheck" in said
    assert "not checked call-times: a venue of kind mt5_terminal" in said
    assert load(json_of(expert.report)).counts()["not checked"] == len(STEPS)


def test_what_the_expert_advisor_has_found_is_taken_in(expert, tmp_path):
    """Verdicts, facts, the report, and the exit code; a later file adds to it."""
    path = tmp_path / "found.txt"
    path.write_text(FOUND)
    said = expert("--findings", path)
    assert "holds magic: sent 1" in said
    assert f"of {len(STEPS)} beliefs: 2 holds" in said
    path.write_text("# account: demo, netting\nmodify|does not hold|other\n# end: yes\n")
    expert("--findings", path, code=1)
    report = load(json_of(expert.report))
    assert report.facts["account"] == "demo, netting"
    assert [report.verdict(one) for one in ("magic", "modify")] == [HOLDS, FAILS]
    assert "| does not hold |" in expert.report.read_text(encoding="utf-8")
    found = json.loads(CliRunner().invoke(main, [
        "mt5", "check", "PAPER", "--config", str(expert.system.config_path), "--json",
        "--findings", str(path), "--only", "modify",
    ]).stdout)  # fmt: skip
    assert found["findings"] == [{"name": "modify", "verdict": "does not hold", "seen": "other"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is not there: attach PortcullisCheck"), ("", "is empty"),
        ("# problem: this is no demo account\n", "this is no demo account"),
    ],
)  # fmt: skip
def test_a_file_without_findings_is_refused(expert, tmp_path, text, words):
    """It says what the Expert Advisor said, or where it should have written."""
    path = tmp_path / "found.txt"
    if text is not None:
        path.write_text(text)
    assert words in expert("--findings", path, code=1)


@pytest.fixture
def folder(tmp_path):
    """Give a terminal's data folder with the sources in it."""
    (tmp_path / "MQL5" / "Files").mkdir(parents=True)
    CliRunner().invoke(main, ["mt5", "install", str(tmp_path)])
    return tmp_path


def test_a_terminal_is_followed_until_its_end(folder, capsys):
    """The user is told what to attach, old lines do not count, new ones come one by one."""
    path = folder / "MQL5" / "Files" / "portcullis-check.txt"
    path.write_text(FOUND)
    parts = iter(("# check: 1\n", "# check: 1\nmag", "# check: 1\nmagic|holds|sent 2\n", None))

    def pause(_):
        text = next(parts)
        path.write_text(text if text is not None else FOUND)

    found = list(Terminal(folder, pause).follow("EURUSD", {"Only": "magic"}, port=0))
    assert found == [Finding("magic", HOLDS, "sent 2"), Finding("modify", HOLDS, "same")]
    said = " ".join(capsys.readouterr().err.split())
    assert "drag PortcullisCheck onto a chart of EURUSD" in said
    assert "Only = magic" in said


def test_a_terminal_is_left_with_what_is_there(folder, capsys):
    """Ctrl+C ends the waiting; what came so far counts, and it is said that more would have."""
    path = folder / "MQL5" / "Files" / "portcullis-check.txt"
    parts = iter(("# check: 1\nmagic|holds|sent 2\n",))

    def pause(_):
        for text in parts:
            path.write_text(text)
            return
        raise KeyboardInterrupt

    assert [one.name for one in Terminal(folder, pause).follow("EURUSD", {}, port=0)] == ["magic"]
    assert "not to its end" in capsys.readouterr().err


def test_a_terminal_without_the_program_is_sent_to_install(tmp_path):
    """Nothing to attach: the command that brings it is named."""
    (tmp_path / "MQL5").mkdir()
    with pytest.raises(CommandError, match="mt5 install"):
        Terminal(tmp_path)


def test_a_port_that_is_taken_is_told():
    """Which, and how to name another."""
    with Peer(0) as peer, pytest.raises(CommandError, match=r"port \d+ .* --peer-port"):
        Peer(peer.port)


@pytest.mark.parametrize(
    ("keys", "verdict", "words"),
    [
        ("h\n\n", HOLDS, "said by the user"), ("d\ntwo warnings\n", FAILS, "two warnings"),
        ("s\n", OPEN, "skipped; how: F7 in MetaEditor"), ("x\nh\nfine\n", HOLDS, "fine"),
    ],
)  # fmt: skip
def test_a_user_is_led_through_a_step(keys, verdict, words):
    """Told what to do, shown what changes meanwhile, asked what was seen."""
    with CliRunner().isolation(input=keys) as (out, *_):
        found = User(lambda: "the venue is up").walk(step_of("metaeditor"))
        said = out.getvalue().decode()
    assert found.verdict is verdict
    assert words in found.seen
    if verdict is not OPEN:
        assert "the venue is up" in found.seen
    assert "what did you see?" in said


@pytest.mark.parametrize(("keys", "done"), [("\n", True), ("s\n", False)])
def test_a_user_does_what_he_is_told_or_skips_it(keys, done):
    """Enter goes on, s does not."""
    with CliRunner().isolation(input=keys):
        assert User(lambda: "").ask("pull the cable") is done


@pytest.fixture
def terminal(expert, monkeypatch):
    """Give a simulated terminal behind the package, and a config whose venue is that."""
    scene = Scene()
    package = Package(scene.terminal)
    monkeypatch.setattr(mt5_check, "find_package", lambda: package)
    expert.system.edit('kind = "mt5_ea"', 'kind = "mt5_terminal"')
    account = f'[venue.mt5]\nlogin = 1001\nserver = "{scene.server.name}"\n'
    expert.system.edit('symbols = ["EURUSD"]\n', f'symbols = ["EURUSD"]\n{account}')
    return expert, scene


def test_the_package_is_asked_on_a_terminal(terminal):
    """Facts and findings come from it, its connection is let go, nothing is left."""
    run, _ = terminal
    assert "holds eight-places: 5 places at most" in run("--only", "eight-places")
    report = load(json_of(run.report))
    assert report.facts["account"] == "demo, netting"
    assert report.facts["left behind"] == "0"
    assert report.facts["MetaTrader5 package"] == "5.0.6231"


def test_a_terminal_that_may_not_be_used_is_left_alone(terminal):
    """Another login, a real account without the word: a sentence, and nothing is sent."""
    run, scene = terminal
    scene.office.account.terms.trade_mode = 2
    assert "no demo account" in run("--only", "magic", code=1)
    run.system.edit("login = 1001", "login = 1002")
    assert "the terminal does not answer" in run("--only", "magic", code=1)
    assert not scene.office.ledger.arrivals


def test_it_can_be_stopped_and_taken_up_again(terminal, monkeypatch):
    """Ctrl+C in the middle: what was seen is in the report, what was placed is taken away."""
    run, scene = terminal
    package = mt5_check.find_package()
    true = package.order_send

    def interrupted(request):
        monkeypatch.setattr(package, "order_send", true)
        true(request)
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "order_send", interrupted)
    said = run("--only", "eight-places", "--only", "magic", code=1)
    assert "Aborted" in said
    assert load(json_of(run.report)).verdict("eight-places") is HOLDS
    scene.settled()
    assert not scene.books.orders
    package.initialize()
    run("--only", "magic")
    report = load(json_of(run.report))
    assert [report.verdict(one) for one in ("eight-places", "magic")] == [HOLDS, HOLDS]


def test_every_way_of_a_step_is_walked_by_some_venue():
    """No way is left that the command does not know."""
    assert {way for step in STEPS for way in step.ways} == set(Way)
