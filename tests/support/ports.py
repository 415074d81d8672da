"""Ports for servers under test, which no other process of the run is given.

A port of the system's choice may be taken by anybody's connection between the moment it is found
and the moment it is listened on. These lie below the range that systems choose from, each process
of a run that is split (pytest-xdist) has a stretch of its own, and two runs begin at different
places.
"""

from __future__ import annotations

import os
import re
import socket
from itertools import cycle, islice

FIRST, LAST = 10_000, 32_000
STRETCH = 1_000
"""Ports of one process of the run."""


def stretch(worker):
    """Return the ports of a process of the run, as `gw3` or empty where it is not split."""
    number = int(re.sub(r"\D", "", worker) or 0) % ((LAST - FIRST) // STRETCH)
    start = FIRST + number * STRETCH
    return range(start, start + STRETCH)


_next = islice(
    cycle(stretch(os.environ.get("PYTEST_XDIST_WORKER", ""))), 37 * os.getpid() % STRETCH, None
)


def is_free(port):
    """Say whether one may listen on it now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count):
    """Return so many ports on loopback that nobody listens on, all different."""
    found = []
    for _, port in zip(range(STRETCH), _next, strict=False):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    msg = f"{len(found)} of {STRETCH} ports are free, expected {count} or more"
    raise RuntimeError(msg)
