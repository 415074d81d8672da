//+------------------------------------------------------------------+
//| Moves stop-loss and take-profit of an open position: one request |
//| with both levels, and the position's own word on what became of  |
//| it (bridges/mt5/levels.py).                                      |
//|                                                                  |
//| What an answer does not prove the position shows; while it shows |
//| other levels the gateway hears that the request is in doubt,     |
//| until the time is over in which it can still be done.            |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PROTECT_MQH
#define PORTCULLIS_PROTECT_MQH

#include "Sender.mqh"
#include "Telling.mqh"

//--- a request whose end is not known
struct SProtection
  {
   SLevelsRequest    asked;
   SDecimal          stop;          // both levels, as they are in the request
   SDecimal          profit;
   long              answered_ns;   // 0: not yet
   bool              is_told;       // the gateway knows that it is in doubt
   ENUM_PROOF        proof;
   string            text;
  };

class CProtect
  {
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CSender          *m_sender_ptr;
   CTelling         *m_telling_ptr;
   CVenueListener   *m_listener_ptr;
   CRetcodes         m_retcodes;
   CChecks           m_checks;
   CFlights          m_flights;
   SProtection       m_open[];
   long              m_absence_ns;
   long              m_now_ns;

public:
                     CProtect(void)
     {
      m_standing_ptr=NULL;
      m_sender_ptr=NULL;
      m_absence_ns=0;
      m_now_ns=0;
     }
   void              Open(CStanding *standing_ptr,CSymbols *symbols_ptr,CSender *sender_ptr,
                          CTelling *telling_ptr,CVenueListener *listener_ptr,const bool async,
                          const long absence_ms)
     {
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_sender_ptr=sender_ptr;
      m_telling_ptr=telling_ptr;
      m_listener_ptr=listener_ptr;
      m_absence_ns=absence_ms*MS_NS;
      m_flights.Open(async);
      ArrayResize(m_open,0);
     }

   void              Begin(const SLevelsRequest &asked,const long now_ns)
     {
      SProtection made;
      SPositionRow row;
      SRefusal refusal;
      MqlTradeRequest request={};
      m_now_ns=now_ns;
      made.asked=asked;
      made.answered_ns=0;
      made.is_told=false;
      made.proof=PROOF_NONE;
      made.text="";
      if(!m_sender_ptr.MaySend(now_ns,refusal) || !Prepare(made,row,request,refusal))
        {
         Tell(asked,FIX_POS_MAINT_STATUS_REJECTED,made.stop,made.profit,refusal.text);
         return;
        }
      if(IsSame(row.stop,made.stop) && IsSame(row.profit,made.profit))
        {
         Tell(asked,FIX_POS_MAINT_STATUS_COMPLETED,row.stop,row.profit,"");
         return;
        }
      int at=ArraySize(m_open);
      ArrayResize(m_open,at+1,16);
      m_open[at]=made;
      m_flights.Send(request,NOBODY,asked.request_id,now_ns);
     }
   //--- is no request outstanding or in doubt
   bool              IsIdle(void) const { return ArraySize(m_open)==0; }
   //--- a transaction of type REQUEST
   void              Hear(const MqlTradeRequest &request,const MqlTradeResult &result)
     {
      m_flights.Hear(request,result);
     }
   void              Step(const long now_ns)
     {
      SFlight flight;
      m_now_ns=now_ns;
      while(m_flights.Take(now_ns,flight))
         Land(flight);
      if(!m_standing_ptr.IsClean(now_ns))
         return;
      for(int i=ArraySize(m_open)-1; i>=0; i--)
         if(IsOver(m_open[i]))
            ArrayRemove(m_open,i,1);
     }

private:
   void              Tell(const SLevelsRequest &asked,const string status,const SDecimal &stop,
                          const SDecimal &profit,const string text)
     {
      m_listener_ptr.OnLevels(asked,status,stop,profit,text,m_now_ns);
     }
   void              Land(const SFlight &flight)
     {
      if(flight.retcode==TRADE_RETCODE_TOO_MANY_REQUESTS)
         m_telling_ptr.RateWarned();
      for(int i=0; i<ArraySize(m_open); i++)
         if(m_open[i].asked.request_id==flight.name)
           {
            m_open[i].answered_ns=m_now_ns;
            m_open[i].proof=m_retcodes.Proof(flight.retcode);
            m_open[i].text=m_retcodes.Name(flight.retcode)+": "+flight.comment;
           }
     }
   //--- what the position shows of it: done, refused, or not to be known yet
   bool              IsOver(SProtection &one)
     {
      SPositionRow row;
      bool is_there=Find(one.asked,row);
      if(is_there && IsSame(row.stop,one.stop) && IsSame(row.profit,one.profit))
        {
         Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,row.stop,row.profit,"");
         return true;
        }
      if(one.answered_ns==0)
         return false;
      bool is_late=m_now_ns-one.answered_ns>m_absence_ns;
      if(one.proof==PROOF_DONE && (!is_there || is_late))
        {
         if(!is_there)
            Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,one.stop,one.profit,"");
         else
            Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,row.stop,row.profit,"");
         return true;
        }
      if(one.proof==PROOF_REFUSED || is_late)
        {
         Tell(one.asked,FIX_POS_MAINT_STATUS_REJECTED,one.stop,one.profit,one.text);
         return true;
        }
      if(one.proof!=PROOF_DONE && !one.is_told)
        {
         one.is_told=true;
         Tell(one.asked,FIX_POS_MAINT_STATUS_ACCEPTED,one.stop,one.profit,one.text);
        }
      return false;
     }
   //--- the position that a request is about: by its symbol, or where there may be several by 5004
   bool              Find(const SLevelsRequest &asked,SPositionRow &row) const
     {
      SPositionRow rows[];
      SSymbolRules rules;
      int index=m_symbols_ptr.Find(asked.symbol);
      if(index<0)
         return false;
      m_symbols_ptr.Rules(index,rules);
      ReadPositions(rows);
      for(int i=0; i<ArraySize(rows); i++)
         if(rows[i].symbol==rules.name &&
            (asked.position_id=="" || asked.position_id==IntegerToString(rows[i].identifier)))
           {
            row=rows[i];
            return true;
           }
      return false;
     }

   //--- the request, with the level that nobody asked about as it is
   bool              Prepare(SProtection &made,SPositionRow &row,MqlTradeRequest &request,
                             SRefusal &refusal)
     {
      SSymbolRules rules;
      int index=m_symbols_ptr.Find(made.asked.symbol);
      if(index<0 || !m_symbols_ptr.Refresh(index))
         return refusal.Set(FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL,"SYMBOL: "+made.asked.symbol+
                            " is not traded here; the input Symbols names what is");
      m_symbols_ptr.Rules(index,rules);
      if(!Find(made.asked,row))
         return refusal.Set(FIX_ORD_REJ_REASON_OTHER,
                            "POSITION_CLOSED: there is no such position");
      if(!Level("StopLossPx(5001)",made.asked.stop_loss_px,row.stop,SYMBOL_ORDER_SL,rules,
                made.stop,refusal) ||
         !Level("TakeProfitPx(5002)",made.asked.take_profit_px,row.profit,SYMBOL_ORDER_TP,rules,
                made.profit,refusal))
         return false;
      request.action=TRADE_ACTION_SLTP;
      request.symbol=rules.name;
      request.position=row.ticket;
      request.sl=made.stop.ToDouble();
      request.tp=made.profit.ToDouble();
      return m_checks.FinishLevels(rules,row,request,refusal);
     }
   bool              Level(const string field,const SDecimal &asked,const SDecimal &before,
                           const int flag,const SSymbolRules &rules,SDecimal &level,
                           SRefusal &refusal) const
     {
      level=before;
      if(!asked.is_set)
         return true;
      level=asked;
      if(asked.IsZero())
         return true;
      if((rules.order_mode&flag)==0)
         return refusal.Set(WRONG,"NOT_SUPPORTED: "+field+" for this symbol");
      return rules.IsOnTick(field,asked,refusal);
     }
  };

#endif
