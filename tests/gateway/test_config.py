"""The configuration file: what is accepted, and how each mistake is named."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.config import load_config
from gateway.config_limits import House, origins_by_scope, unused_tables
from gateway.errors import ConfigError
from gateway.risk.limits import BUILT_IN, KEYS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def load(tmp_path):
    """Write a text as a config file and load it."""

    def load(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path)

    return load


def test_the_shipped_example_is_complete_and_valid():
    """The config.toml at the root loads, and its documented defaults are the code's defaults."""
    config = load_config(ROOT / "config.toml")
    assert [venue.id for venue in config.venue] == ["PAPER"]
    assert config.limits["default"] == BUILT_IN
    assert not config.built_in_limits


def test_an_empty_file_means_the_defaults(load, tmp_path):
    """Nothing is required; paths are taken from the file's folder."""
    config = load("")
    assert config.gateway.orders == ("tcp://127.0.0.1:5570",)
    assert config.journal.path == tmp_path / "var/journal"
    assert config.operator_token_path == tmp_path / "var/operator.token"
    assert config.built_in_limits


def test_numbers_are_exact(load):
    """A number becomes the Decimal that was written, as a TOML number or as text."""
    config = load('[limits.default]\nmax_order_qty = 0.1\nmax_order_notional = "1234.50"\n')
    assert config.limits["default"].max_order_qty == Decimal("0.1")
    assert str(config.limits["default"].max_order_notional) == "1234.50"


def test_an_endpoint_may_be_a_list(load):
    """One endpoint or several."""
    config = load('[gateway]\norders = ["tcp://127.0.0.1:6001", "tcp://127.0.0.1:6002"]\n')
    assert config.gateway.orders == ("tcp://127.0.0.1:6001", "tcp://127.0.0.1:6002")


def test_symbols_may_be_mapped(load):
    """A list means equal names; a table maps our symbol to the venue's."""
    venue = '[[venue]]\nid = "V"\nkind = "paper"\n'
    assert load(venue + 'symbols = ["A"]').venue[0].symbol_map == {"A": "A"}
    assert load(venue + 'symbols = { A = "A.m" }').venue[0].symbol_map == {"A": "A.m"}


