//+------------------------------------------------------------------+
//| The deals of the account, each told once: fills of our chains,   |
//| those of strangers, money that moved without a trade, and trades |
//| that were taken back.                                            |
//|                                                                  |
//| A deal is told when its order is known: without it nobody knows  |
//| whose the deal is.                                               |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FILLS_MQH
#define PORTCULLIS_FILLS_MQH

#include "Deals.mqh"
#include "Holdings.mqh"
#include "Presence.mqh"
#include "Span.mqh"

class CFills
  {
   CAccount         *m_account_ptr;
   CBook            *m_book_ptr;
   CStore           *m_store_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CVenueListener   *m_listener_ptr;
   CTelling         *m_telling_ptr;
   CStrangers       *m_strangers_ptr;
   CPresence        *m_presence_ptr;
   CSpan            *m_span_ptr;
   CLongMap          m_seen;        // deals: 1 told, 2 taken back

public:
   CHoldings         holdings;

                     CFills(void) { m_account_ptr=NULL; m_book_ptr=NULL; }
   void              Open(CAccount *account_ptr,CBook *book_ptr,CStore *store_ptr,
                          CStanding *standing_ptr,CSymbols *symbols_ptr,
                          CVenueListener *listener_ptr,CTelling *telling_ptr,
                          CStrangers *strangers_ptr,CPresence *presence_ptr,CSpan *span_ptr)
     {
      m_account_ptr=account_ptr;
      m_book_ptr=book_ptr;
      m_store_ptr=store_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_listener_ptr=listener_ptr;
      m_telling_ptr=telling_ptr;
      m_strangers_ptr=strangers_ptr;
      m_presence_ptr=presence_ptr;
      m_span_ptr=span_ptr;
      holdings.Forget();
      Renew();
     }
   //--- know the deals of the database, and no others
   void              Renew(void)
     {
      m_seen.Clear();
      long tickets[];
      long busted[];
      int count=m_store_ptr.Rows("SELECT ticket,busted FROM deals WHERE ticket>?1",0,tickets,
                                 busted);
      for(int i=0; i<count; i++)
         m_seen.Set(tickets[i],busted[i]!=0 ? 2 : 1);
     }
   bool              IsSeen(const ulong ticket) const { return m_seen.Has((long)ticket); }
   //--- tell what is new among the account's deals
   void              Look(void)
     {
      for(int i=0; i<ArraySize(m_account_ptr.deals); i++)
        {
         long state=m_seen.Get((long)m_account_ptr.deals[i].ticket,0);
         if(state==2 || (state==1 && !IsBusted(m_account_ptr.deals[i].type)))
            continue;
         if(!IsTrade(m_account_ptr.deals[i].type) && !IsBusted(m_account_ptr.deals[i].type))
            See(m_account_ptr.deals[i]);
         else
            if(state==1)
               Bust(m_account_ptr.deals[i]);
            else
               if(!IsBusted(m_account_ptr.deals[i].type))
                  Fill(m_account_ptr.deals[i]);
        }
     }

private:
   void              See(const SDealRow &deal)
     {
      long state=IsBusted(deal.type) ? 2 : 1;
      bool again=m_seen.Has((long)deal.ticket);
      if(!m_span_ptr.IsOld(deal) && (state==1 || again))
         holdings.Deal(deal,state==2);
      m_seen.Set((long)deal.ticket,state);
      m_store_ptr.Put("INSERT OR REPLACE INTO deals VALUES(?1,?2,?3)",(long)deal.ticket,
                      deal.time_msc,state==2 ? 1 : 0);
      int index=m_symbols_ptr.FindTerminal(deal.symbol);
      SSymbolRules rules;
      if(index>=0)
         m_symbols_ptr.Rules(index,rules);
      SLedgerEntry entries[];
      ArrayResize(entries,1);
      if(state==1 && !m_span_ptr.IsQuiet() && !m_span_ptr.IsOld(deal) &&
         TellEntry(deal,index<0 ? "" : rules.symbol,*m_standing_ptr,entries[0]))
         m_listener_ptr.OnLedgerEntries("",entries,true);
     }
   void              Fill(const SDealRow &deal)
     {
      int index=m_symbols_ptr.FindTerminal(deal.symbol);
      int at=m_book_ptr.ByTicket(deal.order);
      if(m_span_ptr.IsOld(deal))
        {
         See(deal);
         return;
        }
      if(at==NOBODY && index>=0)
        {
         //--- its order may not have come yet: without it nobody knows whose the deal is
         int done=m_account_ptr.FindDone(deal.order);
         int alive=m_account_ptr.FindOpen(deal.order);
         if(done<0 && alive<0 && deal.order!=0)
           {
            done=m_account_ptr.Fetch(deal.order);
            if(done<0)
               return;
           }
         if(alive>=0)
            at=MeetByDeal(m_account_ptr.open[alive]);
         else
            if(done>=0)
               at=MeetByDeal(m_account_ptr.done[done]);
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
      if(at!=NOBODY && m_book_ptr.chains[at].stage==STAGE_SENT)
         return;
      //--- its swap is told before it: charged is who holds the position
      See(deal);
      if(at==NOBODY)
        {
         m_strangers_ptr.Fill(*m_account_ptr,deal,fill,m_span_ptr.IsQuiet());
         return;
        }
      TellChainDeal(deal,m_book_ptr.chains[at],fill);
      if(fill.cl_ord_id=="")
         m_strangers_ptr.Tell(fill);
      else
         m_telling_ptr.Filled(at,fill);
     }
   //--- a deal proves that its order was accepted, whatever state the list still shows
   int               MeetByDeal(const SOrderRow &row)
     {
      int at=m_presence_ptr.Whose(row);
      if(at==NOBODY || m_book_ptr.chains[at].stage==STAGE_ENDED ||
         !m_presence_ptr.IsPresent(at,row))
         return NOBODY;
      m_presence_ptr.Meet(at,row);
      return m_book_ptr.ByTicket(row.ticket);
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
      if(fill.cl_ord_id!="")
         m_telling_ptr.Busted(at,fill);
     }
  };

#endif
