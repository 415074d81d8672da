"""Key files on disk: whose keys lie in a folder, and that nobody else can read the secret ones.

Rules: a secret that others can read is refused, since it may be theirs already; on Windows that is
not checked, because its permissions are lists that a mode does not show. A folder is the same on
every machine: `GATEWAY.key` is the gateway's public half, `NAME.key_secret` our own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from engine.errors import KeyUnusable
from protocol.key_file import (
    MAX_CHARS,
    PUBLIC_SUFFIX,
    SECRET_SUFFIX,
    KeyPair,
    parse_key_file,
    parse_secret_half,
)


def read_public(path: Path | str) -> str:
    """Read a public half. Raises KeyUnusable."""
    return _parsed(path, parse_key_file).public


def read_secret(path: Path | str) -> KeyPair:
    """Read a secret half. Raises KeyUnusable, also when others can read the file."""
    return _parsed(path, lambda text: parse_secret_half(text, mode_of(path)))


def mode_of(path: Path | str) -> int | None:
    """Return a file's mode, None on Windows, where it says nothing about others."""
    return None if sys.platform == "win32" else Path(path).stat().st_mode


def own_secret(folder: Path, comp_id: str) -> Path:
    """Find our own secret half: NAME.key_secret, or the one and only NAME@LABEL.key_secret.

    Raises KeyUnusable when there is none, or more than one to choose from.
    """
    plain = folder / f"{comp_id}{SECRET_SUFFIX}"
    if plain.exists():
        return plain
    labelled = sorted(folder.glob(f"{comp_id}@*{SECRET_SUFFIX}"))
    if len(labelled) == 1:
        return labelled[0]
    if labelled:
        names = ", ".join(path.name for path in labelled)
        msg = f"{folder} holds {names}: leave the one that {comp_id} shall use"
    else:
        msg = (
            f"there is no {plain}: `portcullis keys new {comp_id}` makes a pair; the secret half"
            f" goes where {comp_id} runs, the public half ({comp_id}{PUBLIC_SUFFIX}) to the gateway"
        )
    raise KeyUnusable(msg)


def _parsed(path: Path | str, parse: Callable[[str], KeyPair]) -> KeyPair:
    try:
        with Path(path).open(encoding="ascii") as file:
            return parse(file.read(MAX_CHARS))
    except (OSError, ValueError) as problem:
        msg = f"the key file {path} cannot be used: {problem}"
        raise KeyUnusable(msg) from None
