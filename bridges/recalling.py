"""Venues that can be asked for orders which the notes of a bridge do not have.

Notes get lost: another machine takes the account over, a file is deleted. Ids only grow, so what
was given before the first that is noted may have been in notes that are lost. Of such an id the
venue is asked, and nothing is called never sent.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

FORGOTTEN = "FORGOTTEN: orders as old as this id are not kept here, so nobody knows"
REPLACE_REFUSED = (
    "FORGOTTEN: what was filled before its quantity was changed is not known here; cancel it, and"
    " send another"
)


@runtime_checkable
class RecognisingVenue(Protocol):
    """A venue that must be told which ids are our gateway's."""

    def recognise(self, instance: int, now_ns: int) -> None:
        """Hear which ids are our gateway's: what the account has of them is ours."""


@runtime_checkable
class RecallingVenue(Protocol):
    """A venue whose account shows the ids of its orders."""

    def may_know(self, cl_ord_id: str, symbol: str, order_id: str, /) -> bool:
        """Whether the account may have an order of an id that is not noted.

        `order_id` is the venue's own as the gateway knows it, or empty: what is asked for the id
        from then on may rely on it.
        """
