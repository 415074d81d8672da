//+------------------------------------------------------------------+
//| What becomes of requests that were sent: the answers of the      |
//| trade server, and what goes on by itself. A replace whose old    |
//| order is gone places the new one; what is doomed, what rests of  |
//| an immediate order or past its ExpireTime, and what lives        |
//| although its chain has ended are removed.                        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_AFTERMATH_MQH
#define PORTCULLIS_AFTERMATH_MQH

#include "Sender.mqh"

#define RETRY_NS ((long)1000000000)
//--- so long after its ExpireTime an order is left to the server, which ends it itself as a rule
#define END_GRACE_NS ((long)1000000000)
#define END_RETRY_NS ((long)10000000000)
#define PLACE_SOON_NS ((long)10000000000)

class CAftermath
  {
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CWalk            *m_walk_ptr;
   CTelling         *m_telling_ptr;
   CSender          *m_sender_ptr;
   long              m_absence_after_ms;

public:
                     CAftermath(void) { m_book_ptr=NULL; m_absence_after_ms=0; }
   void              Open(CBook *book_ptr,CStanding *standing_ptr,CWalk *walk_ptr,
                          CTelling *telling_ptr,CSender *sender_ptr,
                          const long absence_after_ms)
     {
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_walk_ptr=walk_ptr;
      m_telling_ptr=telling_ptr;
      m_sender_ptr=sender_ptr;
      m_absence_after_ms=absence_after_ms;
     }

   void              Land(const long now_ns)
     {
      SFlight flight;
      bool walked=false;
      while(m_sender_ptr.flights.Take(false,now_ns,flight))
        {
         if(!walked)
            m_walk_ptr.Do(now_ns);
         walked=true;
         int at=flight.chain;
         m_book_ptr.chains[at].flights--;
         m_walk_ptr.is_wanted=true;
         if(flight.retcode==TRADE_RETCODE_TOO_MANY_REQUESTS)
            m_telling_ptr.RateWarned();
         if(m_book_ptr.chains[at].stage==STAGE_ENDED)
            continue;
         if(flight.action==TRADE_ACTION_MODIFY)
            LandModify(at,flight);
         else
            if(flight.action==TRADE_ACTION_REMOVE)
               LandRemove(at,flight,now_ns);
            else
               LandPlace(at,flight,now_ns);
        }
     }
   void              Settle(void)
     {
      for(int i=m_sender_ptr.flights.Count()-1; i>=0; i--)
        {
         SFlight flight;
         m_sender_ptr.flights.Get(i,flight);
         if(flight.IsForLevels() || !IsSettled(flight))
            continue;
         m_sender_ptr.flights.Drop(i);
         m_book_ptr.chains[flight.chain].flights--;
        }
     }
   void              GoOn(const long now_ns)
     {
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         if(m_book_ptr.chains[at].flights>0)
            continue;
         if(m_book_ptr.chains[at].asked_step==ASKED_REMOVE && m_book_ptr.chains[at].is_removed)
            Removed(at,now_ns);
         else
            if(m_book_ptr.chains[at].asked_step==ASKED_PLACE)
               Doubt(at,now_ns);
            else
               if(IsUnwanted(at) || IsPast(at,now_ns))
                  Doomed(at,m_book_ptr.chains[at].ticket,now_ns);
        }
      for(int i=0; i<ArraySize(m_walk_ptr.presence.strays); i++)
        {
         int at=m_book_ptr.ByTicket(m_walk_ptr.presence.strays[i]);
         SOrderRow row;
         if(at==NOBODY && ReadOpenOrder(m_walk_ptr.presence.strays[i],row))
            at=m_book_ptr.ByName(row.magic);
         if(at!=NOBODY && m_book_ptr.chains[at].flights==0)
            Doomed(at,m_walk_ptr.presence.strays[i],now_ns);
        }
     }
   //--- is no answer outstanding, and no order neither there nor absent yet
   bool              IsIdle(const long now_ns)
     {
      if(m_sender_ptr.flights.Count()>0)
         return false;
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         bool waits=m_book_ptr.chains[at].stage==STAGE_SENT ||
                    m_book_ptr.chains[at].asked_step!=ASKED_NOTHING;
         if(waits && now_ns-m_book_ptr.chains[at].tried_ns<m_absence_after_ms*MS_NS)
            return false;
        }
      return true;
     }

