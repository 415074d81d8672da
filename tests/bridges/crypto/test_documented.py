"""docs/crypto.md says what the translation tables say, and the config takes what they offer."""

from __future__ import annotations

from bridges.crypto.addresses import PLACES
from bridges.crypto.documented import WORDS, with_table
from bridges.crypto.settings import TABLES
from gateway.config_crypto import MARKETS


def test_the_document_has_the_table_that_the_tables_make(root):
    """`python -m bridges.crypto.documented docs/crypto.md` writes it, and changes nothing now."""
    text = (root / "docs" / "crypto.md").read_text(encoding="utf-8")
    assert with_table(text) == text


def test_what_an_exchange_calls_things_has_a_row_of_its_own():
    """A table says nothing that the document would not show."""
    for table in TABLES.values():
        assert set(table.wire_words) <= set(WORDS), table.name


def test_every_market_of_the_config_is_supported():
    """What may stand in the file is what the bridge has a table for, and nothing else."""
    named = {(exchange, market) for exchange, markets in MARKETS.items() for market in markets}
    assert named == set(TABLES)
    assert {f"{exchange} {market}" for exchange, market in named} == set(PLACES)
