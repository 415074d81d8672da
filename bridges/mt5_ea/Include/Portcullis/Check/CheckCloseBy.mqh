//+------------------------------------------------------------------+
//| On a hedging account: one position is closed by another one.     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKCLOSEBY_MQH
#define PORTCULLIS_CHECKCLOSEBY_MQH

#include "CheckStep.mqh"

class CCheckCloseBy : public CCheckStep
  {
   //--- at which the two positions were opened
   SDecimal          m_bought_at;
   SDecimal          m_sold_at;

public:
   virtual string    Names(void) override { return "close-by-volume close-by-deals"; }
   virtual bool      Trades(void) override { return true; }
   virtual bool      More(void) override
     {
      if(!m_trade_ptr.IsHedging() || (m_trade_ptr.rules.order_mode&SYMBOL_ORDER_CLOSEBY)==0)
        {
         Skip("it needs a hedging account and a symbol that allows it");
         return false;
        }
      ulong bought=Open(true,m_bought_at);
      ulong sold=Open(false,m_sold_at);
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
         Deals(order,(long)request.magic);
      return false;
     }

private:
   void              Skip(const string text)
     {
      m_report_ptr.Say("close-by-volume",CHECK_OPEN,text);
      m_report_ptr.Say("close-by-deals",CHECK_OPEN,text);
     }
   //--- the identifier of the position, 0 if there is none
   ulong             Open(const bool buys,SDecimal &price)
     {
      MqlTradeRequest request={};
      double ms=0;
      m_trade_ptr.MakeDeal(buys,m_trade_ptr.NextMagic(),0,request);
      if(!m_trade_ptr.Send(request))
         return 0;
      ulong order=m_trade_ptr.result.order;
      int at=m_trade_ptr.AwaitDeal(order,ms);
      if(at==NO_ROW)
         return 0;
      price=m_trade_ptr.account.deals[at].price;
      return order;
     }
   void              Deals(const ulong order,const long magic)
     {
      double ms=0;
      m_trade_ptr.AwaitDeal(order,ms);
      int count=0,by=0,marked=0,priced=0;
      for(int i=0; i<ArraySize(m_trade_ptr.account.deals); i++)
        {
         SDealRow deal=m_trade_ptr.account.deals[i];
         if(deal.order!=order)
            continue;
         //--- the bought position is closed by a sale, at the price of the sold one
         bool closes_bought=deal.type==DEAL_TYPE_SELL;
         count++;
         if(deal.entry==DEAL_ENTRY_OUT_BY)
            by++;
         if(deal.magic==magic)
            marked++;
         if(deal.price.Compare(closes_bought ? m_sold_at : m_bought_at)==0)
            priced++;
        }
      m_report_ptr.Judge("close-by-deals",count==2 && by==2 && marked==2 && priced==2,
                         StringFormat("%d deals of one order: %d OUT_BY, %d with the request's"
                                      " magic, %d at the other position's price",count,by,marked,
                                      priced));
     }
  };

#endif
