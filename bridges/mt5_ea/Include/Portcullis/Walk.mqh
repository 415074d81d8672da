//+------------------------------------------------------------------+
//| Walks the account and tells what is different from what was told.|
//|                                                                  |
//| Transactions are hints and nothing more: after each one, on a    |
//| timer and at every Logon this is done, so that one that is lost, |
//| doubled, late or early changes nothing.                          |
//|                                                                  |
//| - What is in a list is so. What is in none proves nothing: an    |
//|   order that was there and is nowhere now is missing, and makes  |
//|   every answer incomplete until it turns up.                     |
//| - An order is ours by its magic AND its reason: a stop closure   |
//|   carries the magic of the order that opened the position.       |
//| - Of each chain: that it is there, then its deals, then its end; |
//|   the end waits until the deals that belong to it were seen.     |
//| - The first walk ever tells nothing: what was before is not ours,|
//|   and is never told, however late it turns up in the history.    |
//| - The history may come later than the connection. Until it must  |
//|   have come, and while positions do not follow from the deals,   |
//|   the mark stays where it was, and is gone back to again and     |
//|   again.                                                         |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_WALK_MQH
#define PORTCULLIS_WALK_MQH

#include "Account.mqh"
#include "Deals.mqh"
#include "Holdings.mqh"
#include "Strangers.mqh"
#include "Telling.mqh"

#define OVERLAP_S 600
#define MARK_EVERY_S 60
#define WALKED_MARK "walked_s"
#define HORIZON_MARK "horizon_s"
#define LATE_HISTORY_NS ((long)60000000000)
#define AUDIT_SOON_NS ((long)15000000000)
#define AUDIT_NS ((long)600000000000)

