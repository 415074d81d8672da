//+------------------------------------------------------------------+
//| On a hedging account: one position is closed by another one.     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKCLOSEBY_MQH
#define PORTCULLIS_CHECKCLOSEBY_MQH

#include "CheckStep.mqh"

class CCheckCloseBy : public CCheckStep
  {
public:
   virtual string    Names(void) const override { return "close-by-volume close-by-deals"; }
   virtual bool      Trades(void) const override { return true; }
   virtual bool      More(void) override
     {
      if(!m_trade_ptr.IsHedging() || (m_trade_ptr.rules.order_mode&SYMBOL_ORDER_CLOSEBY)==0)
        {
         Skip("it needs a hedging account and a symbol that allows it");
         return false;
        }
      ulong bought=Open(true),sold=Open(false);
      if(bought==0 || sold==0)
        {
         Skip("the two positions were not opened: "+m_trade_ptr.Why());
         return false;
        }
      MqlTradeRequest request={};
      ClearRequest(request);
      request.action=TRADE_ACTION_CLOSE_BY;
      request.symbol=m_trade_ptr.rules.name;
      request.type=ORDER_TYPE_CLOSE_BY;
      request.magic=(ulong)m_trade_ptr.NextMagic();
      request.position=m_trade_ptr.PositionOf((long)bought);
      request.position_by=m_trade_ptr.PositionOf((long)sold);
      bool is_taken=m_trade_ptr.Send(request);
      ulong order=m_trade_ptr.result.order;
      string why=m_trade_ptr.Why();
      bool is_gone=is_taken && m_trade_ptr.AwaitGone((long)bought) &&
                   m_trade_ptr.AwaitGone((long)sold);
      m_report_ptr.Judge("close-by-volume",is_gone,"a volume of 0 is answered "+why+
                         (is_gone ? ", both positions are gone" : ", a position is left"));
      if(is_gone)
         Deals(order);
      return false;
     }

private:
   void              Skip(const string text)
     {
      m_report_ptr.Say("close-by-volume",CHECK_OPEN,text);
      m_report_ptr.Say("close-by-deals",CHECK_OPEN,text);
     }
   //--- the identifier of the position, 0 if there is none
   ulong             Open(const bool buys)
     {
      MqlTradeRequest request={};
      double ms=0;
      m_trade_ptr.MakeDeal(buys,m_trade_ptr.NextMagic(),0,request);
      if(!m_trade_ptr.Send(request))
         return 0;
      ulong order=m_trade_ptr.result.order;
      return m_trade_ptr.AwaitDeal(order,ms)==NO_ROW ? 0 : order;
     }
   void              Deals(const ulong order)
     {
      double ms=0;
      m_trade_ptr.AwaitDeal(order,ms);
      int count=0,by=0;
      for(int i=0; i<ArraySize(m_trade_ptr.account.deals); i++)
         if(m_trade_ptr.account.deals[i].order==order)
           {
            count++;
            if(m_trade_ptr.account.deals[i].entry==DEAL_ENTRY_OUT_BY)
               by++;
           }
      m_report_ptr.Judge("close-by-deals",count==2 && by==2,
                         StringFormat("%d deals of one order, %d of them OUT_BY",count,by));
     }
  };

#endif
