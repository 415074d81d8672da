//+------------------------------------------------------------------+
//| Deals in the words of the port: fills, and entries of the        |
//| ledger.                                                          |
//|                                                                  |
//| The server gives commission and fee as changes of the balance: a |
//| cost is below zero there and above it on our wire. A swap is     |
//| booked by the deal that closes; it is an entry of the ledger,    |
//| named by that deal's ticket. The profit of a trade is nobody's   |
//| news: it follows from the fills.                                 |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_DEALS_MQH
#define PORTCULLIS_DEALS_MQH

#include "Book.mqh"
#include "Standing.mqh"

//--- what a deal says of itself; whose it is its order tells
void TellDeal(const SDealRow &deal,const SSymbolRules &rules,const CStanding &standing,SFill &fill)
  {
   fill.trade_id=IntegerToString((long)deal.ticket);
   fill.order_id=deal.order==0 ? fill.trade_id : IntegerToString((long)deal.order);
   fill.cl_ord_id="";
   fill.symbol=rules.symbol;
   fill.side=DealSideOf(deal.type);
   rules.Units(deal.volume,fill.last_qty);
   fill.last_px=deal.price;
   fill.commission=deal.commission;
   fill.commission.Add(deal.fee);
   fill.commission.Negate();
   fill.comm_currency=AccountInfoString(ACCOUNT_CURRENCY);
   fill.liquidity="2";
   fill.transact_ns=standing.UtcNs(deal.time_msc);
   fill.position_id=standing.IsHedging() ? IntegerToString(deal.position_id) : "";
   fill.parent_id="";
   fill.origin=deal.entry==DEAL_ENTRY_OUT_BY ? "CLOSE_BY" : "";
  }

//--- whose fill it is; the other half of a close-by is of an order that the server made of ours
void NameFill(const string name,const bool is_other_half,SFill &fill)
  {
   if(!is_other_half)
      fill.cl_ord_id=name;
   if(is_other_half && name!="")
     {
      fill.order_id+="/"+fill.trade_id;
      fill.parent_id=name;
     }
  }

//--- when the order of a deal was placed: the present one of its chain, or one before it
long SetupOf(const ulong ticket,const SChain &chain)
  {
   SOrderRow row;
   if(ticket==chain.ticket || !HistoryOrderSelect(ticket) || !ReadDoneOrder(ticket,row))
      return chain.setup_msc;
   return row.setup_msc;
  }

//--- a fill of a chain: under the name that it has now
void TellChainDeal(const SDealRow &deal,const SChain &chain,SFill &fill)
  {
   NameFill(chain.name,fill.side!=chain.side,fill);
   if(fill.cl_ord_id=="")
      return;
   bool limits=chain.ord_type==FIX_ORD_TYPE_LIMIT || chain.ord_type==FIX_ORD_TYPE_STOP_LIMIT;
   if(limits && deal.time_msc!=SetupOf(deal.order,chain))
      fill.liquidity="1";
  }

//--- false when the deal moved nothing but by its trade
bool TellEntry(const SDealRow &deal,const string symbol,const CStanding &standing,
               SLedgerEntry &entry)
  {
   bool trade=IsTrade(deal.type) || IsBusted(deal.type);
   entry.entry_id=IntegerToString((long)deal.ticket);
   entry.kind=trade ? "SWAP" : LedgerKindOf(deal.type);
   entry.currency=AccountInfoString(ACCOUNT_CURRENCY);
   entry.amount=deal.swap;
   if(!trade)
     {
      entry.amount.Add(deal.profit);
      entry.amount.Add(deal.commission);
      entry.amount.Add(deal.fee);
     }
   entry.transact_ns=standing.UtcNs(deal.time_msc);
   entry.symbol=symbol;
   return !entry.amount.IsZero();
  }

#endif
