//+------------------------------------------------------------------+
//| Walks the account and tells what is different from what was told.|
//|                                                                  |
//| Transactions are hints and nothing more: after each one, on a    |
//| timer and at every Logon this is done, so that one that is lost, |
//| doubled, late or early changes nothing.                          |
//|                                                                  |
//| Of each chain: that it is there (Presence), then its deals       |
//| (Fills), then its end; the end waits until the deals that belong |
//| to it were seen. An order that is missing makes every answer     |
//| incomplete. How far back it looks stands in Span.                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_WALK_MQH
#define PORTCULLIS_WALK_MQH

#include "Fills.mqh"

class CWalk
  {
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CTelling         *m_telling_ptr;
   CStrangers        m_strangers;
   CSpan             m_span;
   CFills            m_fills;

public:
   CAccount          account;
   CPresence         presence;
   //--- something has happened: walk soon
   bool              is_wanted;

                     CWalk(void) { m_book_ptr=NULL; m_standing_ptr=NULL; is_wanted=true; }
   void              Open(CBook *book_ptr,CStore *store_ptr,CStanding *standing_ptr,
                          CSymbols *symbols_ptr,CVenueListener *listener_ptr,
                          CTelling *telling_ptr,const int history_days,
                          const long absence_after_ms)
     {
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_telling_ptr=telling_ptr;
      is_wanted=true;
      m_strangers.Open(book_ptr,standing_ptr,symbols_ptr,listener_ptr);
      m_span.Open(store_ptr,history_days,absence_after_ms);
      presence.Open(GetPointer(account),book_ptr,standing_ptr,symbols_ptr,telling_ptr,
                    GetPointer(m_strangers));
      m_fills.Open(GetPointer(account),book_ptr,store_ptr,standing_ptr,symbols_ptr,listener_ptr,
                   telling_ptr,GetPointer(m_strangers),GetPointer(presence),GetPointer(m_span));
     }
   //--- has the whole history been walked, so that a magic that is not known is nowhere
   bool              HasWalked(void) const { return m_span.HasWalked(); }
   //--- look far back again: after a disconnect nobody knows what was missed
   void              LookBack(const long now_ns) { m_span.LookBack(now_ns); }
   //--- do the positions follow from the deals that were seen
   bool              IsSteady(void) const { return m_fills.holdings.IsSteady(); }

   //--- one walk; false when the terminal could not be read
   bool              Do(const long now_ns)
     {
      is_wanted=false;
      long server_s=(long)TimeTradeServer();
      bool clean=m_standing_ptr.IsClean(now_ns);
      if(!m_standing_ptr.IsConnected() || (m_span.IsQuiet() && !clean))
         return false;
      bool audits=clean && m_span.IsAuditDue(now_ns,IsInDoubt(now_ns));
      SPositionRow held[];
      ReadPositions(held);
      if(!account.Read(m_span.SinceS(server_s,clean,audits,OwedSinceS())))
         return false;
      m_span.Read(server_s,now_ns,clean,audits);
      presence.Look(m_span.IsQuiet());
      m_fills.Look();
      Ends();
      if(!clean)
         return true;
      m_fills.holdings.Judge(held,now_ns);
      m_span.Mark(server_s,IsInDoubt(now_ns));
      return true;
     }

   //--- is a chain that was there nowhere now, so that no list can be relied on
   bool              IsAnyMissing(void)
     {
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
         if(m_book_ptr.chains[m_book_ptr.Live(i)].is_missing)
            return true;
      return false;
     }
   //--- is an order with this id in a list and not accepted yet: it is neither there nor absent
   bool              IsEntering(const long number)
     {
      for(int i=0; i<ArraySize(account.open); i++)
         if(account.open[i].magic==number && IsEntering(account.open[i]))
            return true;
      return false;
     }
   //--- and is any order of ours
   bool              IsAnyEntering(void)
     {
      for(int i=0; i<ArraySize(account.open); i++)
         if(IsEntering(account.open[i]) &&
            (presence.Whose(account.open[i])!=NOBODY || IsWireMagic(account.open[i].magic)))
            return true;
      return false;
     }
   //--- may there have been an order with this id: one that its gateway gave such ids was, or lists
   //--- were not read that far back
   bool              MayHaveSeen(const long number) const
     {
      long epoch_s=m_standing_ptr.ServerSeconds(WireEpoch(number)*1000*MS_NS);
      return !HasWalked() || epoch_s-DAY_S<m_span.WholeS() || presence.HasInstance(number);
     }
   //--- how far back the first walk since the connection has read
   long              WholeS(void) const { return m_span.WholeS(); }
   //--- was a deal told, or is it too old to be told
   bool              IsTold(const SDealRow &deal) const
     {
      return m_span.IsOld(deal) || m_fills.IsSeen(deal.ticket);
     }
   //--- is nothing in doubt, nor may anything still come of the time before the connection
   bool              IsCertain(const long now_ns)
     {
      return HasWalked() && m_standing_ptr.IsClean(now_ns) && !IsInDoubt(now_ns);
     }
   //--- what ended before is in no walk's history, neither from now on nor from a moment on
   long              ForgottenS(const long from_s) const
     {
      return m_span.ForgottenS(MathMin(from_s,m_span.MarkS()));
     }
   //--- hold in memory what the whole history can bring again; false when it could not be read
   bool              Renew(void)
     {
      CAccount whole;
      if(!whole.Read(m_span.ForgottenS(m_span.MarkS())))
         return false;
      presence.Renew(whole);
      m_strangers.Renew(whole);
      m_fills.Renew();
      return true;
     }
   CStrangers       *Strangers(void) { return GetPointer(m_strangers); }

private:
   //--- one that a deal has proved is in the book by its ticket, and enters no more
   bool              IsEntering(const SOrderRow &row)
     {
      return !IsAccepted(row.state) && row.reason==ORDER_REASON_EXPERT &&
             m_book_ptr.ByTicket(row.ticket)==NOBODY;
     }
   //--- may deals be missing that were made before the last walk
   bool              IsInDoubt(const long now_ns)
     {
      return m_span.IsLate(now_ns) || !m_fills.holdings.IsSteady() || OwedSinceS()!=0;
     }
   //--- when the oldest of the orders was made whose deals have not all come; 0: they have
   long              OwedSinceS(void)
     {
      long since_s=0;
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         long setup_s=m_book_ptr.chains[at].setup_msc/1000;
         if(m_book_ptr.chains[at].owes_deals && (since_s==0 || setup_s<since_s))
            since_s=setup_s;
        }
      return since_s;
     }
   void              Ends(void)
     {
      for(int i=0; i<ArraySize(account.done); i++)
        {
         int at=presence.Whose(account.done[i]);
         if(at==NOBODY)
            m_strangers.Done(account.done[i],m_span.IsQuiet());
         else
            if(m_book_ptr.chains[at].stage!=STAGE_ENDED &&
               account.done[i].ticket==m_book_ptr.chains[at].ticket)
               End(at,account.done[i]);
        }
     }
   void              End(const int at,const SOrderRow &row)
     {
      int index=m_symbols_ptr.FindTerminal(row.symbol);
      if(index<0)
         return;
      SSymbolRules rules;
      SDecimal lots,expected;
      m_symbols_ptr.Rules(index,rules);
      row.Executed(lots);
      rules.Units(lots,expected);
      expected.Add(m_book_ptr.chains[at].base);
      m_book_ptr.chains[at].owes_deals=m_book_ptr.chains[at].cum.Compare(expected)<0;
      if(m_book_ptr.chains[at].owes_deals)
         return;
      ENUM_ASKED step=m_book_ptr.chains[at].asked_step;
      if(step==ASKED_PLACE)
         return;
      string how=FixEndOf(row.state);
      if(step==ASKED_REMOVE && how!=FIX_ORD_STATUS_FILLED)
        {
         m_book_ptr.chains[at].is_removed=true;
         return;
        }
      string text=row.comment==WireText(row.magic) ? "" : row.comment;
      if(how==FIX_ORD_STATUS_FILLED && !m_book_ptr.chains[at].IsFilled())
        {
         //--- it was placed for less, since no position was as large as it
         how=FIX_ORD_STATUS_CANCELED;
         text="REDUCE_ONLY: the largest position was closed; ask again for the rest";
        }
      if(how==FIX_ORD_STATUS_CANCELED && HasTimedOut(at,row))
        {
         how=FIX_ORD_STATUS_EXPIRED;
         text="";
        }
      m_telling_ptr.Finish(at,how,m_standing_ptr.UtcNs(row.done_msc),text);
     }
   //--- one that was removed after its ExpireTime, not for a request, has expired
   bool              HasTimedOut(const int at,const SOrderRow &row) const
     {
      return m_book_ptr.chains[at].terms.ends_s!=0 && m_book_ptr.chains[at].cancel_name=="" &&
             m_book_ptr.chains[at].doom=="" &&
             m_standing_ptr.UtcNs(row.done_msc)>=m_book_ptr.chains[at].terms.expire_ns;
     }
  };

#endif
