"""Whose key it is: the allow-list, a folder of public keys that may change while we run.

    var/keys/GATEWAY.key, GATEWAY.key_secret     our own pair
    var/keys/MM.key                              a key that proves MM
    var/keys/MM@2.key                            another one: two overlap while one is replaced
    var/keys/revoked/                            keys that are never let in again

Rules: the file's name is the CompID; nothing inside a file, and nothing that a peer says, names
anybody. A file that others may write, that is no key, or whose key stands for two CompIDs lets
nobody in. While the folder cannot be read, what was last read counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from loguru import logger

from protocol.key_file import MAX_CHARS, PUBLIC_SUFFIX, comp_id_of, parse_key_file

REVOKED = "revoked"
_OTHERS_MAY_WRITE = 0o022

Stamps = tuple[tuple[str, int, int, int], ...]


class Allowed(NamedTuple):
    """What a keys folder says: names and CompIDs by public key, and what is wrong in it."""

    names: Mapping[str, str]
    comp_ids: Mapping[str, str]
    revoked: frozenset[str]
    problems: tuple[str, ...]


class Changed(NamedTuple):
    """What a reading of the folder changed: names of key files."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class Access:
    """The allow-list as it is now. `refresh` is for one thread, the questions are for any."""

    def __init__(self, folder: Path, served: Mapping[str, frozenset[str]], own: str) -> None:
        """Read the folder. Raises OSError when it cannot be read.

        `served` tells who may come in at which door; `own` is our CompID, whose key is ours.
        """
        self._folder = folder
        self._served = served
        self._own = own
        self._trouble = ""
        self._stamps = _stamps(folder)
        self.allowed = read_allowed(folder, own)
        self._complain()

    def comp_id_of(self, key: str) -> str | None:
        """Return whose key it is, or None when nobody's."""
        return self.allowed.comp_ids.get(key)

    def judge(self, door: str, key: str) -> str | None:
        """Return why this key may not come in at this door, or None when it may."""
        allowed = self.allowed
        comp_id = allowed.comp_ids.get(key)
        if comp_id is None:
            return "its key is revoked" if key in allowed.revoked else "nobody here has its key"
        if comp_id not in self._served.get(door, frozenset()):
            return f"{comp_id} is not served at this endpoint"
        return None

    def refresh(self) -> Changed:
        """Read the folder if it looks different, and return which keys came and went."""
        before = self.allowed
        try:
            stamps = _stamps(self._folder)
            if stamps == self._stamps:
                return Changed((), ())
            now = read_allowed(self._folder, self._own)
        except OSError as problem:
            if str(problem) != self._trouble:
                self._trouble = str(problem)
                logger.error("the keys cannot be read, those read before count: {}", problem)
            return Changed((), ())
        self._stamps, self.allowed, self._trouble = stamps, now, ""
        self._complain()
        return Changed(_missing(now.names, before.names), _missing(before.names, now.names))

    def _complain(self) -> None:
        for text in self.allowed.problems:
            logger.error("keys: {}", text)


def read_allowed(folder: Path, own: str) -> Allowed:
    """Read a keys folder; `own` is the gateway's CompID. Raises OSError when it cannot be read."""
    problems: list[str] = []
    revoked = frozenset(_keys(folder / REVOKED, []))
    names: dict[str, str] = {}
    comp_ids: dict[str, str] = {}
    twice: set[str] = set()
    for key, name in _pairs(folder, problems):
        comp_id = comp_id_of(name)
        if comp_id == own:
            continue
        if comp_id is None:
            problems.append(f"{name}{PUBLIC_SUFFIX} is not named after a CompID; nobody gets in")
        elif key in revoked:
            problems.append(f"{name}{PUBLIC_SUFFIX} holds a key that was revoked; nobody gets in")
        elif comp_ids.setdefault(key, comp_id) != comp_id:
            problems.append(f"{name} and {names[key]} have the same key; neither gets in")
            twice.add(key)
        else:
            names.setdefault(key, name)
    for key in twice:
        del names[key], comp_ids[key]
    return Allowed(names, comp_ids, revoked, tuple(problems))


def others_may_write(path: Path) -> bool:
    """Tell whether people besides the owner may write there; not known on Windows."""
    return sys.platform != "win32" and bool(path.stat().st_mode & _OTHERS_MAY_WRITE)


def _missing(names: Mapping[str, str], others: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of keys that are not, under that name, among the others."""
    return tuple(name for key, name in names.items() if others.get(key) != name)


def _keys(folder: Path, problems: list[str]) -> list[str]:
    return [key for key, _ in _pairs(folder, problems)]


def _pairs(folder: Path, problems: list[str]) -> list[tuple[str, str]]:
    """Return (key, name of its file) for every sound key file of a folder, sorted by name."""
    found: list[tuple[str, str]] = []
    for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}")):
        try:
            if folder.name != REVOKED and others_may_write(path):
                problems.append(f"{path} may be written by others; nobody gets in by it: chmod 644")
                continue
            with path.open(encoding="ascii") as file:
                found.append((parse_key_file(file.read(MAX_CHARS)).public, path.stem))
        except FileNotFoundError:
            continue
        except ValueError as problem:
            problems.append(f"{path}: {problem}; nobody gets in by it")
    return found


def _stamps(folder: Path) -> Stamps:
    """Return what changes when a key file comes, goes or is written to.

    The one loop waits for this twice a second: about 4 us a key.
    """
    found: list[tuple[str, int, int, int]] = []
    for place in (folder, folder / REVOKED):
        try:
            entries = os.scandir(place)
        except FileNotFoundError:
            continue
        with entries:
            found += [_stamp(entry) for entry in entries if entry.name.endswith(PUBLIC_SUFFIX)]
    return tuple(sorted(found))


def _stamp(entry: os.DirEntry[str]) -> tuple[str, int, int, int]:
    try:
        stat = entry.stat()
    except FileNotFoundError:
        return entry.path, 0, 0, 0
    return entry.path, stat.st_mtime_ns, stat.st_ctime_ns, entry.inode()
