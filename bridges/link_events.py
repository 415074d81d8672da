"""What a venue says about its connection itself; of orders and markets the port speaks."""

from __future__ import annotations

from msgspec import Struct


class LinkChanged(Struct, frozen=True):
    """The venue's own connection came up or went down."""

    up: bool
    text: str = ""


class RateWarned(Struct, frozen=True):
    """The venue says that it is asked too often; when it has banned us, not even cancels pass."""

    back_off_ms: int
    banned: bool = False
