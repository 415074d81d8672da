"""Quotes, books and trades."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from protocol.fields import (
    MDEntryType,
    MDReqRejReason,
    MDUpdateAction,
    SubscriptionRequestType,
)
from protocol.messages.base import Count, Group, Id, Message, Text, tag


class MDEntry(Group, frozen=True, kw_only=True):
    """One level of a book, or one price (MDFullGrp). Time is 273, UTC, with 272 as its date."""

    md_entry_type: MDEntryType = tag(269)
    md_entry_px: Decimal | None = tag(270, None)
    md_entry_size: Decimal | None = tag(271, None)
    md_entry_date: Id | None = tag(272, None)
    md_entry_time: Id | None = tag(273, None)


class MDUpdate(Group, frozen=True, kw_only=True):
    """One change (MDIncGrp): a trade, 279=0 269=2. `side` 54 is not in FIX 4.4 here: own 5036."""

    md_update_action: MDUpdateAction = tag(279)
    md_entry_type: MDEntryType | None = tag(269, None)
    md_entry_id: Id | None = tag(278, None)
    symbol: Id | None = tag(55, None)
    security_exchange: Id | None = tag(207, None)
    md_entry_px: Decimal | None = tag(270, None)
    md_entry_size: Decimal | None = tag(271, None)
    md_entry_date: Id | None = tag(272, None)
    md_entry_time: Id | None = tag(273, None)
    aggressor_side: Id | None = tag(5036, None)


class MDReqType(Group, frozen=True, kw_only=True):
    """One kind of entry that is asked for (NoMDEntryTypes)."""

    md_entry_type: MDEntryType = tag(269)


class MDReqSymbol(Group, frozen=True, kw_only=True):
    """One instrument that is asked for (NoRelatedSym)."""

    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)


class MarketDataRequest(Message, frozen=True, kw_only=True):
    """MarketDataRequest (V): one snapshot, 263=0; answered by W or Y."""

    msg_type: ClassVar[str] = "V"
    md_req_id: Id = tag(262)
    subscription_request_type: SubscriptionRequestType = tag(263)
    market_depth: Count = tag(264)
    md_entry_types: tuple[MDReqType, ...] = tag(267)
    related_sym: tuple[MDReqSymbol, ...] = tag(146)


class MarketDataSnapshotFullRefresh(Message, frozen=True, kw_only=True):
    """MarketDataSnapshotFullRefresh (W): the book to a fixed depth, best level first.

    `feed_epoch` changes when the feed restarts, `feed_seq` counts up by one per symbol within it,
    so a gap shows.
    """

    msg_type: ClassVar[str] = "W"
    md_req_id: Id | None = tag(262, None)
    symbol: Id = tag(55)
    security_exchange: Id | None = tag(207, None)
    md_entries: tuple[MDEntry, ...] = tag(268)
    feed_epoch: Count | None = tag(5016, None)
    feed_seq: Count | None = tag(5017, None)


class MarketDataIncrementalRefresh(Message, frozen=True, kw_only=True):
    """MarketDataIncrementalRefresh (X): trades."""

    msg_type: ClassVar[str] = "X"
    md_req_id: Id | None = tag(262, None)
    md_entries: tuple[MDUpdate, ...] = tag(268)
    feed_epoch: Count | None = tag(5016, None)
    feed_seq: Count | None = tag(5017, None)


class MarketDataRequestReject(Message, frozen=True, kw_only=True):
    """MarketDataRequestReject (Y)."""

    msg_type: ClassVar[str] = "Y"
    md_req_id: Id = tag(262)
    md_req_rej_reason: MDReqRejReason | None = tag(281, None)
    text: Text | None = tag(58, None)
