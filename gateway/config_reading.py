"""How a TOML table becomes a typed struct, with errors that a person can act on.

Rules: an unknown key is an error that names the key, where it stands and the nearest known one; a
number for a Decimal follows the wire's own grammar (no NaN, no exponents, no floats in between);
one endpoint may stand where a list of them may. msgspec does the rest of the validation; its
errors are put into words, with what was received.
"""

from __future__ import annotations

import difflib
import enum
import tomllib
import types
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from gateway.errors import ConfigError
from protocol.numbers import parse_decimal

S = TypeVar("S", bound=msgspec.Struct)
_WORDS = {
    "`bool | int | null`": "a whole number, or false for no limit",
    "`bool | null`": "true or false", "`bool`": "true or false", "`int | null`": "a whole number",
    "`int`": "a whole number", "`str | null`": "text", "`str`": "text",
}  # fmt: skip


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file; floats arrive as the exact Decimal that was written."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = (
            f"there is no {path}; `portcullis init` writes a commented one,"
            " `--config FILE` names another"
        )
        raise ConfigError(msg) from None
    except (OSError, UnicodeDecodeError) as problem:
        msg = f"{path} cannot be read: {problem}"
        raise ConfigError(msg) from None
    try:
        return tomllib.loads(text, parse_float=_plain_decimal)
    except (tomllib.TOMLDecodeError, ValueError) as problem:
        msg = f"{path} is not valid TOML: {problem}"
        raise ConfigError(msg) from None


def convert(raw: dict[str, Any], struct: type[S]) -> S:
    """Build a struct from a parsed table. Raises ConfigError that names the key."""
    try:
        return msgspec.convert(_prepare(raw, struct, ""), struct, dec_hook=_decode_path)
    except msgspec.ValidationError as problem:
        text, _, at = str(problem).partition(" - at ")
        where = at.strip("`").removeprefix("$").lstrip(".") or "the top level"
        msg = f"{where}: {text[:1].lower()}{text[1:]}"
        raise ConfigError(msg) from None


def nearest(name: str, known: typing.Iterable[str]) -> str:
    """Return `; did you mean …?` when a known name is close, and the list of names otherwise."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(names) or 'none'}"


def _decode_path(hint: type, value: Any) -> Any:
    if hint is Path and isinstance(value, str):
        return Path(value)
    msg = f"expected text, got {type(value).__name__}"
    raise ValueError(msg)


def _plain_decimal(text: str) -> Decimal:
    return parse_decimal(text.replace("_", ""))


def _prepare(value: Any, hint: Any, where: str) -> Any:
    """Walk value and type together: check keys, read decimals, let one stand for a list."""
    full, hint = hint, _bare(hint)
    origin = get_origin(hint)
    if origin is dict and isinstance(value, dict):
        inner = get_args(hint)[1]
        return {key: _prepare(item, inner, f"{where}.{key}") for key, item in value.items()}
    if origin is tuple:
        inner = get_args(hint)[0]
        items = value if isinstance(value, list) else [value]
        if not items and where.startswith("strategy["):
            msg = f"{where}: received [], expected at least one; leave the key away to allow all"
            raise ConfigError(msg)
        return [_prepare(item, inner, f"{where}[{at}]") for at, item in enumerate(items)]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and isinstance(value, dict):
        return _prepare_struct(value, hint, where)
    if isinstance(hint, type) and hint.__name__ == "Secret":
        msg = f"{where}: expected {{file = …}} or {{env = …}}: a secret is never in the file itself"
        raise ConfigError(msg)
    if hint is Decimal or (Decimal in get_args(hint) and not isinstance(value, bool)):
        return _decimal(value, where)
    return _checked(value, full, where)


def _prepare_struct(value: dict[str, Any], struct: type[msgspec.Struct], where: str) -> Any:
    hints = typing.get_type_hints(struct, include_extras=True)
    fields = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(struct)}
    for key in value:
        if key not in fields:
            msg = f"unknown key {_join(where, key)!r}; {nearest(key, fields)}"
            raise ConfigError(msg)
    for field in msgspec.structs.fields(struct):
        if field.required and field.encode_name not in value:
            msg = f"{where or 'the top level'}: the key {field.encode_name!r} is missing"
            raise ConfigError(msg)
    return {key: _prepare(item, fields[key], _join(where, key)) for key, item in value.items()}


def _checked(value: Any, hint: Any, where: str) -> Any:
    """Return a plain value if its type takes it. Raises ConfigError with what was received."""
    try:
        msgspec.convert(value, hint, dec_hook=_decode_path)
    except msgspec.ValidationError as problem:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        shown = str(value) if isinstance(value, Decimal) else shown
        msg = f"{where}: received {shown}, expected {_expected(_bare(hint), str(problem))}"
        raise ConfigError(msg) from None
    return value


def _expected(hint: Any, problem: str) -> str:
    """Say what a type takes, in words."""
    if get_origin(hint) is typing.Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"one of {', '.join(str(one.value) for one in hint)}"
    text = problem.partition(" - at ")[0].partition(", got ")[0]
    text = text.removeprefix("Expected ").removeprefix("expected ")
    for word, meaning in _WORDS.items():
        text = text.replace(word, meaning)
    return text[:1].lower() + text[1:]


def _decimal(value: Any, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        msg = f'{where}: received {value!r}, expected a number such as 1.25 or "1.25"'
        raise ConfigError(msg)
    try:
        return parse_decimal(format(value, "f") if isinstance(value, Decimal) else str(value))
    except ValueError as problem:
        msg = f"{where}: {problem}"
        raise ConfigError(msg) from None


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _bare(hint: Any) -> Any:
    """Remove Annotated and None from a type."""
    while True:
        if get_origin(hint) is typing.Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in {typing.Union, types.UnionType}:
            inner = [arg for arg in get_args(hint) if arg is not types.NoneType]
            if len(inner) != 1:
                return hint
            hint = inner[0]
        else:
            return hint
