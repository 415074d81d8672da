"""The witnesses of the kill rounds are not blind: each kind of loss and doubling is seen."""

from __future__ import annotations

import orjson
import pytest
from support import witnesses
from support.system import System
from support.waiting import wait_for

ONE_FILL = '''
from portcullis import Strategy


class OneFill(Strategy):
    """Buys once and says so."""

    symbols = ("EURUSD",)
    asked = None

    def on_quote(self, quote):
        self.asked = self.asked or self.buy("EURUSD", 1000)
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Give a finished run with one fill: its folder's witnesses."""
    with System(tmp_path_factory.mktemp("witnesses")) as made:
        path = made.folder / "one.py"
        path.write_text(ONE_FILL, encoding="utf-8")
        made.start()
        made.start_strategy(f"{path}:OneFill", "MM")
        file = made.transcript("MM")
        wait_for(lambda: file.exists() and b'"150":"F"' in file.read_bytes(), timeout_s=30)
        assert made.stop_strategy("MM") == 0
        assert made.stop() == 0
        yield made


def found(run, *, ledger=None, told=None):
    """Return what the witnesses say, with another ledger or transcript in place of the true one."""
    replayed = witnesses.replay(run.journal, ("MM",))
    return [
        *witnesses.session_wrongs("MM", witnesses.listen(told or run.transcript("MM")), replayed),
        *witnesses.venue_wrongs(ledger or run.ledger, replayed.book),
    ]


def rewritten(path, to, change):
    """Write a JSON lines file anew, each line as `change` gives it (a list of lines)."""
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    to.write_bytes(b"".join(orjson.dumps(new) + b"\n" for line in lines for new in change(line)))
    return to


@pytest.mark.budget(60)
def test_the_truth_passes(run):
    """An undisturbed run has nothing wrong."""
    assert found(run) == []


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        ("received", {"n": 2}, "reached the venue 2 times"),
        ("fill", None, "our fill is not the venue's"),
        ("fill", {"trade": "T99"}, "the venue's fill is not ours"),
        ("fill", {"qty": "2000"}, "position"),
        ("fill", {"fee": "0.01"}, "fees"),
        ("fill", {"cum": "500"}, "order"),
        ("order", {"id": "0000000000001"}, "the venue's order is not ours"),
    ],
)
def test_a_changed_ledger_is_seen(run, tmp_path, kind, change, says):
    """Doubled ids, fills that one side lacks, other quantities and fees: each is named."""

    def changed(line):
        if line["k"] != kind:
            return [line]
        return [] if change is None else [{**line, **change}]

    wrong = found(run, ledger=rewritten(run.ledger, tmp_path / "ledger", changed))
    assert any(text.startswith(says) for text in wrong), wrong


def test_a_doubled_order_is_seen(run, tmp_path):
    """An order that the venue holds twice is named."""
    twice = rewritten(run.ledger, tmp_path / "ledger",
                      lambda line: [line] * (2 if line["k"] == "order" else 1))  # fmt: skip
    assert any("accepted 2 times" in text for text in found(run, ledger=twice))


def test_a_lost_report_is_seen(run, tmp_path):
    """A report that the journal says was said, and that never came, is named."""
    told = rewritten(
        run.transcript("MM"), tmp_path / "told",
        lambda line: [] if line.get("fields", {}).get("150") == "0" else [line],
    )  # fmt: skip
    assert any("said, never came" in text for text in found(run, told=told))


def test_a_lost_order_is_seen(run, tmp_path):
    """An acknowledgement of an order that neither journal nor state hold is named."""

    def changed(line):
        fields = line.get("fields", {})
        return [{**line, "fields": {**fields, "11": "GHOST"}}] if fields.get("150") else [line]

    wrong = found(run, told=rewritten(run.transcript("MM"), tmp_path / "told", changed))
    assert any("not heard in the journal: GHOST" in text for text in wrong)
    assert any("not in the recovered state: GHOST" in text for text in wrong)
    assert any("sent, never answered" in text for text in wrong)
