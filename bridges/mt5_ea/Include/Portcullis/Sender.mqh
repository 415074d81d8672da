//+------------------------------------------------------------------+
//| Calls the trade server: whether it may be called, with what, and |
//| once. What must survive is durable before. What is new is not    |
//| sent when it has waited too long: for the step to come, for the  |
//| disk, for the answers of others.                                 |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_SENDER_MQH
#define PORTCULLIS_SENDER_MQH

#include "Checks.mqh"
#include "Flights.mqh"
#include "Requests.mqh"
#include "Retcodes.mqh"
#include "Walk.mqh"

#define PATIENCE_NS ((long)5000000000)
#define WAITED "NOT_SENT: it waited too long for the terminal"

class CSender
  {
   CBook            *m_book_ptr;
   CStore           *m_store_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CWalk            *m_walk_ptr;
   CRequests         m_requests;
   CChecks           m_checks;
   long              m_step_ns;
   ulong             m_step_us;

public:
   CFlights          flights;
   CRetcodes         retcodes;

                     CSender(void)
     {
      m_book_ptr=NULL;
      m_store_ptr=NULL;
      m_step_ns=0;
      m_step_us=0;
     }
   void              Open(CBook *book_ptr,CStore *store_ptr,CStanding *standing_ptr,
                          CSymbols *symbols_ptr,CWalk *walk_ptr,const bool async,
                          const int deviation,const bool ioc_at_market)
     {
      m_book_ptr=book_ptr;
      m_store_ptr=store_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_walk_ptr=walk_ptr;
      m_requests.Open(standing_ptr,deviation,ioc_at_market);
      flights.Open(async);
     }
   void              BeginStep(const long now_ns)
     {
      m_step_ns=now_ns;
      m_step_us=GetMicrosecondCount();
     }
   //--- the time now: a step lasts as long as what blocks in it
   long              Now(void) const
     {
      return m_step_ns+(long)(GetMicrosecondCount()-m_step_us)*1000;
     }
   //--- is it too late for what could have been done at that time
   bool              IsLate(const long ready_ns) const { return Now()-ready_ns>PATIENCE_NS; }
   bool              MaySend(const long now_ns,SRefusal &refusal)
     {
      string text="";
      if(!m_standing_ptr.Look(now_ns) || !m_standing_ptr.IsClean(now_ns) || !m_walk_ptr.HasWalked())
        {
         text=m_standing_ptr.Why(now_ns);
         return refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,
                            text!="" ? text : "NOT_CONNECTED: the history was not read yet");
        }
      return m_standing_ptr.MayTrade(text) ? true
             : refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,text);
     }
   //--- the last look before an order is sent: is its magic there already
   bool              IsAtServer(const long number)
     {
      if(m_walk_ptr.presence.IsKnownMagic(number))
         return true;
      int count=OrdersTotal();
      for(int i=0; i<count; i++)
         if(OrderGetTicket(i)!=0 && OrderGetInteger(ORDER_MAGIC)==number)
            return true;
      return false;
     }
   //--- the rules of a symbol as they are now
   bool              Rules(const string symbol,SSymbolRules &rules,SRefusal &refusal)
     {
      int index=m_symbols_ptr.Find(symbol);
      if(index<0 || !m_symbols_ptr.Refresh(index))
         return refusal.Set(FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL,"SYMBOL: "+symbol+
                            " is not traded here; the input Symbols names what is");
      m_symbols_ptr.Rules(index,rules);
      return true;
     }
   bool              Prepare(const SOrderRequest &order,const SDecimal &qty,
                             MqlTradeRequest &request,SRefusal &refusal)
     {
      SSymbolRules rules;
      SDecimal bound;
      return Rules(order.symbol,rules,refusal) &&
             m_requests.Place(order,qty,rules,request,bound,refusal) &&
             m_checks.Finish(rules,bound,request,refusal);
     }
   //--- nothing is removed for what could not be placed
   bool              CanPlace(const SOrderRequest &order,const SDecimal &qty,
                              const SSymbolRules &rules,SRefusal &refusal) const
     {
      MqlTradeRequest request={};
      SDecimal bound;
      return m_requests.Place(order,qty,rules,request,bound,refusal);
     }
   bool              PrepareModify(const SOrderRequest &order,const SOrderRow &row,
                                   const SSymbolRules &rules,MqlTradeRequest &request,
                                   SRefusal &refusal) const
     {
      SDecimal no_bound;
      return m_requests.Modify(order,row,rules,request,refusal) &&
             m_checks.Finish(rules,no_bound,request,refusal);
     }
   bool              PrepareRemove(const SOrderRow &row,MqlTradeRequest &request,
                                   SRefusal &refusal)
     {
      SDecimal no_bound;
      SSymbolRules rules;
      int index=m_symbols_ptr.FindTerminal(row.symbol);
      m_requests.Remove(row,request);
      if(index<0)
         return true;
      m_symbols_ptr.Rules(index,rules);
      return m_checks.Finish(rules,no_bound,request,refusal);
     }
   //--- both levels of an open position
   bool              PrepareLevels(const SPositionRow &row,const SDecimal &stop,
                                   const SDecimal &profit,const SSymbolRules &rules,
                                   MqlTradeRequest &request,SRefusal &refusal) const
     {
      m_requests.Levels(row,stop,profit,request);
      return m_checks.FinishLevels(rules,row,request,refusal);
     }
   //--- an answer of the trade server in its own words, and its number
   string            Words(const SFlight &flight) const
     {
      return retcodes.Name(flight.retcode)+": "+flight.comment;
     }
   //--- what must survive is durable before the trade server is called
   void              Send(const int at,const string name,const MqlTradeRequest &request,
                          const long now_ns)
     {
      if(Note(at,request,now_ns))
         Call(at,name,request,now_ns);
     }
   //--- the same for what is new; false when it was too late: it was not sent, and never will be
   bool              SendInTime(const int at,const string name,const MqlTradeRequest &request,
                                const long ready_ns,const long now_ns)
     {
      if(!Note(at,request,now_ns))
         return true;
      if(IsLate(ready_ns))
         return false;
      Call(at,name,request,now_ns);
      return true;
     }
   //--- remove what rests without a note of it; false when nothing rests
   bool              Remove(const int at,const long now_ns)
     {
      SOrderRow row;
      SRefusal refusal;
      MqlTradeRequest request={};
      if(!ReadOpenOrder(m_book_ptr.chains[at].ticket,row) || !PrepareRemove(row,request,refusal))
         return false;
      Call(at,"",request,now_ns);
      return true;
     }

private:
   bool              Note(const int at,const MqlTradeRequest &request,const long now_ns)
     {
      m_book_ptr.chains[at].tried_ns=now_ns;
      NoteEnd(at,request);
      m_book_ptr.Save(at);
      return m_store_ptr.Commit();
     }
   void              Call(const int at,const string name,const MqlTradeRequest &request,
                          const long now_ns)
     {
      m_book_ptr.chains[at].flights++;
      flights.Send(request,at,name,now_ns);
     }
   //--- what the server shows then is the end that was asked for
   void              NoteEnd(const int at,const MqlTradeRequest &request)
     {
      long ends_s=ExpiryOf((int)request.type_time,(long)request.expiration);
      bool is_asked=m_book_ptr.chains[at].asked_step==ASKED_PLACE;
      if(request.action==TRADE_ACTION_MODIFY || (request.action==TRADE_ACTION_PENDING && is_asked))
         m_book_ptr.chains[at].asked.ends_s=ends_s;
      else
         if(request.action==TRADE_ACTION_PENDING)
            m_book_ptr.chains[at].terms.ends_s=ends_s;
     }
  };

#endif
