"""The simulated package against the real one: its constants, its tuples, its functions.

The real wheel is for Windows and is not imported: its `__init__.py` is read, its binary searched.
"""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from support.mt5 import package_tuples
from support.mt5.package import Package
from support.mt5.package_constants import constants

VERSION = "5.0.6231"
FOLDER = Path(tempfile.gettempdir()) / f"portcullis-metatrader5-{VERSION}"
TUPLES = (
    "TerminalInfo", "AccountInfo", "TradePosition", "TradeOrder", "TradeDeal", "TradeRequest",
    "OrderSendResult", "OrderCheckResult", "Tick", "BookInfo", "SymbolInfo",
)  # fmt: skip


@pytest.fixture(scope="module")
def wheel():
    """The real wheel, from the registry that pip knows, kept in the folder for temporary files."""
    if not list(FOLDER.glob("*.whl")):
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--only-binary=:all:", "--platform", "win_amd64", "--python-version",
            "3.13", "--retries", "1", "--timeout", "10", "--dest", str(FOLDER),
            f"MetaTrader5=={VERSION}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no MetaTrader5 {VERSION} to be had: {done.stderr.strip()[-200:]}")
    with zipfile.ZipFile(next(FOLDER.glob("*.whl"))) as opened:
        yield opened


def read(wheel, end):
    """Return the bytes of the one file whose name ends so."""
    name, = (name for name in wheel.namelist() if name.endswith(end))
    return wheel.read(name)


def assigned(source):
    """Return the numbers that a module gives names to, without running it."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant | ast.Call):
            found[node.targets[0].id] = eval(ast.unparse(node.value), {})
        elif isinstance(node, ast.Assign) and isinstance(node.value.value, int):
            found[node.targets[0].id] = node.value.value
    return found


@pytest.mark.budget(60)  # once, to fetch 48 kB
def test_the_constants_are_the_real_ones(wheel):
    """Every constant of `__init__.py` is here with its number, and no other."""
    real = assigned(read(wheel, "MetaTrader5/__init__.py").decode())
    assert len(real) > 200
    assert constants() == real


@pytest.mark.budget(60)  # the same
@pytest.mark.parametrize("name", TUPLES)
def test_the_fields_are_names_of_the_real_package(wheel, name):
    """Each tuple and each of its fields stands in the package's binary."""
    binary = read(wheel, ".pyd")
    kind = getattr(package_tuples, name)
    assert name.encode() in binary
    assert [field for field in kind._fields if field.encode() + b"\0" not in binary] == []


FUNCTIONS = {
    # as the documentation writes them: parameters that may be unnamed, and those that are named
    "initialize": (["path"], ["login", "password", "server", "timeout", "portable"]),
    "login": (["login", "password"], ["server", "timeout"]),
    "shutdown": ([], []), "version": ([], []), "last_error": ([], []),
    "account_info": ([], []), "terminal_info": ([], []), "symbols_total": ([], []),
    "symbols_get": (["group"], []), "symbol_info": (["symbol"], []),
    "symbol_info_tick": (["symbol"], []), "symbol_select": (["symbol", "enable"], []),
    "market_book_add": (["symbol"], []), "market_book_get": (["symbol"], []),
    "market_book_release": (["symbol"], []),
    "copy_rates_from": (["symbol", "timeframe", "date_from", "count"], []),
    "copy_rates_from_pos": (["symbol", "timeframe", "start_pos", "count"], []),
    "copy_rates_range": (["symbol", "timeframe", "date_from", "date_to"], []),
    "copy_ticks_from": (["symbol", "date_from", "count", "flags"], []),
    "copy_ticks_range": (["symbol", "date_from", "date_to", "flags"], []),
    "orders_total": ([], []), "orders_get": ([], ["symbol", "group", "ticket"]),
    "order_calc_margin": (["action", "symbol", "volume", "price"], []),
    "order_calc_profit": (["action", "symbol", "volume", "price_open", "price_close"], []),
    "order_check": (["request"], []), "order_send": (["request"], []),
    "positions_total": ([], []), "positions_get": ([], ["symbol", "group", "ticket"]),
    "history_orders_total": (["date_from", "date_to"], []),
    "history_orders_get": (["date_from", "date_to"], ["group", "ticket", "position"]),
    "history_deals_total": (["date_from", "date_to"], []),
    "history_deals_get": (["date_from", "date_to"], ["group", "ticket", "position"]),
}


def test_the_functions_are_the_32_of_the_documentation():
    """Names and parameters are those of the documentation, no more and no less."""
    own = {"call", "error", "trouble", "wedge"}
    functions = {
        name for name in dir(Package)
        if not name.startswith("_") and callable(getattr(Package, name))
    }  # fmt: skip
    assert functions - own == set(FUNCTIONS)
    assert len(FUNCTIONS) == 32
    for name, (unnamed, named) in FUNCTIONS.items():
        parameters = list(inspect.signature(getattr(Package, name)).parameters.values())[1:]
        assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == unnamed, name
        assert [p.name for p in parameters if p.kind is p.KEYWORD_ONLY] == named, name


@pytest.mark.budget(60)  # the same
def test_the_real_package_has_these_functions(wheel):
    """Each of the 32 names stands in the package's binary."""
    binary = read(wheel, ".pyd")
    assert [name for name in FUNCTIONS if name.encode() + b"\0" not in binary] == []
