//+------------------------------------------------------------------+
//| Answers to the gateway's questions, from the lists of the moment.|
//|                                                                  |
//| One is complete only if it was read whole while the terminal was |
//| connected, for long enough, and no order of ours is missing.     |
//| An order whose request is still under way, or that the list has  |
//| and the server has not accepted yet, is neither known nor        |
//| unknown: such an answer is not complete either, nor is one about |
//| an id that may have been forgotten. Fills, positions and the     |
//| ledger are none while positions do not follow from the deals,    |
//| nor are positions while a request for levels has no answer.      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ANSWERS_MQH
#define PORTCULLIS_ANSWERS_MQH

#include "Adoption.mqh"

class CAnswers
  {
   CBook            *m_book_ptr;
   CWalk            *m_walk_ptr;
   CAdoption        *m_adoption_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CVenueListener   *m_listener_ptr;

   bool              IsClean(const long now_ns)
     {
      return m_standing_ptr.Look(now_ns) && m_standing_ptr.IsClean(now_ns) &&
             m_walk_ptr.HasWalked();
     }
   //--- an order of a chain as it lives at the server now
   void              TellLive(const int at,const SOrderRow &row,SVenueOrder &order)
     {
      SSymbolRules rules;
      STerms live;
      int index=m_symbols_ptr.FindTerminal(row.symbol);
      live=m_book_ptr.chains[at].terms;
      if(index>=0)
        {
         m_symbols_ptr.Rules(index,rules);
         m_book_ptr.chains[at].LiveTerms(row,rules,m_standing_ptr.OffsetS(),live);
        }
      m_book_ptr.chains[at].TellAs(live,order);
     }

public:
                     CAnswers(void) { m_book_ptr=NULL; m_walk_ptr=NULL; m_standing_ptr=NULL; }
   void              Open(CBook *book_ptr,CWalk *walk_ptr,CAdoption *adoption_ptr,
                          CStanding *standing_ptr,CSymbols *symbols_ptr,
                          CVenueListener *listener_ptr)
     {
      m_adoption_ptr=adoption_ptr;
      m_book_ptr=book_ptr;
      m_walk_ptr=walk_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_listener_ptr=listener_ptr;
     }

   void              LookUp(const string ask,const string cl_ord_id,const long now_ns)
     {
      long number=WireNumber(cl_ord_id);
      bool complete=IsClean(now_ns) && !m_walk_ptr.IsEntering(number);
      int at=m_book_ptr.ByName(number);
      bool absent=true;
      if(at==NOBODY && complete)
         at=m_adoption_ptr.Find(number,now_ns,absent);
      bool found=at!=NOBODY;
      SVenueOrder order;
      if(!found && (!absent || m_book_ptr.IsForgotten(number)))
        {
         complete=false;
         order.text=FORGOTTEN;
        }
      if(found)
        {
         bool next=m_book_ptr.chains[at].asked_name==cl_ord_id;
         bool ended=m_book_ptr.chains[at].stage==STAGE_ENDED;
         bool sent=m_book_ptr.chains[at].stage==STAGE_SENT;
         if(m_book_ptr.chains[at].flights>0 || m_book_ptr.chains[at].is_missing ||
            m_book_ptr.chains[at].owes_deals)
            complete=complete && !sent && !next && !m_book_ptr.chains[at].is_missing &&
                     !m_book_ptr.chains[at].owes_deals;
         found=ended || (!sent && !next && !m_book_ptr.chains[at].is_missing);
         int row=m_walk_ptr.account.FindOpen(m_book_ptr.chains[at].ticket);
         if(row>=0)
            TellLive(at,m_walk_ptr.account.open[row],order);
         else
            m_book_ptr.chains[at].Tell(order);
        }
      m_listener_ptr.OnFound(ask,found,order,complete);
     }

   void              OpenOrders(const string ask,const long now_ns)
     {
      SVenueOrder orders[];
      CStrangers *strangers_ptr=m_walk_ptr.Strangers();
      for(int i=0; i<ArraySize(m_walk_ptr.account.open); i++)
        {
         SOrderRow row=m_walk_ptr.account.open[i];
         int at=m_book_ptr.ByTicket(row.ticket);
         if(!IsAccepted(row.state) && at==NOBODY)
            continue;
         int last=ArraySize(orders);
         ArrayResize(orders,last+1);
         if(at!=NOBODY && m_book_ptr.chains[at].stage==STAGE_OPEN &&
            m_book_ptr.chains[at].ticket==row.ticket)
            TellLive(at,row,orders[last]);
         else
            if(!strangers_ptr.Tell(row,orders[last]))
               ArrayResize(orders,last);
        }
      m_listener_ptr.OnOpenOrders(ask,orders,IsClean(now_ns) && !m_walk_ptr.IsAnyMissing() &&
                                  !m_walk_ptr.IsAnyEntering());
     }

   void              FillsSince(const string ask,const long since_ns,const long now_ns)
     {
      SFill fills[];
      CAccount history;
      bool complete=IsClean(now_ns) && m_walk_ptr.IsSteady() && ReadSince(since_ns,history);
      for(int i=0; i<ArraySize(history.deals); i++)
        {
         SDealRow deal=history.deals[i];
         int index=m_symbols_ptr.FindTerminal(deal.symbol);
         if(!IsTrade(deal.type) || index<0 || !m_standing_ptr.IsSince(deal.time_msc,since_ns))
            continue;
         int last=ArraySize(fills);
         ArrayResize(fills,last+1);
         SSymbolRules rules;
         m_symbols_ptr.Rules(index,rules);
         TellDeal(deal,rules,*m_standing_ptr,fills[last]);
         if(!NameDeal(deal,fills[last]))
            complete=false;
        }
      m_listener_ptr.OnFills(ask,fills,complete);
     }

   //--- `settled`: no request without an answer is about to give one of them other levels
   void              Positions(const string ask,const bool settled,const long now_ns)
     {
      SPositionRow rows[];
      SPosition positions[];
      ReadPositions(rows);
      bool hedging=m_standing_ptr.IsHedging();
      for(int i=0; i<ArraySize(rows); i++)
        {
         int index=m_symbols_ptr.FindTerminal(rows[i].symbol);
         if(index<0)
            continue;
         SSymbolRules rules;
         m_symbols_ptr.Rules(index,rules);
         int last=ArraySize(positions);
         ArrayResize(positions,last+1);
         positions[last].symbol=rules.symbol;
         positions[last].currency=rules.currency;
         rules.Units(rows[i].volume,positions[last].qty);
         if(!rows[i].IsLong())
            positions[last].qty.Negate();
         positions[last].avg_px=rows[i].price;
         positions[last].stop_loss_px=rows[i].stop;
         positions[last].take_profit_px=rows[i].profit;
         positions[last].realized_pnl.SetWhole(0);
         positions[last].position_id=hedging ? IntegerToString(rows[i].identifier) : "";
        }
      m_listener_ptr.OnPositions(ask,positions,settled && IsClean(now_ns) && m_walk_ptr.IsSteady());
     }

   //--- what was lent (credit) is part of it, as its entry in the ledger is a deposit
   void              Balances(const string ask,const long now_ns)
     {
      SBalance balances[];
      SDecimal credit;
      ArrayResize(balances,1);
      balances[0].currency=AccountInfoString(ACCOUNT_CURRENCY);
      SetExact(balances[0].total,AccountInfoDouble(ACCOUNT_BALANCE));
      SetExact(credit,AccountInfoDouble(ACCOUNT_CREDIT));
      balances[0].total.Add(credit);
      SetExact(balances[0].free,AccountInfoDouble(ACCOUNT_MARGIN_FREE));
      m_listener_ptr.OnBalances(ask,balances,IsClean(now_ns));
     }

   void              LedgerEntries(const string ask,const long since_ns,const long now_ns)
     {
      SLedgerEntry entries[];
      CAccount history;
      bool complete=IsClean(now_ns) && m_walk_ptr.IsSteady() && ReadSince(since_ns,history);
      for(int i=0; i<ArraySize(history.deals); i++)
        {
         SDealRow deal=history.deals[i];
         if(!m_standing_ptr.IsSince(deal.time_msc,since_ns))
            continue;
         int index=m_symbols_ptr.FindTerminal(deal.symbol);
         SSymbolRules rules;
         if(index>=0)
            m_symbols_ptr.Rules(index,rules);
         SLedgerEntry entry;
         if(!TellEntry(deal,index<0 ? "" : rules.symbol,*m_standing_ptr,entry))
            continue;
         int last=ArraySize(entries);
         ArrayResize(entries,last+1);
         entries[last]=entry;
        }
      m_listener_ptr.OnLedgerEntries(ask,entries,complete);
     }

   void              Instruments(const string ask,const SDecimal &fee_rate,const long now_ns)
     {
      SInstrument instruments[];
      string why;
      bool whole=m_symbols_ptr.Refresh();
      int count=m_symbols_ptr.AreKnown(why) ? m_symbols_ptr.Count() : 0;
      ArrayResize(instruments,count);
      for(int i=0; i<count; i++)
        {
         SSymbolRules rules;
         m_symbols_ptr.Rules(i,rules);
         rules.Tell(fee_rate,instruments[i]);
        }
      m_listener_ptr.OnInstruments(ask,instruments,whole && IsClean(now_ns));
     }

private:
   bool              ReadSince(const long since_ns,CAccount &history)
     {
      long since_s=m_standing_ptr.ServerSeconds(since_ns-SLACK_NS)-1;
      return history.ReadHistory(since_s>0 ? since_s : 0);
     }
   //--- whose deal it is; false while its order has not come
   bool              NameDeal(const SDealRow &deal,SFill &fill)
     {
      int at=m_book_ptr.ByTicket(deal.order);
      if(at!=NOBODY)
        {
         TellChainDeal(deal,m_book_ptr.chains[at],fill);
         return true;
        }
      if(deal.order==0)
         return true;
      SOrderRow row;
      int open=m_walk_ptr.account.FindOpen(deal.order);
      if(open>=0)
         row=m_walk_ptr.account.open[open];
      else
         if(!HistoryOrderSelect(deal.order) || !ReadDoneOrder(deal.order,row))
            return false;
      CStrangers *strangers_ptr=m_walk_ptr.Strangers();
      strangers_ptr.Name(row,deal,fill);
      return true;
     }
  };

#endif
