//+------------------------------------------------------------------+
//| Moves stop-loss and take-profit of an open position: one request |
//| with both levels, and the position's own word on what became of  |
//| it (bridges/mt5/levels.py).                                      |
//|                                                                  |
//| What an answer does not prove the position shows; while it shows |
//| other levels the gateway hears that the request is in doubt,     |
//| until the time is over in which it can still be done, or the     |
//| position itself: one that was reversed is another. Levels that   |
//| stand already are asked for as well: the server alone knows of   |
//| a request before that it has not done yet.                       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PROTECT_MQH
#define PORTCULLIS_PROTECT_MQH

#include "Sender.mqh"
#include "Telling.mqh"

//--- a request whose end is not known
struct SProtection
  {
   SLevelsRequest    asked;
   long              position;      // its identifier, and its side: a reversal keeps the former
   int               type;
   bool              is_same;       // it had these levels before, which proves nothing of them
   SDecimal          stop;          // both levels, as they are in the request
   SDecimal          profit;
   long              answered_ns;   // 0: not yet
   bool              is_told;       // the gateway knows that it is in doubt
   ENUM_PROOF        proof;
   string            text;
  };

#define GONE "POSITION_CLOSED: there is no such position"

class CProtect
  {
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CSender          *m_sender_ptr;
   CTelling         *m_telling_ptr;
   CVenueListener   *m_listener_ptr;
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
                          CTelling *telling_ptr,CVenueListener *listener_ptr,
                          const long absence_ms)
     {
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_sender_ptr=sender_ptr;
      m_telling_ptr=telling_ptr;
      m_listener_ptr=listener_ptr;
      m_absence_ns=absence_ms*MS_NS;
      ArrayResize(m_open,0);
     }

   void              Begin(const SLevelsRequest &asked,const long ready_ns,const long now_ns)
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
      made.position=row.identifier;
      made.type=row.type;
      made.is_same=IsSame(row.stop,made.stop) && IsSame(row.profit,made.profit);
      for(int i=0; i<ArraySize(m_open); i++)
        {
         if(m_open[i].answered_ns!=0 || !IsAbout(m_open[i],row))
            continue;
         Tell(asked,FIX_POS_MAINT_STATUS_REJECTED,made.stop,made.profit,"ALREADY_PENDING: the"
              " server has not answered the last request for the levels of this position");
         return;
        }
      if(m_sender_ptr.IsLate(ready_ns))
        {
         Tell(asked,FIX_POS_MAINT_STATUS_REJECTED,made.stop,made.profit,WAITED);
         return;
        }
      int at=ArraySize(m_open);
      ArrayResize(m_open,at+1,16);
      m_open[at]=made;
      m_sender_ptr.flights.Send(request,NOBODY,asked.request_id,now_ns);
     }
   //--- is no request outstanding or in doubt
   bool              IsIdle(void) const { return ArraySize(m_open)==0; }
   //--- may the levels of a position become others at any moment, by a request without an answer
   bool              IsUnanswered(void) const
     {
      for(int i=0; i<ArraySize(m_open); i++)
         if(m_open[i].answered_ns==0)
            return true;
      return false;
     }
   //--- `is_whole`: the account was walked in this turn, and positions follow from the deals
   void              Step(const long now_ns,const bool is_whole)
     {
      SFlight flight;
      m_now_ns=now_ns;
      while(m_sender_ptr.flights.Take(true,now_ns,flight))
         Land(flight);
      if(!m_standing_ptr.IsClean(now_ns))
         return;
      for(int i=ArraySize(m_open)-1; i>=0; i--)
        {
         if(!IsOver(m_open[i],is_whole))
            continue;
         m_sender_ptr.flights.DropLevels(m_open[i].asked.request_id);
         ArrayRemove(m_open,i,1);
        }
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
            m_open[i].proof=flight.retcode==TRADE_RETCODE_NO_CHANGES ? PROOF_DONE
                            : m_sender_ptr.retcodes.Proof(flight.retcode);
            m_open[i].text=m_sender_ptr.Words(flight);
           }
     }
   //--- what the position shows of it: done, refused, or not to be known yet
   bool              IsOver(SProtection &one,const bool is_whole)
     {
      SPositionRow row;
      bool is_there=Find(one.asked,row) && IsAbout(one,row);
      bool is_answered=one.answered_ns!=0;
      bool is_refused=is_answered && one.proof==PROOF_REFUSED;
      bool is_done=is_answered && one.proof==PROOF_DONE;
      bool is_gone=!is_there && is_whole;
      bool is_late=is_answered && m_now_ns-one.answered_ns>m_absence_ns;
      bool is_proof=!one.is_same || is_done || is_late;
      if(is_there && is_proof && IsSame(row.stop,one.stop) && IsSame(row.profit,one.profit))
        {
         Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,row.stop,row.profit,"");
         return true;
        }
      if(is_done && (is_gone || is_late))
        {
         if(!is_there)
            Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,one.stop,one.profit,"");
         else
            Tell(one.asked,FIX_POS_MAINT_STATUS_COMPLETED,row.stop,row.profit,"");
         return true;
        }
      if(is_gone || is_refused || is_late)
        {
         string why=one.text;
         if(!is_refused)
            why=is_gone ? GONE : "NOT_DONE: the position still has other levels ("+one.text+")";
         Tell(one.asked,FIX_POS_MAINT_STATUS_REJECTED,one.stop,one.profit,why);
         return true;
        }
      if(is_answered && !is_done && !one.is_told)
        {
         one.is_told=true;
         Tell(one.asked,FIX_POS_MAINT_STATUS_ACCEPTED,one.stop,one.profit,one.text);
        }
      return false;
     }
   bool              IsAbout(const SProtection &one,const SPositionRow &row) const
     {
      return row.identifier==one.position && row.type==one.type;
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
      if(!m_sender_ptr.Rules(made.asked.symbol,rules,refusal))
         return false;
      if(!Find(made.asked,row))
         return refusal.Set(FIX_ORD_REJ_REASON_OTHER,GONE);
      if(!Level("StopLossPx(5001)",made.asked.stop_loss_px,row.stop,SYMBOL_ORDER_SL,rules,
                made.stop,refusal) ||
         !Level("TakeProfitPx(5002)",made.asked.take_profit_px,row.profit,SYMBOL_ORDER_TP,rules,
                made.profit,refusal))
         return false;
      return m_sender_ptr.PrepareLevels(row,made.stop,made.profit,rules,request,refusal);
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
      return rules.TakesLevel(field,flag,refusal) && rules.IsOnTick(field,asked,refusal);
     }
  };

#endif
