//+------------------------------------------------------------------+
//| Orders of ours that our notes do not have: the database is new   |
//| (another machine, a lost file), and the account has them. They   |
//| become chains, by what the account alone shows.                  |
//|                                                                  |
//| - What is open with an id of our gateway's is ours at once.      |
//| - What is asked for is found by the id that is its magic; else   |
//|   by the ticket (37) under which the gateway knows it, since a   |
//|   change of prices leaves no trace of its id.                    |
//| - What was filled before a change of the quantity stood in the   |
//|   notes. Where there may have been such a change the order is    |
//|   only cancelled, never replaced: nobody knows what is left.     |
//| - What is not found is absent only if lists are whole, and the   |
//|   gateway knows no ticket of it.                                 |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ADOPTION_MQH
#define PORTCULLIS_ADOPTION_MQH

#include "Walk.mqh"

#define SECOND_MSC 1000
#define TAKE_EVERY_NS ((long)1000000000)

class CAdoption
  {
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CWalk            *m_walk_ptr;
   long              m_took_ns;
   CLongMap          m_tickets;     // by id: the ticket under which the gateway knows its order

public:
                     CAdoption(void) { m_book_ptr=NULL; m_walk_ptr=NULL; }
   void              Open(CBook *book_ptr,CStanding *standing_ptr,CSymbols *symbols_ptr,
                          CWalk *walk_ptr)
     {
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_walk_ptr=walk_ptr;
      m_took_ns=0;
      m_tickets.Clear();
     }
   //--- what is open with an id of our gateway's and is not noted is ours: the dead man cancels it
   void              TakeOpen(const long now_ns)
     {
      if(now_ns-m_took_ns<TAKE_EVERY_NS || !m_standing_ptr.IsClean(now_ns) ||
         !m_walk_ptr.HasWalked())
         return;
      long oldest=LONG_MAX;
      for(int i=0; i<ArraySize(m_walk_ptr.account.open); i++)
         if(IsUnnoted(m_walk_ptr.account.open[i]))
            oldest=MathMin(oldest,m_walk_ptr.account.open[i].magic);
      CAccount whole;
      if(oldest==LONG_MAX)
         return;
      m_took_ns=now_ns;
      if(!ReadWhole(oldest,whole))
         return;
      for(int i=0; i<ArraySize(whole.open); i++)
         if(IsUnnoted(whole.open[i]))
            Make(whole.open[i],whole,now_ns);
     }
   //--- may the account have an order of an id that is not noted; order_id is its ticket, if known
   bool              MayKnow(const string cl_ord_id,const string order_id)
     {
      long number=WireNumber(cl_ord_id);
      long ticket=StringToInteger(order_id);
      if(number>0 && ticket>0)
         m_tickets.Set(number,ticket);
      return number>0 && (ticket>0 || m_walk_ptr.MayHaveSeen(number));
     }
   //--- the chain of an id that the book does not have, made of what the account shows; NOBODY if
   //--- there is none, and `absent` when that is certain. Lists have to be clean
   int               Find(const long number,const long now_ns,bool &absent)
     {
      absent=true;
      if(number<=0 || !IsWireMagic(number))
         return NOBODY;
      long ticket=m_tickets.Get(number,0);
      int at=m_book_ptr.ByTicket((ulong)ticket);
      CAccount whole;
      SOrderRow row;
      if(at==NOBODY)
        {
         absent=ReadWhole(number,whole);
         bool lives_only=m_book_ptr.IsForgotten(number);
         bool found=Pick(whole,number,0,lives_only,row) ||
                    Pick(whole,number,(ulong)ticket,lives_only,row);
         if(found)
            at=Make(row,whole,now_ns);
         absent=absent && !found && ticket==0;
        }
      return at;
     }
   //--- likewise, of the id by which the gateway calls the order now
   int               FindNow(const string cl_ord_id,const long now_ns)
     {
      bool absent;
      long number=WireNumber(cl_ord_id);
      int at=Find(number,now_ns,absent);
      if(at!=NOBODY && m_book_ptr.chains[at].name!=cl_ord_id)
        {
         m_book_ptr.Name(at,number);
         m_book_ptr.chains[at].previous=m_book_ptr.chains[at].name;
         m_book_ptr.chains[at].name=cl_ord_id;
         m_book_ptr.Save(at);
        }
      return at;
     }

private:
   bool              IsUnnoted(const SOrderRow &row) const
     {
      return row.reason==ORDER_REASON_EXPERT && m_book_ptr.IsOurs(row.magic) &&
             m_book_ptr.ByTicket(row.ticket)==NOBODY && m_book_ptr.ByName(row.magic)==NOBODY;
     }
   //--- what is open, and all the history in which an id can be
   bool              ReadWhole(const long number,CAccount &whole) const
     {
      long epoch_s=m_standing_ptr.ServerSeconds(WireEpoch(number)*1000*MS_NS);
      return whole.Read(MathMin(epoch_s-DAY_S,m_walk_ptr.WholeS()));
     }
   //--- the order with a magic; or with a ticket, and the magic of the same gateway. Of an id that
   //--- may have been forgotten only one that lives
   bool              Pick(const CAccount &whole,const long number,const ulong ticket,
                          const bool lives_only,SOrderRow &row) const
     {
      for(int i=0; i<ArraySize(whole.open); i++)
         if(IsIt(whole.open[i],number,ticket))
           {
            row=whole.open[i];
            return true;
           }
      for(int i=0; i<ArraySize(whole.done) && !lives_only; i++)
         if(IsIt(whole.done[i],number,ticket))
           {
            row=whole.done[i];
            return true;
           }
      return false;
     }
   bool              IsIt(const SOrderRow &row,const long number,const ulong ticket) const
     {
      if(row.reason!=ORDER_REASON_EXPERT)
         return false;
      if(ticket==0)
         return row.magic==number;
      return row.ticket==ticket && IsWireMagic(row.magic) &&
             WireInstance(row.magic)==WireInstance(number);
     }
   //--- NOBODY while it is not accepted, or its deals have not come
   int               Make(const SOrderRow &row,const CAccount &whole,const long now_ns)
     {
      CStrangers *strangers_ptr=m_walk_ptr.Strangers();
      SVenueOrder shown;
      int at=m_book_ptr.ByTicket(row.ticket);
      bool done=row.done_msc!=0;
      if(at!=NOBODY)
         return at;
      if(!(done || IsAccepted(row.state)) || !strangers_ptr.Tell(row,shown))
         return NOBODY;
      SChain chain;
      SOrderRequest order;
      Requested(row,shown,order);
      chain.Begin(order,row.magic,shown.transact_ns);
      if(!Fill(row,whole,shown.cum_qty,chain,now_ns))
         return NOBODY;
      chain.ticket=row.ticket;
      chain.setup_msc=row.setup_msc;
      chain.stage=STAGE_OPEN;
      chain.is_rest=MayBeRest(row,whole);
      if(done)
        {
         chain.End(FixEndOf(row.state));
         chain.transact_ns=m_standing_ptr.UtcNs(row.done_msc);
         chain.text=row.comment==WireText(row.magic) ? "" : row.comment;
        }
      at=m_book_ptr.Add(order,row.magic,now_ns);
      m_book_ptr.chains[at]=chain;
      m_book_ptr.Ticket(at,row.ticket);
      m_book_ptr.Save(at);
      return at;
     }
   void              Requested(const SOrderRow &row,const SVenueOrder &shown,
                               SOrderRequest &order) const
     {
      order.cl_ord_id=shown.cl_ord_id;
      order.orig_cl_ord_id="";
      order.symbol=shown.symbol;
      order.side=shown.side;
      order.ord_type=shown.ord_type;
      order.time_in_force=shown.time_in_force;
      order.order_qty=shown.order_qty;
      order.price=shown.price;
      order.stop_px=shown.stop_px;
      order.stop_loss_px=shown.stop_loss_px;
      order.take_profit_px=shown.take_profit_px;
      order.expire_ns=shown.expire_ns;
      order.post_only=row.filling==ORDER_FILLING_BOC;
      order.reduce_only=false;
      order.position_id="";
      order.account="";
      order.strategy="";
     }
   //--- count the deals that no walk will tell any more; of those that the history has lost, what
   //--- the order itself says
   bool              Fill(const SOrderRow &row,const CAccount &whole,const SDecimal &executed,
                          SChain &chain,const long now_ns)
     {
      SSymbolRules rules;
      SDecimal lost=executed;
      m_symbols_ptr.Rules(m_symbols_ptr.FindTerminal(row.symbol),rules);
      for(int i=0; i<ArraySize(whole.deals); i++)
        {
         if(whole.deals[i].order!=row.ticket || !IsTrade(whole.deals[i].type) ||
            DealSideOf(whole.deals[i].type)!=chain.side)
            continue;
         SDecimal qty;
         rules.Units(whole.deals[i].volume,qty);
         lost.Subtract(qty);
         if(m_walk_ptr.IsTold(whole.deals[i]))
            chain.Fill(qty,whole.deals[i].price);
        }
      if(!lost.IsPositive())
         return true;
      chain.Fill(lost,row.price);
      return m_walk_ptr.IsCertain(now_ns);
     }
   //--- may it stand for the rest of another, of which a part had been filled
   bool              MayBeRest(const SOrderRow &row,const CAccount &whole) const
     {
      for(int i=0; i<ArraySize(whole.done); i++)
        {
         SDecimal lots;
         whole.done[i].Executed(lots);
         if(whole.done[i].ticket!=row.ticket && whole.done[i].symbol==row.symbol &&
            whole.done[i].type%2==row.type%2 && lots.IsPositive() &&
            whole.done[i].left.IsPositive() && IsWireMagic(whole.done[i].magic) &&
            WireInstance(whole.done[i].magic)==WireInstance(row.magic) &&
            whole.done[i].magic<row.magic && whole.done[i].done_msc<=row.setup_msc+SECOND_MSC)
            return true;
        }
      return false;
     }
  };

#endif
