"""Makes key pairs and puts them away: what `portcullis keys` does to the folder.

Rules: nothing is overwritten. A secret half can be read by its owner only, from its first byte on.
To revoke is to move, never to delete: the key must stay known as one that is never let in again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import zmq

from engine.errors import KeyUnusable
from engine.key_files import read_public, read_secret
from gateway.access import REVOKED, read_allowed
from gateway.commands.terminal import REFUSED, USAGE
from gateway.config import Config
from gateway.config_reading import nearest
from gateway.errors import CommandError
from protocol.fields import OPERATOR
from protocol.key_file import (
    PUBLIC_SUFFIX,
    SECRET_SUFFIX,
    KeyPair,
    comp_id_of,
    format_key_file,
    is_key,
)


class Made(NamedTuple):
    """A new pair: where its halves are, and the public key."""

    public_path: Path
    secret_path: Path
    public_key: str


def kinds(config: Config) -> dict[str, str]:
    """Return every CompID that may have a key, and what it is."""
    return {
        config.gateway.comp_id: "gateway",
        OPERATOR: "operator",
        **{one.id: "venue" for one in config.venue},
        **{one.id: "strategy" for one in config.strategy},
    }


def make(config: Config, name: str) -> Made:
    """Make a pair for NAME, a CompID or CompID@LABEL. Raises CommandError."""
    known = kinds(config)
    comp_id = comp_id_of(name)
    if comp_id not in known:
        msg = (
            f"received {name!r}, expected a CompID of the config, or CompID@LABEL for a further key"
            f" of it; {nearest(name.partition('@')[0], known)}"
        )
        raise CommandError(msg, exit_code=USAGE)
    folder = config.curve.keys
    public_path = folder / f"{name}{PUBLIC_SUFFIX}"
    secret_path = folder / f"{name}{SECRET_SUFFIX}"
    for path in (public_path, secret_path):
        if path.exists():
            msg = (
                f"{path} is already there, and is not overwritten; `portcullis keys new"
                f" {comp_id}@2` makes a second key, `portcullis keys revoke {name}` ends this one"
            )
            raise CommandError(msg, exit_code=USAGE)
    public, secret = (half.decode() for half in zmq.curve_keypair())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(secret_path, format_key_file(name, KeyPair(public, secret)), 0o600)
        _write(public_path, format_key_file(name, KeyPair(public)), 0o644)
    except OSError as problem:
        msg = f"the keys cannot be written: {problem}"
        raise CommandError(msg) from None
    return Made(public_path, secret_path, public)


def _write(path: Path, text: str, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)


def rows(config: Config) -> list[dict[str, Any]]:
    """Describe every key file. Raises CommandError."""
    folder, own, known = config.curve.keys, config.gateway.comp_id, kinds(config)
    try:
        allowed = read_allowed(folder, own)
    except OSError as problem:
        msg = f"{folder} cannot be read: {problem}"
        raise CommandError(msg) from None
    found = []
    for path in _files(folder):
        comp_id = comp_id_of(path.stem) or ""
        key, state = _public(path)
        if not state:
            ours = path.stem == own
            is_allowed = allowed.names.get(key) == path.stem and comp_id in known
            state = "ours" if ours else "allowed" if is_allowed else "refused"
        found.append(_row(path, key, state, known.get(comp_id, "unknown")))
    found += [_row(path, _public(path)[0], REVOKED, "") for path in _files(folder / REVOKED)]
    return found


def _row(path: Path, key: str, state: str, kind: str) -> dict[str, Any]:
    comp_id = comp_id_of(path.stem.partition("~")[0])
    return {
        "name": path.stem, "comp_id": comp_id, "kind": kind, "state": state, "public_key": key,
        "secret": _secret_state(path.with_suffix(SECRET_SUFFIX)),
    }  # fmt: skip


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob(f"*{PUBLIC_SUFFIX}"))


def _public(path: Path) -> tuple[str, str]:
    try:
        return read_public(path), ""
    except KeyUnusable:
        return "", "unreadable"


def _secret_state(path: Path) -> str:
    """Tell where the secret half is, as far as this machine knows."""
    if not path.exists():
        return "elsewhere"
    try:
        read_secret(path)
    except KeyUnusable:
        return "unusable"
    return "here"


class Put(NamedTuple):
    """A key that was revoked: its file's name, and the names that still stand for its CompID."""

    name: str
    comp_id: str
    others: tuple[str, ...]


def revoke(config: Config, name_or_key: str) -> Put:
    """Put a key away for ever, by the name of its file or by itself. Raises CommandError."""
    folder, own = config.curve.keys, config.gateway.comp_id
    held = {path.stem: _public(path)[0] for path in _files(folder)}
    by_key = {key: name for name, key in held.items()}
    name = by_key.get(name_or_key, "") if is_key(name_or_key) else name_or_key
    if name not in held:
        msg = f"no key in {folder} is {name_or_key!r}; {nearest(name_or_key, held)}"
        raise CommandError(msg, exit_code=REFUSED)
    if name == own:
        msg = (
            f"{name} is the gateway's own key, which every peer trusts by its copy: put a new pair"
            f" in its place, copy {own}{PUBLIC_SUFFIX} to every peer, and start the gateway again"
        )
        raise CommandError(msg, exit_code=USAGE)
    place = folder / REVOKED
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        for suffix in (PUBLIC_SUFFIX, SECRET_SUFFIX):
            path = folder / f"{name}{suffix}"
            if path.exists():
                path.replace(place / f"{name}~{stamp}{suffix}")
    except OSError as problem:
        msg = f"{name} cannot be moved to {place}: {problem}"
        raise CommandError(msg) from None
    comp_id = comp_id_of(name) or name
    others = tuple(other for other in held if other != name and comp_id_of(other) == comp_id)
    return Put(name, comp_id, others)
