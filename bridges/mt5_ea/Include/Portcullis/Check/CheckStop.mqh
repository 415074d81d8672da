//+------------------------------------------------------------------+
//| A position with a stop-loss and a take-profit near the market:   |
//| what the server's closing of it says.                            |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKSTOP_MQH
#define PORTCULLIS_CHECKSTOP_MQH

#include "CheckStep.mqh"

class CCheckStop : public CCheckStep
  {
   ulong             m_begun_ms;
   long              m_magic;
   ulong             m_order;

public:
                     CCheckStop(void) { m_begun_ms=0; m_magic=0; m_order=0; }
   virtual string    Names(void) override { return "stop"; }
   virtual bool      Trades(void) override { return true; }
   virtual void      Begin(void) override { m_order=0; }
   virtual bool      More(void) override
     {
      if(m_settings.stop_s<=0)
        {
         m_report_ptr.Say("stop",CHECK_OPEN,"ask for it: input StopSeconds, 300 or so");
         return false;
        }
      if(m_order==0)
         return Open();
      if(m_trade_ptr.PositionOf((long)m_order)==0)
        {
         Judge();
         return false;
        }
      if(GetTickCount64()-m_begun_ms<(ulong)m_settings.stop_s*1000)
         return true;
      m_report_ptr.Say("stop",CHECK_OPEN,"not hit within "+IntegerToString(m_settings.stop_s)+
                       " s");
      return false;
     }

private:
   bool              Open(void)
     {
      MqlTradeRequest request={};
      double ms=0;
      double away=m_trade_ptr.NearDistance();
      SDecimal below,above;
      m_magic=m_trade_ptr.NextMagic();
      m_trade_ptr.MakeDeal(true,m_magic,0,request);
      SetExactPrice(below,SymbolInfoDouble(request.symbol,SYMBOL_BID)-away);
      SetExactPrice(above,SymbolInfoDouble(request.symbol,SYMBOL_ASK)+away);
      request.sl=below.ToDouble();
      request.tp=above.ToDouble();
      m_begun_ms=GetTickCount64();
      if(m_trade_ptr.Send(request) &&
         m_trade_ptr.AwaitDeal(m_trade_ptr.result.order,ms)!=NO_ROW)
        {
         m_order=m_trade_ptr.result.order;
         Print("a position with a near stop is open: its closing is waited for, at most ",
               m_settings.stop_s," s");
         return true;
        }
      m_report_ptr.Say("stop",CHECK_OPEN,"no position with a stop: "+m_trade_ptr.Why());
      return false;
     }
   //--- the deal that has closed it, and its order
   void              Judge(void)
     {
      int at=NO_ROW;
      for(int waited=0; waited<CHECK_LIMIT_MS && at==NO_ROW; waited+=CHECK_POLL_MS)
        {
         m_trade_ptr.Look();
         for(int i=0; i<ArraySize(m_trade_ptr.account.deals); i++)
            if(m_trade_ptr.account.deals[i].position_id==(long)m_order &&
               m_trade_ptr.account.deals[i].entry!=DEAL_ENTRY_IN)
               at=i;
         if(at==NO_ROW)
            Sleep(CHECK_POLL_MS);
        }
      if(at==NO_ROW)
        {
         m_report_ptr.Judge("stop",false,"the position is gone, and no deal has its identifier");
         return;
        }
      SDealRow deal=m_trade_ptr.account.deals[at];
      int done=m_trade_ptr.account.FindDone(deal.order);
      int reason=done==NO_ROW ? -1 : m_trade_ptr.account.done[done].reason;
      m_report_ptr.Judge("stop",(reason==ORDER_REASON_SL || reason==ORDER_REASON_TP) &&
                         (deal.reason==DEAL_REASON_SL || deal.reason==DEAL_REASON_TP),
                         StringFormat("closed after %.0f s: reason of the order %d, of the deal %d,"
                                      " its magic is ",
                                      (double)(GetTickCount64()-m_begun_ms)/1000.0,reason,
                                      deal.reason)+
                         (deal.magic==m_magic ? "the opener's" : IntegerToString(deal.magic)));
     }
  };

#endif
