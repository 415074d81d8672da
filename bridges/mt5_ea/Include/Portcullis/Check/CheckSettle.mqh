//+------------------------------------------------------------------+
//| The terminal's lists after a connection was lost: an order is    |
//| open, the user cuts the line and mends it, and the list is       |
//| looked at all the while.                                         |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKSETTLE_MQH
#define PORTCULLIS_CHECKSETTLE_MQH

#include "CheckStep.mqh"

//--- the bridge's own default of SettleMs
#define SETTLE_BELIEVED_MS 2000
#define SETTLE_WATCHED_MS 10000

class CCheckSettle : public CCheckStep
  {
   ulong             m_begun_ms;
   ulong             m_ticket;
   bool              m_was_cut;
   ulong             m_back_ms;     // since when it is connected again, 0 before
   ulong             m_missed_ms;   // when it was missed last after that, 0 if never

public:
                     CCheckSettle(void) { m_ticket=0; m_begun_ms=0; }
   virtual string    Names(void) override { return "settle"; }
   virtual bool      Trades(void) override { return true; }
   virtual void      Begin(void) override
     {
      m_ticket=0;
      m_was_cut=false;
      m_back_ms=0;
      m_missed_ms=0;
     }
   virtual bool      More(void) override
     {
      if(m_settings.cut_s<=0)
        {
         m_report_ptr.Say("settle",CHECK_OPEN,"ask for it: input CutSeconds, 120 or so, and pull"
                          " the cable when the tab Experts says so");
         return false;
        }
      if(m_ticket==0)
         return Open();
      ulong now_ms=GetTickCount64();
      Look(now_ms);
      if(m_back_ms!=0 && now_ms-m_back_ms>=SETTLE_WATCHED_MS)
        {
         Judge();
         return false;
        }
      if(m_back_ms!=0 || now_ms-m_begun_ms<(ulong)m_settings.cut_s*1000)
         return true;
      m_report_ptr.Say("settle",CHECK_OPEN,"no cut and mending within "+
                       IntegerToString(m_settings.cut_s)+" s");
      return false;
     }

private:
   bool              Open(void)
     {
      MqlTradeRequest request={};
      long magic=m_trade_ptr.NextMagic();
      double ms=0;
      m_trade_ptr.MakePending(magic,request);
      int at=m_trade_ptr.Send(request) ? m_trade_ptr.AwaitOpen(magic,ms) : NO_ROW;
      if(at==NO_ROW)
        {
         m_report_ptr.Say("settle",CHECK_OPEN,"no order was taken: "+m_trade_ptr.Why());
         return false;
        }
      m_ticket=m_trade_ptr.account.open[at].ticket;
      m_begun_ms=GetTickCount64();
      Print("pull the network cable now, or switch the network off; plug it in again when the"
            " terminal says that there is no connection");
      return true;
     }
   void              Look(const ulong now_ms)
     {
      bool is_connected=TerminalInfoInteger(TERMINAL_CONNECTED)!=0;
      if(!is_connected)
        {
         m_was_cut=true;
         m_back_ms=0;
         m_missed_ms=0;
         return;
        }
      if(!m_was_cut)
         return;
      if(m_back_ms==0)
         m_back_ms=now_ms;
      SOrderRow row;
      if(!ReadOpenOrder(m_ticket,row))
         m_missed_ms=now_ms;
     }
   void              Judge(void)
     {
      ulong late_ms=m_missed_ms==0 ? 0 : m_missed_ms-m_back_ms;
      m_report_ptr.Judge("settle",late_ms<SETTLE_BELIEVED_MS,m_missed_ms==0 ?
                         "after the cut the open order was never missing" :
                         StringFormat("the open order was missing until %d ms after the terminal"
                                      " said that it is connected",(int)late_ms));
     }
  };

#endif