VENUE = '[[venue]]\nid = "V"\nkind = "paper"\n'
STRATEGY = '[[strategy]]\nid = "S"\n'
INDEX = VENUE + 'symbols = ["VIX"]\n[[breakers.index]]\nvenue = "V"\nabove = 30\n'
PERSON = '[[person]]\nname = "ann"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gatway]\n", ["unknown key 'gatway'", "did you mean 'gateway'"]),
        ("[journal]\ndurabilty = 'os'", ["'journal.durabilty'", "did you mean 'durability'"]),
        (VENUE + "feed = { sed = 1 }", ["'venue[0].feed.sed'", "did you mean 'seed'"]),
        ("[limits.default]\nmax_order = 1", ["'limits.default.max_order'", "max_order_qty"]),
        ("[limits.default]\nmax_order_qty = nan", ["received 'nan'"]),
        ("[limits.default]\nmax_order_qty = 'NaN'", ["received 'NaN'"]),
        ("[limits.default]\nmax_order_qty = 1e999", ["plain decimal"]),
        ("[limits.default]\nmax_order_qty = '1_000'", ["received '1_000'"]),
        ("[limits.default]\nmax_order_qty = true", ["max_order_qty", "true"]),
        ("[gateway]\ninstance = 1024", ["gateway.instance", "1023"]),
        ("[gateway]\norders = 'tcp://0.0.0.0:5570'", ["gateway.orders", "loopback"]),
        ("[gateway]\norders = 'tcp://gateway.example:5570'", ["loopback"]),
        ("[gateway]\norders = 'udp:5570'", ["expected tcp://127.0.0.1:PORT"]),
        ("[gateway]\norders = 'tcp://127.0.0.1:99999'", ["1 to 65535"]),
        ("[gateway]\norders = []", ["gateway.orders is empty"]),
        ("[gateway]\nhttp = '0.0.0.0:80'", ["gateway.http", "loopback"]),
        ("[gateway]\norders = 'tcp://127.0.0.1:5571'", ["are both tcp://127.0.0.1:5571"]),
        ("[gateway]\ncomp_id = 'OPERATOR'", ["reserved"]),
        ("[[venue]]\nid = 'EXTERNAL'\nkind = 'paper'", ["'EXTERNAL' is reserved"]),
        ("[[strategy]]\nid = 'GATEWAY'", ["'GATEWAY' is reserved"]),
        (VENUE + VENUE, ["'V' is used by a venue and again by a venue"]),
        (VENUE + STRATEGY.replace('"S"', '"V"'), ["a venue and again by a strategy"]),
        (VENUE + "kin = 1", ["unknown key 'venue[0].kin'"]),
        ("[[venue]]\nid = 'V'\nkind = 'papr'", ["venue[0].kind"]),
        (VENUE + "day_ends = '5 pm'", ["venue V", "17:00 America/New_York"]),
        (VENUE + "day_ends = '17:00 Mars/Base'", ["Mars/Base", "IANA"]),
        (VENUE + "symbols = ['A|B']", ["'A|B'"]),
        (VENUE + "feed = { kind = 'csv' }", ["needs path"]),
        (VENUE + "token = 'abc'", ["token", "{file =", "never in the file"]),
        (VENUE + "token = {}", ["exactly one of"]),
        (STRATEGY + "venues = ['V']", ["nothing is called 'V'"]),
        (STRATEGY + "limits = 'big'", ["nothing is called 'big'"]),
        ("[routing]\ndefault = 'V'", ["routing.default"]),
        ("[gateway\n", ["not valid TOML"]),
        ("[limits.default]\nmax_open_orders = 1.5", ["limits.default.max_open", "received 1.5"]),
        ("[limits.mm]\nrequire_stop = 1", ["limits.mm.require_stop", "true or false"]),
        ("[limits.mm]\nrunaway_orders = 0", ["limits.mm.runaway_orders", "received 0", "from 1"]),
        ("[limits.mm]\nmessage_burst = 0", ["limits.mm.message_burst", "from 1 on"]),
        ("[limits.mm]\nmessage_burst = false", ["mm.message_burst: received false", "from 1"]),
        ("[limits.mm]\nreview_expires_ms = false", ["review_expires_ms: received false"]),
        ("[limits.mm]\nrunaway_window_ms = false", ["runaway_window_ms: received false"]),
        ("[limits.mm]\nmax_messages_per_s = 0", ["max_messages_per_s: received 0", "or false"]),
        (VENUE + "rate_weights = { new = 0, cancel = 0, replace = 0, query = 0 }",
         ["venue V: rate_weights: received 0 for every message", "at least one above 0"]),
        ("[risk]\nstop_file = '/srv/STOP'", ["received '/srv/STOP'", "gateway.var"]),
        ("[risk]\nstop_file = '../STOP'", ["risk.stop_file: received '../STOP'"]),
        ("[risk]\nstop_file = 'a/../STOP'", ["risk.stop_file"]),
        ("[risk]\nstop_file = 'C:\\STOP'", ["risk.stop_file"]),
        ("[risk]\nstop_file = '..\\STOP'", ["risk.stop_file"]),
        ("[risk]\nstop_file = '.'", ["risk.stop_file", "no folder"]),
        ("[risk]\nstop_file = 'stops/'", ["risk.stop_file", "no folder"]),
        ("[curve]\nkeys = ''", ["curve.keys", "var/keys"]),
        (VENUE + "balances = { USD = -1 }", ["venue V: balances.USD: received -1", "from 0 on"]),
        ("[ceilings]\nmax_order_qty = false", ["ceilings.max_order_qty: received false"]),
        ("[ceilings]\nrequire_stop = false", ["ceilings.require_stop: received false"]),
        (STRATEGY + "[limits.default]\nmax_order_qty = 10\n[ceilings]\nmax_order_qty = 9",
         ["ceilings.max_order_qty: received 9", "strategy:S has 10 (limits.default)"]),
        (STRATEGY + "[ceilings]\ncapital = 9", ["strategy:S has 500000 (built in)"]),
        (STRATEGY + "[limits.default]\ncapital = false\n[ceilings]\ncapital = 9",
         ["strategy:S has no limit (limits.default)"]),
        (STRATEGY + "[ceilings]\ncooling_ms = 90_000", ["received 90000", "strategy:S has 60000"]),
        (STRATEGY + "[ceilings]\nrequire_stop = true", ["ceilings.require_stop", "strategy:S"]),
        ("[risk]\nresting_orders = 'kill'", ["received 'kill'", "one of keep, cancel, ask"]),
        ("[risk]\nday_ends = '5pm'", ["risk.day_ends: received '5pm'", "17:00 America/New_York"]),
        ("[risk]\nwind_down_ms = -1", ["risk.wind_down_ms: received -1", "a whole number >= 0"]),
        ("[breakers.loss]\nstate = 'STOP'", ["received 'STOP'", "ACTIVE, REDUCING, HALTED"]),
        ("[group.g]\nsymbols = ['X']", ["group.g: the key 'limits' is missing"]),
        ("[limits.a]\n[group.'g 1']\nsymbols = ['X']\nlimits = 'a'", ["the name 'g 1'"]),
        ("[limits.a]\n[group.g]\nsymbols = []\nlimits = 'a'", ["group.g.symbols is empty"]),
        (VENUE + "symbols = ['EURUSD']\n[limits.a]\n[group.g]\nsymbols = ['EURUSDD']\nlimits = 'a'",
         ["group.g.symbols", "did you mean 'EURUSD'"]),
        (VENUE + "symbols = ['EURUSD']\n" + STRATEGY + "symbols = ['EURUSDD']",
         ["strategy S: symbols", "did you mean 'EURUSD'"]),
        (VENUE + "symbols = ['EURUSD']\n[routing]\nrules = { EURUSDD = 'V' }",
         ["routing.rules", "did you mean 'EURUSD'"]),
        (VENUE + "margin_rate = -1", ["venue V: margin_rate: received -1"]),
        ("[rates]\n'usdt/usd' = 1", ["rates: received", "usdt/usd"]),
        ("[rates]\n'USD/USD' = 1", ["rates: received", "USD/USD"]),
        ("[rates]\n'USDT/USD' = 1\n'USD/USDT' = 1", ["keep one"]),
        (STRATEGY + "sides = []", ["strategy[0].sides: received []", "leave the key away"]),
        (INDEX + "symbol = 'VIXX'", ["index VIXX: symbol", "did you mean 'VIX'"]),
        (INDEX + "symbol = 'VIX'\nscope = 'venue:W'", ["index VIX: scope", "called 'W'"]),
        (PERSON + "token = {env = 'A'}\n" + PERSON + "token = {env = 'B'}", ["'ann'", "twice"]),
        (PERSON + "token = {env = 'A'}\n[[person]]\nname = 'bob'\ntoken = {env = 'A'}",
         ["person bob", "that of ann too"]),
    ],
)
def test_each_mistake_is_named(load, tmp_path, text, words):
    """An error names the file, the key, what was received and what is expected."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    for word in [str(tmp_path / "config.toml"), *words]:
        assert word in str(caught.value)


def test_a_stop_file_that_is_a_folder(load, tmp_path):
    """A folder in its place would hold everything, for ever: it is refused, with its path."""
    (tmp_path / "var/stops/STOP").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"risk.stop_file: .*STOP is a folder"):
        load("[risk]\nstop_file = 'stops/STOP'")
    assert load("[risk]\nstop_file = 'stops/HALT'").risk.stop_file == "stops/HALT"


def test_a_ceiling_may_be_what_is_configured(load):
    """Exactly the limit is no tighter than it; what a table leaves open is not compared."""
    config = load(
        STRATEGY + "[limits.default]\nmax_order_qty = 10\nrequire_stop = true\n"
        "[limits.house]\ncapital = 5\n[risk]\nlimits = 'house'\n"
        "[ceilings]\nmax_order_qty = 10\nrequire_stop = true\n"
    )
    assert (config.ceilings.max_order_qty, config.ceilings.require_stop) == (10, True)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    """The first mistake of all: no file."""
    with pytest.raises(ConfigError, match="portcullis init"):
        load_config(tmp_path / "config.toml")


def test_a_secret_is_read_from_where_it_is_kept(load, tmp_path, monkeypatch):
    """A token comes from a file beside the config, or from the environment; never from it."""
    (tmp_path / "mm.token").write_text("abc\n", encoding="utf-8")
    monkeypatch.setenv("V_TOKEN", "xyz")
    config = load(
        STRATEGY + 'token = { file = "mm.token" }\n' + VENUE + 'token = { env = "V_TOKEN" }\n'
    )
    assert config.strategy[0].token.read() == b"abc"
    assert config.venue[0].token.read() == b"xyz"
    monkeypatch.delenv("V_TOKEN")
    with pytest.raises(ConfigError, match="environment variable V_TOKEN, which is empty"):
        config.venue[0].token.read()
    (tmp_path / "mm.token").unlink()
    with pytest.raises(ConfigError, match=r"mm\.token"):
        config.strategy[0].token.read()


def test_the_shipped_default_limits_name_every_key():
    """[limits.default] holds each key there is, with a comment, at its built-in value."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    table = text.partition("\n[limits.default]")[2].partition("\n\n")[0]
    rows = re.findall(r"^(\w+) = [^#\n]+# +\S", table, re.MULTILINE)
    assert sorted(rows) == sorted(KEYS)
    config = load_config(ROOT / "config.toml")
    assert config.limits["default"] == BUILT_IN
    assert config.risk == House()


def test_where_each_limit_stands_is_known(tmp_path):
    """A strategy's limit is its own table's, the default's or built in; a venue's its table's."""
    path = tmp_path / "config.toml"
    path.write_text("""
        [limits.default]
        max_order_qty = 10
        collar_bps = 50
        [limits.own]
        collar_bps = 20
        [[venue]]
        id = "PAPER"
        kind = "paper"
        limits = "own"
        [[strategy]]
        id = "MM"
        limits = "own"
    """, encoding="utf-8")
    origins = origins_by_scope(load_config(path))
    assert {key: origins["strategy:MM"][key] for key in (
        "collar_bps", "max_order_qty", "capital",
    )} == {
        "collar_bps": "limits.own", "max_order_qty": "limits.default", "capital": "built in",
    }  # fmt: skip
    assert origins["venue:PAPER"] == {"collar_bps": "limits.own"}


def test_a_table_of_limits_that_binds_nobody_is_found(load):
    """`run` warns of it: a name may be misspelt, and the default binds instead."""
    config = load(STRATEGY + 'limits = "a"\n[limits.a]\n[limits.b]\n[limits.default]\n')
    assert unused_tables(config) == ["b"]
