//+------------------------------------------------------------------+
//| Orders of the account that no D of ours has made: a person's,    |
//| another program's, another gateway's, and those that the server  |
//| made from ours (stop-loss, take-profit, stop-out).               |
//|                                                                  |
//| The server's have the parent (5014) and the origin (5015). A     |
//| person's and another program's have neither id. Another          |
//| gateway's keep their id, and only their fills are told, since    |
//| nobody here may touch them.                                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_STRANGERS_MQH
#define PORTCULLIS_STRANGERS_MQH

#include "Account.mqh"
#include "Deals.mqh"

class CStrangers
  {
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CVenueListener   *m_listener_ptr;
   CLongMap          m_told;       // tickets: 1 that it is there, 2 its end too

public:
                     CStrangers(void) { m_book_ptr=NULL; m_standing_ptr=NULL; }
   void              Open(CBook *book_ptr,CStanding *standing_ptr,CSymbols *symbols_ptr,
                          CVenueListener *listener_ptr)
     {
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_listener_ptr=listener_ptr;
      m_told.Clear();
     }

   //--- remember what was told of the orders that there are, and of no others
   void              Renew(const CAccount &whole)
     {
      long tickets[];
      int count=ArraySize(whole.open);
      ArrayResize(tickets,count+ArraySize(whole.done));
      for(int i=0; i<count; i++)
         tickets[i]=(long)whole.open[i].ticket;
      for(int i=0; i<ArraySize(whole.done); i++)
         tickets[count+i]=(long)whole.done[i].ticket;
      m_told.Keep(tickets);
     }
   //--- an open order of somebody else
   void              Sight(const SOrderRow &row,const bool quiet)
     {
      if(m_told.Has((long)row.ticket) || !IsAccepted(row.state))
         return;
      m_told.Set((long)row.ticket,1);
      SVenueOrder order;
      if(!quiet && Tell(row,order) && order.cl_ord_id=="")
         m_listener_ptr.OnAccepted(order);
     }
   //--- one of the history: its end is told if its being there was
   void              Done(const SOrderRow &row,const bool quiet)
     {
      long told=m_told.Get((long)row.ticket,0);
      m_told.Set((long)row.ticket,2);
      SVenueOrder order;
      if(told!=1 || quiet || !Tell(row,order) || order.cl_ord_id!="")
         return;
      order.status=FixEndOf(row.state);
      order.leaves_qty.SetWhole(0);
      if(order.status==FIX_ORD_STATUS_EXPIRED)
         m_listener_ptr.OnExpired(order);
      if(order.status==FIX_ORD_STATUS_CANCELED)
         m_listener_ptr.OnCanceled(order,"","99",row.comment);
     }
   //--- a deal of somebody else's order
   void              Fill(const CAccount &account,const SDealRow &deal,SFill &fill,
                          const bool quiet)
     {
      SOrderRow row;
      bool found=Find(account,deal.order,row);
      if(found)
         Name(row,deal,fill);
      if(quiet)
         return;
      SVenueOrder order;
      bool is_made=found && fill.parent_id!="" && OriginOf(row.reason)!="";
      if(is_made && !m_told.Has((long)row.ticket) && Tell(row,order))
        {
         m_told.Set((long)row.ticket,1);
         order.cum_qty.SetWhole(0);
         order.leaves_qty=order.order_qty;
         order.status=FIX_ORD_STATUS_NEW;
         order.parent_id=fill.parent_id;
         m_listener_ptr.OnAccepted(order);
        }
      Tell(fill);
     }
   //--- who has made an order: parent and origin, or the id of another gateway
   void              Name(const SOrderRow &row,const SDealRow &deal,SFill &fill)
     {
      bool is_other_half=deal.entry==DEAL_ENTRY_OUT_BY && deal.position_id!=row.position_id;
      string origin=OriginOf(row.reason);
      if(origin!="")
        {
         fill.origin=origin;
         fill.parent_id=Parent(row.magic,deal.position_id);
        }
      else
         if(row.reason==ORDER_REASON_EXPERT && IsWireMagic(row.magic))
            NameFill(WireText(row.magic),is_other_half,fill);
     }
   //--- a fill that belongs to no chain
   void              Tell(const SFill &fill)
     {
      SVenueOrder order;
      order.order_id=fill.order_id;
      order.cl_ord_id=fill.cl_ord_id;
      order.orig_cl_ord_id="";
      order.symbol=fill.symbol;
      order.side=fill.side;
      order.ord_type=FIX_ORD_TYPE_MARKET;
      order.time_in_force=FORCE_IOC;
      order.order_qty=fill.last_qty;
      order.cum_qty=fill.last_qty;
      order.leaves_qty.SetWhole(0);
      order.avg_px=fill.last_px;
      order.status=FIX_ORD_STATUS_FILLED;
      order.transact_ns=fill.transact_ns;
      ClearRest(order);
      order.position_id=fill.position_id;
      order.parent_id=fill.parent_id;
      order.origin=fill.origin;
      m_listener_ptr.OnFilled(order,fill);
     }
   //--- an order as the server has it; false of a symbol that is not traded here
   bool              Tell(const SOrderRow &row,SVenueOrder &order)
     {
      int index=m_symbols_ptr.FindTerminal(row.symbol);
      if(index<0)
         return false;
      SSymbolRules rules;
      SDecimal lots;
      m_symbols_ptr.Rules(index,rules);
      row.Executed(lots);
      order.order_id=IntegerToString((long)row.ticket);
      order.cl_ord_id="";
      if(row.reason==ORDER_REASON_EXPERT && IsWireMagic(row.magic))
         order.cl_ord_id=WireText(row.magic);
      order.orig_cl_ord_id="";
      order.symbol=rules.symbol;
      order.side=FixSideOf(row.type);
      order.ord_type=FixTypeOf(row.type);
      order.time_in_force=FixForceOf(rules.LifeOf(row.time_type),row.filling);
      rules.Units(row.volume,order.order_qty);
      rules.Units(lots,order.cum_qty);
      rules.Units(row.left,order.leaves_qty);
      order.avg_px.SetWhole(0);
      order.status=lots.IsPositive() ? FIX_ORD_STATUS_PARTIALLY_FILLED : FIX_ORD_STATUS_NEW;
      order.transact_ns=m_standing_ptr.UtcNs(row.setup_msc);
      ClearRest(order);
      if(order.ord_type==FIX_ORD_TYPE_LIMIT)
         order.price=row.price;
      if(order.ord_type==FIX_ORD_TYPE_STOP || order.ord_type==FIX_ORD_TYPE_STOP_LIMIT)
         order.stop_px=row.price;
      if(order.ord_type==FIX_ORD_TYPE_STOP_LIMIT)
         order.price=row.stoplimit;
      order.stop_loss_px=row.sl;
      order.take_profit_px=row.tp;
      if(row.ExpiryS()>0)
         order.expire_ns=m_standing_ptr.UtcNs(row.ExpiryS()*1000);
      order.origin=OriginOf(row.reason);
      if(order.origin!="")
         order.parent_id=Parent(row.magic,row.position_id);
      return true;
     }

   //--- the order of ours from which the server made one: by the magic that it has carried on, or
   //--- by the deals of its position
   string            Parent(const long magic,const long position_id)
     {
      int at=m_book_ptr.ByName(magic);
      if(at!=NOBODY)
         return m_book_ptr.chains[at].name;
      if(position_id<=0 || !HistorySelectByPosition(position_id))
         return "";
      string parent="";
      int count=HistoryDealsTotal();
      for(int i=0; i<count; i++)
        {
         SDealRow deal;
         if(!ReadDeal(HistoryDealGetTicket(i),deal) || deal.entry==DEAL_ENTRY_OUT ||
            deal.entry==DEAL_ENTRY_OUT_BY)
            continue;
         at=m_book_ptr.ByTicket(deal.order);
         if(at!=NOBODY)
            parent=m_book_ptr.chains[at].name;
         else
            if(deal.reason==DEAL_REASON_EXPERT && IsUnnoted(deal.magic))
               parent=WireText(deal.magic);
        }
      return parent;
     }

private:
   //--- is it ours without a chain: forgotten, or the notes were lost
   bool              IsUnnoted(const long magic)
     {
      return m_book_ptr.IsOurs(magic) || (IsWireMagic(magic) && m_book_ptr.IsForgotten(magic));
     }
   bool              Find(const CAccount &account,const ulong ticket,SOrderRow &row) const
     {
      int at=account.FindOpen(ticket);
      if(at>=0)
        {
         row=account.open[at];
         return true;
        }
      at=account.FindDone(ticket);
      if(at<0)
         return false;
      row=account.done[at];
      return true;
     }
   void              ClearRest(SVenueOrder &order) const
     {
      order.price.Clear();
      order.stop_px.Clear();
      order.stop_loss_px.Clear();
      order.take_profit_px.Clear();
      order.expire_ns=0;
      order.post_only=false;
      order.reduce_only=false;
      order.triggered=false;
      order.position_id="";
      order.parent_id="";
      order.origin="";
      order.text="";
     }
  };

#endif
