//+------------------------------------------------------------------+
//| A chart event that a program posts to itself: does it come after |
//| what waits already, how soon, and does anything starve beside a  |
//| chain of them.                                                   |
//|                                                                  |
//| Order: a far limit is sent, and its transactions are left to     |
//| wait while a handler sleeps; then an event is posted. Hunger: an |
//| event posts the next for half a second, while the limit is       |
//| removed; the timer and the answer have to come all the same.     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKTURNS_MQH
#define PORTCULLIS_CHECKTURNS_MQH

#include "CheckStep.mqh"

#define TURN_ORDER 7101
#define TURN_CHAIN 7102
#define TURN_WAIT_MS 400
#define TURN_CHAIN_US 500000
#define TURN_PATIENCE_MS 5000
#define TURN_TIMERS_MIN 10

enum ENUM_TURNS
  {
   TURNS_BEGIN,
   TURNS_ORDER,
   TURNS_CHAIN,
   TURNS_DONE
  };

class CCheckTurns : public CCheckStep
  {
   ENUM_TURNS        m_state;
   ulong             m_begun_ms;
   ulong             m_posted_us;
   ulong             m_chain_us;
   uint              m_request_id;
   int               m_before;      // transactions that came before the event
   int               m_timers;      // beside the chain
   bool              m_answered;    // beside the chain
   SFigures          m_waits;
   ulong             m_ticket;

public:
                     CCheckTurns(void) { m_state=TURNS_BEGIN; }
   virtual string    Names(void) override { return "chart-events"; }
   virtual bool      Trades(void) override { return true; }
   virtual void      Begin(void) override
     {
      m_state=TURNS_BEGIN;
      m_waits.Clear();
      m_timers=0;
      m_answered=false;
     }
   virtual bool      More(void) override
     {
      if(m_state==TURNS_BEGIN)
         return PostBehind();
      if(m_state==TURNS_CHAIN)
         m_timers++;
      if(m_state!=TURNS_DONE && GetTickCount64()-m_begun_ms<TURN_PATIENCE_MS)
         return true;
      if(m_state!=TURNS_DONE)
         m_report_ptr.Judge("chart-events",false,"an event that was posted has not come within "+
                            IntegerToString(TURN_PATIENCE_MS)+" ms");
      return false;
     }
   virtual void      OnEvent(const int id,const long value) override
     {
      if(id==CHARTEVENT_CUSTOM+TURN_ORDER && m_state==TURNS_ORDER)
        {
         m_before=m_trail_ptr.Count();
         BeginChain();
        }
      if(id==CHARTEVENT_CUSTOM+TURN_CHAIN && m_state==TURNS_CHAIN)
         Turn();
     }

private:
   bool              PostBehind(void)
     {
      MqlTradeRequest request={};
      long magic=m_trade_ptr.NextMagic();
      double ms=0;
      m_trade_ptr.MakePending(magic,request);
      if(!m_trade_ptr.SendAsync(request))
        {
         m_report_ptr.Say("chart-events",CHECK_OPEN,"no order was taken: "+m_trade_ptr.Why());
         return false;
        }
      int at=m_trade_ptr.AwaitOpen(magic,ms);
      m_ticket=at==NO_ROW ? 0 : m_trade_ptr.account.open[at].ticket;
      //--- a while for the answer, which comes after the lists
      Sleep(TURN_WAIT_MS);
      m_trail_ptr.Clear();
      m_state=TURNS_ORDER;
      m_begun_ms=GetTickCount64();
      if(EventChartCustom(0,TURN_ORDER,0,0.0,""))
         return true;
      m_report_ptr.Judge("chart-events",false,"EventChartCustom says no, error "+
                         IntegerToString(GetLastError()));
      return false;
     }
   void              BeginChain(void)
     {
      MqlTradeRequest request={};
      m_trade_ptr.MakeRemove(m_ticket,request);
      m_trade_ptr.SendAsync(request);
      m_request_id=m_trade_ptr.result.request_id;
      m_state=TURNS_CHAIN;
      m_chain_us=GetMicrosecondCount();
      Post();
     }
   void              Post(void)
     {
      m_posted_us=GetMicrosecondCount();
      EventChartCustom(0,TURN_CHAIN,0,0.0,"");
     }
   void              Turn(void)
     {
      ulong now_us=GetMicrosecondCount();
      if(m_waits.Count()<TURN_WAIT_MS*10)
         m_waits.Add((double)(now_us-m_posted_us)/1000.0);
      m_answered=m_answered || m_trail_ptr.FindRequest(m_request_id)>=0;
      if(now_us-m_chain_us<TURN_CHAIN_US)
        {
         Post();
         return;
        }
      m_state=TURNS_DONE;
      bool is_good=m_before>0 && m_answered && m_timers>=TURN_TIMERS_MIN;
      m_report_ptr.Judge("chart-events",is_good,
                         StringFormat("%s the transactions that waited; a turn ",
                                      m_before>0 ? "after" : "before")+m_waits.Text("ms")+
                         "; beside half a second of turns came "+
                         IntegerToString(m_timers)+" timers and "+
                         (m_answered ? "the answer of the server" : "no answer of the server"));
     }
  };

#endif
