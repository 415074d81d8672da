"""Key files of CURVE: the text that a key is written as, in the form of ZeroMQ's certificates.

    curve
        public-key = "40 characters of Z85"
        secret-key = "40 characters of Z85"      only in the secret half

Rules: `NAME.key` holds the public half, `NAME.key_secret` both. NAME is the CompID that the key
proves, or `CompID@LABEL` for a further key of the same one. pyzmq (`zmq.auth.load_certificate`) and
CZMQ (`zcert`) read and write the same files.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PUBLIC_SUFFIX = ".key"
SECRET_SUFFIX = ".key_secret"  # noqa: S105 - a file name's end
OTHERS = 0o077
"""What a secret half's mode must not have."""
MAX_CHARS = 16_384
"""No key file is longer."""

_NAME = re.compile(r"([A-Za-z0-9_.-]{1,32})(?:@([A-Za-z0-9_-]{1,32}))?", re.ASCII).fullmatch
_Z85 = re.compile(r"[0-9A-Za-z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}", re.ASCII).fullmatch
_LINE = re.compile(r"^[ \t]*(public|secret)-key[ \t]*=[ \t]*\"?([^\"\s]*)\"?[ \t]*$", re.MULTILINE)


class KeyPair(NamedTuple):
    """A key pair in Z85; `secret` is empty when only the public half is known."""

    public: str
    secret: str = ""


def comp_id_of(name: str) -> str | None:
    """Return whose key a NAME is (`MM@2` is one of MM's), or None when it is no such name."""
    match = _NAME(name)
    return match[1] if match else None


def is_key(text: str) -> bool:
    """Tell whether a text can be a key: 40 characters of Z85."""
    return _Z85(text) is not None


def parse_key_file(text: str) -> KeyPair:
    """Read a key file's text. Raises ValueError that says what was received and expected."""
    found = dict(_LINE.findall(text))
    if "public" not in found:
        msg = 'received no public-key line, expected public-key = "40 characters of Z85"'
        raise ValueError(msg)
    for kind, value in found.items():
        if not is_key(value):
            msg = f"received a {kind}-key of {len(value)} characters, expected 40 of Z85"
            raise ValueError(msg)
    return KeyPair(found["public"], found.get("secret", ""))


def parse_secret_half(text: str, mode: int | None) -> KeyPair:
    """Read a secret half; `mode` is its file's, None where files have none (Windows).

    Raises ValueError, also when others than the owner can read the file.
    """
    pair = parse_key_file(text)
    if not pair.secret:
        msg = f"received a public half only, expected NAME{SECRET_SUFFIX} with both"
        raise ValueError(msg)
    if mode is not None and mode & OTHERS:
        msg = (
            f"it is a secret, and others may read it (mode {mode & 0o777:o}, expected 600): chmod"
            " 600 if surely nobody has, otherwise revoke it and make another"
        )
        raise ValueError(msg)
    return pair


def format_key_file(name: str, pair: KeyPair) -> str:
    """Write a key file's text."""
    half = "SECRET key: nobody but its owner may read it" if pair.secret else "public key"
    lines = [
        f"#   {name}: CURVE {half}",
        "metadata",
        f'    name = "{name}"',
        "curve",
        f'    public-key = "{pair.public}"',
    ]
    if pair.secret:
        lines.append(f'    secret-key = "{pair.secret}"')
    return "\n".join(lines) + "\n"
