"""What the text of an endpoint means: where, and whether it is encrypted.

    tcp://127.0.0.1:5570     plain (NULL), for this machine only
    ipc://PATH               the same
    curve://0.0.0.0:5670     encrypted (CURVE) over TCP, for any machine whose key is allowed

Rules: nothing but the scheme decides. What other machines can reach is encrypted or is not bound at
all; loopback may be encrypted too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

CURVE_SCHEME = "curve://"
_EVERYWHERE = ("*", "0.0.0.0", "[::]")  # noqa: S104 - compared with, never bound from here


def is_curve(endpoint: str) -> bool:
    """Tell whether an endpoint is encrypted."""
    return endpoint.startswith(CURVE_SCHEME)


def address(endpoint: str) -> str:
    """Return an endpoint as ZeroMQ writes it."""
    if is_curve(endpoint):
        return "tcp://" + endpoint.removeprefix(CURVE_SCHEME)
    return endpoint


def is_loopback(endpoint: str) -> bool:
    """Tell whether nobody but this machine can reach an endpoint."""
    scheme, _, rest = endpoint.partition("://")
    if scheme not in {"tcp", "curve"}:
        return scheme in {"ipc", "inproc"}
    host = rest.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def to_connect(endpoints: Sequence[str]) -> str:
    """Choose where a process that reads this config connects to.

    The first plain endpoint, since that is on this machine; else the first. Who is bound everywhere
    is found on loopback.
    """
    chosen = next((one for one in endpoints if not is_curve(one)), endpoints[0])
    scheme, _, rest = chosen.partition("://")
    host, colon, port = rest.rpartition(":")
    return f"{scheme}://127.0.0.1:{port}" if colon and host in _EVERYWHERE else chosen
