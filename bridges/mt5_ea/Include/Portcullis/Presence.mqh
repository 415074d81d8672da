//+------------------------------------------------------------------+
//| Which chain an order of the account belongs to, and that it is   |
//| there.                                                           |
//|                                                                  |
//| - An order is ours by its magic AND its reason: a stop closure   |
//|   carries the magic of the order that opened the position.       |
//| - What is in a list is so. What is in none proves nothing: an    |
//|   order that was there and is nowhere now is missing, until it   |
//|   turns up.                                                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PRESENCE_MQH
#define PORTCULLIS_PRESENCE_MQH

#include "Account.mqh"
#include "Strangers.mqh"
#include "Telling.mqh"

class CPresence
  {
   CAccount         *m_account_ptr;
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CTelling         *m_telling_ptr;
   CStrangers       *m_strangers_ptr;
   CLongMap          m_magics;      // every magic that an order of the account had
   CLongMap          m_instances;   // and the gateways that gave them, from 1 on

public:
   //--- open orders of chains that have ended without them: nobody watches them
   ulong             strays[];

                     CPresence(void) { m_account_ptr=NULL; m_book_ptr=NULL; }
   void              Open(CAccount *account_ptr,CBook *book_ptr,CStanding *standing_ptr,
                          CSymbols *symbols_ptr,CTelling *telling_ptr,CStrangers *strangers_ptr)
     {
      m_account_ptr=account_ptr;
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_telling_ptr=telling_ptr;
      m_strangers_ptr=strangers_ptr;
      m_magics.Clear();
      m_instances.Clear();
      ArrayResize(strays,0);
     }
   //--- know the magics of the whole history, and no others
   void              Renew(const CAccount &whole)
     {
      m_magics.Clear();
      m_instances.Clear();
      for(int i=0; i<ArraySize(whole.open); i++)
         Know(whole.open[i].magic);
      for(int i=0; i<ArraySize(whole.done); i++)
         Know(whole.done[i].magic);
     }
   //--- has the gateway that gave an id left any trace in the account
   bool              HasInstance(const long number) const
     {
      return m_instances.Has(WireInstance(number)+1);
     }
   bool              IsKnownMagic(const long magic) const { return m_magics.Has(magic); }
   //--- look at what the account's lists hold now
   void              Look(const bool quiet)
     {
      ArrayResize(strays,0);
      int count=m_book_ptr.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book_ptr.Live(i);
         m_book_ptr.chains[at].is_missing=m_book_ptr.chains[at].ticket!=0;
        }
      for(int i=0; i<ArraySize(m_account_ptr.open); i++)
        {
         int at=Whose(m_account_ptr.open[i]);
         Know(m_account_ptr.open[i].magic);
         if(at==NOBODY)
            m_strangers_ptr.Sight(m_account_ptr.open[i],quiet);
         else
            if(m_book_ptr.chains[at].stage!=STAGE_ENDED && IsPresent(at,m_account_ptr.open[i]))
               SightOpen(at,m_account_ptr.open[i]);
            else
               Stray(m_account_ptr.open[i].ticket);
        }
      for(int i=0; i<ArraySize(m_account_ptr.done); i++)
        {
         int at=Whose(m_account_ptr.done[i]);
         Know(m_account_ptr.done[i].magic);
         if(at!=NOBODY && m_book_ptr.chains[at].stage!=STAGE_ENDED &&
            IsPresent(at,m_account_ptr.done[i]))
            SightDone(at,m_account_ptr.done[i]);
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
      m_book_ptr.chains[at].tried_ns=0;
      m_book_ptr.Ticket(at,row.ticket);
      if(next)
        {
         m_book_ptr.chains[at].base=m_book_ptr.chains[at].cum;
         m_telling_ptr.Replaced(at);
         return;
        }
      m_telling_ptr.Accepted(at);
     }

private:
   void              Know(const long magic)
     {
      m_magics.Set(magic,1);
      if(IsWireMagic(magic))
         m_instances.Set(WireInstance(magic)+1,1);
     }
   void              Stray(const ulong ticket)
     {
      int at=ArraySize(strays);
      ArrayResize(strays,at+1);
      strays[at]=ticket;
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
         int done=m_account_ptr.Fetch(m_book_ptr.chains[at].ticket);
         if(done>=0)
            SightDone(at,m_account_ptr.done[done]);
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
  };

#endif