private:
   //--- what the account shows already needs no answer
   bool              IsSettled(const SFlight &flight) const
     {
      int at=flight.chain;
      if(m_book_ptr.chains[at].stage==STAGE_ENDED)
         return true;
      if(flight.action==TRADE_ACTION_MODIFY)
         return m_book_ptr.chains[at].asked_name!=flight.name;
      if(flight.action==TRADE_ACTION_REMOVE)
         return m_book_ptr.chains[at].is_removed;
      return m_book_ptr.chains[at].stage==STAGE_OPEN &&
             (m_book_ptr.chains[at].asked_step!=ASKED_PLACE ||
              m_book_ptr.chains[at].asked_name!=flight.name);
     }
   void              LandPlace(const int at,const SFlight &flight,const long now_ns)
     {
      if(m_sender_ptr.retcodes.Proof(flight.retcode)!=PROOF_REFUSED)
         return;
      bool next=m_book_ptr.chains[at].asked_step==ASKED_PLACE &&
                m_book_ptr.chains[at].asked_name==flight.name;
      if(next)
         GiveUpReplace(at,m_sender_ptr.retcodes.CancelReason(flight.retcode),
                       m_sender_ptr.Words(flight),now_ns);
      else
         if(m_book_ptr.chains[at].stage==STAGE_SENT)
            m_telling_ptr.Refused(at,m_sender_ptr.retcodes.RejectReason(flight.retcode),
                                  m_sender_ptr.Words(flight));
     }
   void              LandModify(const int at,const SFlight &flight)
     {
      if(m_book_ptr.chains[at].asked_name!=flight.name)
         return;
      ENUM_PROOF proof=m_sender_ptr.retcodes.Proof(flight.retcode);
      if(proof==PROOF_DONE)
         m_telling_ptr.Replaced(at);
      if(proof==PROOF_REFUSED)
         m_telling_ptr.Refuse(at,flight.name,"2",m_sender_ptr.retcodes.CancelReason(flight.retcode),
                              m_sender_ptr.Words(flight));
     }
   void              LandRemove(const int at,const SFlight &flight,const long now_ns)
     {
      ENUM_PROOF proof=m_sender_ptr.retcodes.Proof(flight.retcode);
      bool replaces=m_book_ptr.chains[at].asked_step==ASKED_REMOVE &&
                    m_book_ptr.chains[at].asked_name==flight.name;
      if(proof!=PROOF_REFUSED || flight.name=="")
         return;
      string reason=m_sender_ptr.retcodes.CancelReason(flight.retcode);
      if(replaces)
         m_telling_ptr.Refuse(at,flight.name,"2",reason,m_sender_ptr.Words(flight));
      else
         if(m_book_ptr.chains[at].cancel_name==flight.name)
            m_telling_ptr.Refuse(at,flight.name,"1",reason,m_sender_ptr.Words(flight));
     }

   void              PlaceAnew(const int at,const long now_ns)
     {
      SOrderRequest order;
      Asked(at,order);
      SDecimal left=order.order_qty;
      left.Subtract(m_book_ptr.chains[at].cum);
      if(!left.IsPositive())
        {
         m_telling_ptr.ReplacedByLess(at);
         return;
        }
      MqlTradeRequest request={};
      SRefusal refusal;
      if(m_sender_ptr.IsAtServer(WireNumber(order.cl_ord_id)))
        {
         m_book_ptr.chains[at].Ask(order.cl_ord_id,ASKED_PLACE);
         m_book_ptr.Save(at);
         return;
        }
      if(!m_sender_ptr.Prepare(order,left,request,refusal))
        {
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,refusal.text,now_ns);
         return;
        }
      m_book_ptr.chains[at].Ask(order.cl_ord_id,ASKED_PLACE);
      m_sender_ptr.Send(at,order.cl_ord_id,request,now_ns);
     }
   void              Asked(const int at,SOrderRequest &order) const
     {
      order.cl_ord_id=m_book_ptr.chains[at].asked_name;
      order.orig_cl_ord_id=m_book_ptr.chains[at].name;
      order.symbol=m_book_ptr.chains[at].symbol;
      order.side=m_book_ptr.chains[at].side;
      order.ord_type=m_book_ptr.chains[at].ord_type;
      order.time_in_force=m_book_ptr.chains[at].asked.force;
      order.order_qty=m_book_ptr.chains[at].asked.qty;
      order.price=m_book_ptr.chains[at].asked.price;
      order.stop_px=m_book_ptr.chains[at].asked.stop_px;
      order.stop_loss_px=m_book_ptr.chains[at].asked.sl;
      order.take_profit_px=m_book_ptr.chains[at].asked.tp;
      order.expire_ns=m_book_ptr.chains[at].asked.expire_ns;
      order.post_only=m_book_ptr.chains[at].post_only;
      order.reduce_only=m_book_ptr.chains[at].reduce_only;
      order.position_id=m_book_ptr.chains[at].position_id;
      order.account="";
      order.strategy="";
     }
   //--- the old order is gone and no new one follows: refused, and the order has ended
   void              GiveUpReplace(const int at,const string reason,const string text,
                                   const long now_ns)
     {
      m_telling_ptr.Refuse(at,m_book_ptr.chains[at].asked_name,"2",reason,text);
      m_telling_ptr.Finish(at,FIX_ORD_STATUS_CANCELED,now_ns,text);
     }
   //--- what rests of an order that is immediate is removed: not every server does that
   bool              IsUnwanted(const int at) const
     {
      return m_book_ptr.chains[at].stage==STAGE_OPEN &&
             (m_book_ptr.chains[at].doom!="" || IsAtOnce(m_book_ptr.chains[at].terms.force));
     }
   //--- an order that should have ended by now, and shows the end that it was given by us
   bool              IsPast(const int at,const long now_ns) const
     {
      STerms terms=m_book_ptr.chains[at].terms;
      SOrderRow row;
      return terms.ends_s!=0 && m_book_ptr.chains[at].stage==STAGE_OPEN &&
             m_book_ptr.chains[at].asked_step==ASKED_NOTHING &&
             m_book_ptr.chains[at].cancel_name=="" &&
             m_standing_ptr.IsPast(terms.expire_ns+END_GRACE_NS) &&
             now_ns-m_book_ptr.chains[at].tried_ns>=END_RETRY_NS &&
             ReadOpenOrder(m_book_ptr.chains[at].ticket,row) && row.ExpiryS()==terms.ends_s;
     }
   void              Removed(const int at,const long now_ns)
     {
      SRefusal refusal;
      long tried_ns=m_book_ptr.chains[at].tried_ns;
      bool soon=tried_ns!=0 && m_sender_ptr.Now()-tried_ns<PLACE_SOON_NS;
      bool wanted=m_book_ptr.chains[at].cancel_name=="" && m_book_ptr.chains[at].doom=="";
      if(soon && wanted && !m_sender_ptr.MaySend(now_ns,refusal))
         return;
      if(soon && wanted)
         PlaceAnew(at,now_ns);
      else
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,"REPLACE: the order was removed, and it was"
                       " too late to place the new one",now_ns);
     }
   //--- the new order of a replace is nowhere: after the time in which it may still turn up it is
   //--- absent, and the order has ended
   void              Doubt(const int at,const long now_ns)
     {
      if(!m_standing_ptr.IsClean(now_ns) || !m_walk_ptr.HasWalked() ||
         m_walk_ptr.IsEntering(WireNumber(m_book_ptr.chains[at].asked_name)))
         m_book_ptr.chains[at].tried_ns=now_ns;
      long patience_ns=2*m_absence_after_ms*MS_NS;
      if(now_ns-m_book_ptr.chains[at].tried_ns>patience_ns)
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,"NOT_RECEIVED: the new order never came",
                       now_ns);
     }
   void              Doomed(const int at,const ulong ticket,const long now_ns)
     {
      if(now_ns-m_book_ptr.chains[at].tried_ns<RETRY_NS || !m_standing_ptr.IsConnected())
         return;
      string text="";
      SOrderRow row;
      SRefusal refusal;
      MqlTradeRequest request={};
      m_book_ptr.chains[at].tried_ns=now_ns;
      if(m_standing_ptr.MayTrade(text) && ReadOpenOrder(ticket,row) &&
         m_sender_ptr.PrepareRemove(row,request,refusal))
         m_sender_ptr.Send(at,"",request,now_ns);
     }
  };

#endif
