"""docs/crypto.md says what the translation tables say."""

from __future__ import annotations

import pytest

from bridges.answers import capabilities_text
from bridges.crypto.settings import TABLES

ROWS = {"order types": ("MARKET", "LIMIT", "STOP", "STOP_LIMIT"), "time in force": (
    "DAY", "GTC", "IOC", "FOK", "GTD")}  # fmt: skip


@pytest.fixture
def documented(root):
    """Return the table of docs/crypto.md: row, then column, then cell."""
    text = (root / "docs" / "crypto.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]}


@pytest.mark.parametrize("market", TABLES, ids=" ".join)
def test_the_document_has_the_abilities_of_each_market(documented, market):
    """Types, times in force, post-only and reduce-only are those that the bridge declares."""
    table = TABLES[market][0]({"BTC/USDT": "BTCUSDT"}, recv_window_ms=5_000)
    column = " ".join(market)
    words = capabilities_text(table.capabilities).split()
    for row, known in ROWS.items():
        assert documented[row][column].split() == [word for word in known if word in words]
    for row, word in (("post-only", "POST_ONLY"), ("reduce-only", "REDUCE_ONLY")):
        assert (documented[row][column] != "no") is (word in words)
    assert table.capabilities.absence_after_ms == 5_000 + 5_000


def test_every_market_has_a_column(documented):
    """No market is supported in silence, and none is promised."""
    assert set(documented["order types"]) == {" ".join(market) for market in TABLES}