class CWalk
  {
   CBook            *m_book_ptr;
   CStore           *m_store_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CVenueListener   *m_listener_ptr;
   CTelling         *m_telling_ptr;
   CStrangers        m_strangers;
   CLongMap          m_seen;        // deals: 1 told, 2 taken back
   CLongMap          m_magics;      // every magic that an order of the account had
   CHoldings         m_holdings;
   long              m_mark_s;      // every deal before it was seen; 0: there was no clean walk
   long              m_near_s;      // the last clean walk
   long              m_kept_s;
   long              m_horizon_s;   // no deal before it is ever told
   long              m_history_s;   // how far back the first walk goes
   long              m_late_ns;     // how long after a connection history may come
   long              m_late_until_ns;
   long              m_audited_ns;
   bool              m_quiet;
   bool              m_has_walked;

public:
   CAccount          account;
   //--- something has happened: walk soon
   bool              is_wanted;
   //--- open orders of chains that have ended without them: nobody watches them
   ulong             strays[];

                     CWalk(void) { m_book_ptr=NULL; m_store_ptr=NULL; is_wanted=true; }
   void              Open(CBook *book_ptr,CStore *store_ptr,CStanding *standing_ptr,
                          CSymbols *symbols_ptr,CVenueListener *listener_ptr,
                          CTelling *telling_ptr,const int history_days,
                          const long absence_after_ms)
     {
      m_telling_ptr=telling_ptr;
      is_wanted=true;
      m_book_ptr=book_ptr;
      m_store_ptr=store_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_listener_ptr=listener_ptr;
      m_strangers.Open(book_ptr,standing_ptr,symbols_ptr,listener_ptr);
      m_seen.Clear();
      m_magics.Clear();
      m_history_s=(long)history_days*DAY_S;
      m_mark_s=m_store_ptr.Marked(WALKED_MARK);
      m_near_s=m_mark_s;
      m_kept_s=m_mark_s;
      m_horizon_s=m_store_ptr.Marked(HORIZON_MARK);
      m_late_ns=absence_after_ms*MS_NS+LATE_HISTORY_NS;
      m_late_until_ns=0;
      m_audited_ns=0;
      m_holdings.Forget();
      m_quiet=m_mark_s==0;
      m_has_walked=false;
      long tickets[];
      long busted[];
      int count=m_store_ptr.Rows("SELECT ticket,busted FROM deals WHERE ticket>?1",0,tickets,
                                 busted);
      for(int i=0; i<count; i++)
         m_seen.Set(tickets[i],busted[i]!=0 ? 2 : 1);
     }
   //--- has the whole history been walked, so that a magic that is not known is nowhere
   bool              HasWalked(void) const { return m_has_walked; }
   bool              IsKnownMagic(const long magic) const { return m_magics.Has(magic); }
   //--- look far back again: after a disconnect nobody knows what was missed
   void              LookBack(const long now_ns)
     {
      m_has_walked=false;
      m_late_until_ns=now_ns+m_late_ns;
     }
   //--- do the positions follow from the deals that were seen
   bool              IsSteady(void) const { return m_holdings.IsSteady(); }

   //--- one walk; false when the terminal could not be read
   bool              Do(const long now_ns)
     {
      is_wanted=false;
      long server_s=(long)TimeTradeServer();
      bool clean=m_standing_ptr.IsClean(now_ns);
      if(!m_standing_ptr.IsConnected() || (m_mark_s==0 && !clean))
         return false;
      long mark_s=m_mark_s;
      if(m_mark_s==0 || m_mark_s>server_s)
         m_mark_s=server_s;
      if(m_near_s<m_mark_s || m_near_s>server_s)
         m_near_s=m_mark_s;
      bool audits=clean && now_ns-m_audited_ns>=(IsInDoubt(now_ns) ? AUDIT_SOON_NS : AUDIT_NS);
      SPositionRow held[];
      ReadPositions(held);
      if(!account.Read(SinceS(clean,audits)))
        {
         m_mark_s=mark_s;
         return false;
        }
      if(m_quiet)
         m_horizon_s=server_s-OVERLAP_S;
      if(audits || (clean && !m_has_walked))
         m_audited_ns=now_ns;
      Sight();
      Fills();
      Ends();
      if(!clean)
         return true;
      m_holdings.Judge(held,now_ns);
      Mark(server_s,now_ns);
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
            (Whose(account.open[i])!=NOBODY || IsWireMagic(account.open[i].magic)))
            return true;
      return false;
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
      return now_ns<m_late_until_ns || !m_holdings.IsSteady() || OwedSinceS()!=0;
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
   long              SinceS(const bool clean,const bool audits)
     {
      if(clean && !m_has_walked)
         return m_mark_s-m_history_s;
      if(!audits)
         return m_near_s-OVERLAP_S;
      long since_s=MathMin(m_mark_s-OVERLAP_S,m_near_s-DAY_S);
      long owed_s=OwedSinceS();
      return owed_s>0 ? MathMin(since_s,owed_s-OVERLAP_S) : since_s;
     }
   //--- was it made before what is told, so that it is nobody's news
   bool              IsOld(const SDealRow &deal) const { return deal.time_msc/1000<m_horizon_s; }
   void              Mark(const long server_s,const long now_ns)
     {
      m_has_walked=true;
      m_quiet=false;
      m_near_s=server_s;
      if(!IsInDoubt(now_ns))
         m_mark_s=server_s;
      if(m_kept_s!=0 && m_mark_s-m_kept_s<MARK_EVERY_S)
         return;
      m_kept_s=m_mark_s;
      long forgotten_s=m_mark_s-m_history_s-OVERLAP_S;
      m_horizon_s=MathMax(m_horizon_s,forgotten_s);
      m_store_ptr.Mark(WALKED_MARK,m_mark_s);
      m_store_ptr.Mark(HORIZON_MARK,m_horizon_s);
      m_store_ptr.Put("DELETE FROM deals WHERE msc<?1",forgotten_s*1000);
     }

   //--- what is there

   void              Stray(const ulong ticket)
     {
      int at=ArraySize(strays);
      ArrayResize(strays,at+1);
      strays[at]=ticket;
     }
   void              Sight(void)
     {
      ArrayResize(strays,0);
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         m_book_ptr.chains[at].is_missing=m_book_ptr.chains[at].ticket!=0;
        }
      for(int i=0; i<ArraySize(account.open); i++)
        {
         int at=Whose(account.open[i]);
         m_magics.Set(account.open[i].magic,1);
         if(at==NOBODY)
            m_strangers.Sight(account.open[i],m_quiet);
         else
            if(m_book_ptr.chains[at].stage!=STAGE_ENDED && IsPresent(at,account.open[i]))
               SightOpen(at,account.open[i]);
            else
               Stray(account.open[i].ticket);
        }
      for(int i=0; i<ArraySize(account.done); i++)
        {
         int at=Whose(account.done[i]);
         m_magics.Set(account.done[i].magic,1);
         if(at!=NOBODY && m_book_ptr.chains[at].stage!=STAGE_ENDED &&
            IsPresent(at,account.done[i]))
            SightDone(at,account.done[i]);
        }
      FindMissing();
     }
   //--- the chain of an order at the server
   int               Whose(const SOrderRow &row)
     {
      int at=m_book_ptr.ByTicket(row.ticket);
      if(at!=NOBODY || row.reason!=ORDER_REASON_EXPERT)
         return at;
      return m_book_ptr.ByName(row.magic);
     }
   //--- is it the present order of its chain, or the one that is to follow it
   bool              IsPresent(const int at,const SOrderRow &row) const
     {
      return row.magic==m_book_ptr.chains[at].magic || IsNext(at,row);
     }
   bool              IsNext(const int at,const SOrderRow &row) const
     {
      return m_book_ptr.chains[at].asked_step==ASKED_PLACE &&
             row.magic==WireNumber(m_book_ptr.chains[at].asked_name);
     }
   //--- what has moved out of the lists that were read is looked for by its ticket
   void              FindMissing(void)
     {
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         if(!m_book_ptr.chains[at].is_missing)
            continue;
         ulong ticket=m_book_ptr.chains[at].ticket;
         SOrderRow row;
         if(!HistoryOrderSelect(ticket) || !ReadDoneOrder(ticket,row))
            continue;
         int last=ArraySize(account.done);
         ArrayResize(account.done,last+1);
         account.done[last]=row;
         SightDone(at,row);
        }
     }

   void              SightOpen(const int at,const SOrderRow &row)
     {
      m_book_ptr.chains[at].is_missing=false;
      if(!IsAccepted(row.state))
         return;
      Meet(at,row);
      int index=m_symbols_ptr.FindTerminal(row.symbol);
      if(index<0)
         return;
      if(m_book_ptr.chains[at].asked_step==ASKED_MODIFY && ShowsAsked(at,row,index))
         m_telling_ptr.Replaced(at);
      if(m_book_ptr.chains[at].ord_type==FIX_ORD_TYPE_STOP_LIMIT &&
         FixTypeOf(row.type)==FIX_ORD_TYPE_LIMIT)
         m_telling_ptr.Triggered(at);
     }
   bool              ShowsAsked(const int at,const SOrderRow &row,const int index)
     {
      SSymbolRules rules;
      STerms live;
      m_symbols_ptr.Rules(index,rules);
      m_book_ptr.chains[at].LiveTerms(row,rules,m_standing_ptr.OffsetS(),live);
      return live.HasPricesOf(m_book_ptr.chains[at].asked);
     }
   void              SightDone(const int at,const SOrderRow &row)
     {
      m_book_ptr.chains[at].is_missing=false;
      bool refused=row.state==ORDER_STATE_REJECTED;
      if(!refused || m_book_ptr.chains[at].stage==STAGE_OPEN)
         Meet(at,row);
      else
         m_book_ptr.chains[at].ticket=row.ticket;
     }
   //--- the server has the order of a chain, or the one that follows it
   void              Meet(const int at,const SOrderRow &row)
     {
      bool next=IsNext(at,row);
      if(!next && m_book_ptr.chains[at].stage!=STAGE_SENT)
         return;
      m_book_ptr.chains[at].magic=row.magic;
      m_book_ptr.chains[at].ticket=row.ticket;
      m_book_ptr.chains[at].setup_msc=row.setup_msc;
      m_book_ptr.chains[at].transact_ns=m_standing_ptr.UtcNs(row.setup_msc);
      m_book_ptr.Ticket(at,row.ticket);
      if(next)
        {
         m_book_ptr.chains[at].base=m_book_ptr.chains[at].cum;
         m_telling_ptr.Replaced(at);
         return;
        }
      m_telling_ptr.Accepted(at);
     }

   //--- deals

   void              Fills(void)
     {
      for(int i=0; i<ArraySize(account.deals); i++)
        {
         long state=m_seen.Get((long)account.deals[i].ticket,0);
         if(state==2 || (state==1 && !IsBusted(account.deals[i].type)))
            continue;
         if(!IsTrade(account.deals[i].type) && !IsBusted(account.deals[i].type))
            See(account.deals[i]);
         else
            if(state==1)
               Bust(account.deals[i]);
            else
               if(!IsBusted(account.deals[i].type))
                  Fill(account.deals[i]);
        }
     }
   void              See(const SDealRow &deal)
     {
      long state=IsBusted(deal.type) ? 2 : 1;
      bool again=m_seen.Has((long)deal.ticket);
      if(!IsOld(deal) && (state==1 || again))
         m_holdings.Deal(deal,state==2);
      m_seen.Set((long)deal.ticket,state);
      m_store_ptr.Put("INSERT OR REPLACE INTO deals VALUES(?1,?2,?3)",(long)deal.ticket,
                      deal.time_msc,state==2 ? 1 : 0);
      int index=m_symbols_ptr.FindTerminal(deal.symbol);
      SSymbolRules rules;
      if(index>=0)
         m_symbols_ptr.Rules(index,rules);
      SLedgerEntry entries[];
      ArrayResize(entries,1);
      if(state==1 && !m_quiet && !IsOld(deal) &&
         TellEntry(deal,index<0 ? "" : rules.symbol,*m_standing_ptr,entries[0]))
         m_listener_ptr.OnLedgerEntries("",entries,true);
     }
   void              Fill(const SDealRow &deal)
     {
      int index=m_symbols_ptr.FindTerminal(deal.symbol);
      int at=m_book_ptr.ByTicket(deal.order);
      if(IsOld(deal))
        {
         See(deal);
         return;
        }
      if(at==NOBODY && index>=0)
        {
         //--- its order may not have come yet: without it nobody knows whose the deal is
         int done=account.FindDone(deal.order);
         int alive=account.FindOpen(deal.order);
         if(done<0 && alive<0 && !IsInHistory(deal.order))
            return;
         done=account.FindDone(deal.order);
         if(alive>=0)
            at=MeetByDeal(account.open[alive]);
         else
            if(done>=0)
               at=MeetByDeal(account.done[done]);
        }
      if(index<0)
        {
         See(deal);
         return;
        }
      SSymbolRules rules;
      SFill fill;
      m_symbols_ptr.Rules(index,rules);
      TellDeal(deal,rules,*m_standing_ptr,fill);
      if(at==NOBODY)
        {
         m_strangers.Fill(account,deal,fill,m_quiet);
         See(deal);
         return;
        }
      if(m_book_ptr.chains[at].stage==STAGE_SENT)
         return;
      TellChainDeal(deal,m_book_ptr.chains[at],fill);
      if(fill.cl_ord_id=="")
         m_strangers.Tell(fill);
      else
         m_telling_ptr.Filled(at,fill);
      See(deal);
     }
   //--- a deal proves that its order was accepted, whatever state the list still shows
   int               MeetByDeal(const SOrderRow &row)
     {
      int at=Whose(row);
      if(at==NOBODY || m_book_ptr.chains[at].stage==STAGE_ENDED || !IsPresent(at,row))
         return NOBODY;
      Meet(at,row);
      return m_book_ptr.ByTicket(row.ticket);
     }
   bool              IsInHistory(const ulong ticket)
     {
      SOrderRow row;
      if(ticket==0)
         return true;
      if(!HistoryOrderSelect(ticket) || !ReadDoneOrder(ticket,row))
         return false;
      int last=ArraySize(account.done);
      ArrayResize(account.done,last+1);
      account.done[last]=row;
      return true;
     }
   void              Bust(const SDealRow &deal)
     {
      int index=m_symbols_ptr.FindTerminal(deal.symbol);
      int at=m_book_ptr.ByTicket(deal.order);
      See(deal);
      if(index<0 || at==NOBODY)
         return;
      SSymbolRules rules;
      SFill fill;
      m_symbols_ptr.Rules(index,rules);
      TellDeal(deal,rules,*m_standing_ptr,fill);
      TellChainDeal(deal,m_book_ptr.chains[at],fill);
      m_telling_ptr.Busted(at,fill);
     }

   //--- ends

   void              Ends(void)
     {
      for(int i=0; i<ArraySize(account.done); i++)
        {
         int at=Whose(account.done[i]);
         if(at==NOBODY)
            m_strangers.Done(account.done[i],m_quiet);
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
      m_telling_ptr.Finish(at,how,m_standing_ptr.UtcNs(row.done_msc),text);
     }
  };

#endif
