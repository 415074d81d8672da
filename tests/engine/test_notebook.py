"""The notebook trades by hand on paper: its cells run, in order, against a whole system."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.waiting import wait_for

from engine import examples
from engine.client import Client
from engine.errors import QuestionRefused


def has_book(client):
    """Say whether the venue has quoted yet."""
    try:
        return client.book("EURUSD").bids
    except QuestionRefused:
        return False


def cells(kind):
    """Return the sources of the notebook's cells of one kind."""
    path = Path(next(iter(examples.__path__))) / "trade_by_hand.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def test_the_notebook_carries_no_outputs_of_somebodys_machine():
    """No outputs and no execution counts are checked in."""
    for cell in cells("code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.budget(40)
def test_the_notebooks_cells_run_on_paper(system, monkeypatch):
    """From connect to close: rests, moves, cancels, buys, sells, and is refused with a reason."""
    system.start()
    with Client("EXAMPLE", system.config.gateway.orders[0]) as client:
        wait_for(lambda: has_book(client), what="the first quote")
    monkeypatch.setenv("PORTCULLIS_ORDERS", system.config.gateway.orders[0])
    names: dict[str, object] = {}
    for cell in cells("code"):
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["fill"].ord_status.name == "FILLED"
    assert names["done"].ord_status.name == "FILLED"
    assert names["refused"].ord_status.name == "REJECTED"
    assert "NOSUCH" in names["refused"].text
