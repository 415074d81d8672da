"""`[venue.crypto]`: what a crypto venue must say, and what becomes of it in the bridge."""

from __future__ import annotations

import inspect

import pytest

from bridges.crypto.settings import open_crypto_venue
from gateway.commands.bridge import arguments
from gateway.config import load_config
from gateway.config_crypto import CryptoAccount
from gateway.errors import ConfigError

VENUE = """
[[venue]]
id = "BINANCE"
kind = "crypto"
symbols = ["BTC/USDT"]
"""
ACCOUNT = """
[venue.crypto]
exchange = "binance"
market = "usdm"
api_key = { file = "key.txt" }
secret = { env = "TEST_CRYPTO_SECRET" }
testnet = true
key_may = ["any_address"]
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Write a config beside its secrets, and load it."""
    (tmp_path / "key.txt").write_text("the-key\n")
    monkeypatch.setenv("TEST_CRYPTO_SECRET", "the-secret")

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        return load_config(path)

    return write


def test_an_account_reaches_the_bridge(load):
    """Every key of the table is a setting of the bridge; secrets are read from their places."""
    config = load(VENUE + ACCOUNT)
    (venue,) = config.venue
    said = arguments(config, venue)
    assert (said["api_key"], said["secret"]) == ("the-key", "the-secret")
    assert (said["kind"], said["market"], said["testnet"]) == ("crypto", "usdm", True)
    assert said["key_may"] == ("any_address",)
    assert said["symbols"] == {"BTC/USDT": "BTC/USDT"}
    settings = set(inspect.signature(open_crypto_venue).parameters)
    assert set(CryptoAccount.__struct_fields__) <= settings
    common = {
        "venue_id", "kind", "endpoint", "feeds_endpoint", "curve", "lock_path", "token",
        "gateway_comp_id", "account", "dead_man_ms", "durability",
    }  # fmt: skip
    assert set(said) - common <= settings


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (VENUE, "needs its account"),
        (VENUE.replace('symbols = ["BTC/USDT"]', "") + ACCOUNT, "needs its symbols"),
        (VENUE.replace('"crypto"', '"paper"') + ACCOUNT, "of kind 'paper'"),
        (VENUE + ACCOUNT.replace('"binance"', '"nowhere"'), "expected one of binance spot"),
        (VENUE + ACCOUNT.replace('{ file = "key.txt" }', '"in the file"'), "never in the file"),
        (VENUE + ACCOUNT.replace('{ file = "key.txt" }', "{}"), "exactly one of"),
        (VENUE + ACCOUNT.replace('"any_address"', '"everything"'), "key_may"),
        (VENUE + ACCOUNT + "retries = 3\n", "retries"),
        (VENUE + ACCOUNT + 'passphrase = { env = "P" }\n', "takes no passphrase"),
        (VENUE + ACCOUNT + "exchange_dead_man_ms = 30000\n", "comes first"),
    ],
)
def test_what_is_wrong_is_named(load, text, word):
    """Each mistake is refused when the file is read, with the key's name."""
    with pytest.raises(ConfigError, match=word):
        load(text)
