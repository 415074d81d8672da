"""How a change of the books is told: MqlTradeTransaction, filled in as its page says.

What is not listed for a type stays zero: no magic, no comment, no initial volume.
"""

from __future__ import annotations

from support.mt5.constants import DealType, TransactionType
from support.mt5.records import ZERO, Transaction


def of_order(kind, order):
    """Tell of an order; of a market order also the position, once it has one.

    An order that closes has it from the start (MQL5 book, "OnTradeTransaction event": the log of
    a closing), though the reference says that ORDER_ADD does not tell it.
    """
    told = not order.type.is_pending
    stop_limit = order.type.is_stop_limit
    return Transaction(
        type=kind, order=order.ticket, symbol=order.symbol, order_type=order.type,
        order_state=order.state, time_type=order.type_time,
        time_expiration=order.time_expiration, price_sl=order.sl, price_tp=order.tp,
        price=order.price_stoplimit if stop_limit else order.price_open or order.price_current,
        price_trigger=order.price_open if stop_limit else ZERO, volume=order.volume_current,
        position=order.position_id if told else 0,
        position_by=order.position_by_id,
    )  # fmt: skip


def of_deal(kind, deal, position=0, position_by=0):
    """Tell of a deal; `position` is the ticket, not the identifier."""
    return Transaction(
        type=kind, deal=deal.ticket, order=deal.order, symbol=deal.symbol, deal_type=deal.type,
        price=deal.price, price_sl=deal.sl, price_tp=deal.tp, volume=deal.volume,
        position=position or deal.position_id, position_by=position_by,
    )  # fmt: skip


def of_position(position):
    """Tell of a position that changed without a deal."""
    return Transaction(
        type=TransactionType.POSITION, symbol=position.symbol,
        deal_type=DealType.BUY if position.is_buy else DealType.SELL,
        price=position.price_open, price_sl=position.sl, price_tp=position.tp,
        volume=position.volume, position=position.ticket,
    )  # fmt: skip


def of_request(request, result):
    """Tell that a request was answered: only the type, and the two themselves."""
    return Transaction(type=TransactionType.REQUEST, request=request, result=result)
