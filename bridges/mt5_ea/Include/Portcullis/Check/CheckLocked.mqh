//+------------------------------------------------------------------+
//| Two requests for one order at the same time.                     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKLOCKED_MQH
#define PORTCULLIS_CHECKLOCKED_MQH

#include "CheckStep.mqh"

#define LOCKED_TOLD_MS 1500

class CCheckLocked : public CCheckStep
  {
   ulong             m_sent_ms;
   ulong             m_ticket;
   uint              m_first;
   uint              m_second;
   SDecimal          m_first_price;
   SDecimal          m_second_price;

public:
                     CCheckLocked(void) { m_ticket=0; m_sent_ms=0; }
   virtual string    Names(void) override { return "locked"; }
   virtual bool      Trades(void) override { return true; }
   virtual void      Begin(void) override { m_ticket=0; m_sent_ms=0; }
   virtual bool      More(void) override
     {
      if(m_sent_ms==0)
        {
         m_sent_ms=GetTickCount64();
         return Send();
        }
      if(GetTickCount64()-m_sent_ms<LOCKED_TOLD_MS)
         return true;
      Judge();
      return false;
     }

private:
   bool              Send(void)
     {
      MqlTradeRequest request={};
      long magic=m_trade_ptr.NextMagic();
      double ms=0;
      m_trade_ptr.MakePending(magic,request);
      int at=m_trade_ptr.Send(request) ? m_trade_ptr.AwaitOpen(magic,ms) : NO_ROW;
      if(at==NO_ROW)
        {
         m_report_ptr.Say("locked",CHECK_OPEN,"no order was taken: "+m_trade_ptr.Why());
         return false;
        }
      m_ticket=m_trade_ptr.account.open[at].ticket;
      m_trail_ptr.Clear();
      m_trade_ptr.MakeModify(m_ticket,-20,request);
      SetExactPrice(m_first_price,request.price);
      m_trade_ptr.SendAsync(request);
      m_first=m_trade_ptr.result.request_id;
      m_trade_ptr.MakeModify(m_ticket,-40,request);
      SetExactPrice(m_second_price,request.price);
      m_trade_ptr.SendAsync(request);
      m_second=m_trade_ptr.result.request_id;
      return true;
     }
   //--- a request that was called locked: was it done all the same
   void              Judge(void)
     {
      int first=m_trail_ptr.FindRequest(m_first);
      int second=m_trail_ptr.FindRequest(m_second);
      uint first_code=first<0 ? 0 : m_trail_ptr.told[first].retcode;
      uint second_code=second<0 ? 0 : m_trail_ptr.told[second].retcode;
      SOrderRow row;
      bool is_there=ReadOpenOrder(m_ticket,row);
      string has="neither price";
      if(is_there && row.price.Compare(m_first_price)==0)
         has="the first price";
      if(is_there && row.price.Compare(m_second_price)==0)
         has="the second price";
      bool is_locked=first_code==TRADE_RETCODE_LOCKED || second_code==TRADE_RETCODE_LOCKED;
      m_report_ptr.Say("locked",is_locked ? CHECK_SEEN : CHECK_OPEN,
                       "two changes at once: "+m_trade_ptr.CodeName(first_code)+" and "+
                       m_trade_ptr.CodeName(second_code)+"; the order has "+has+
                       (is_locked ? "" : "; 10028 did not come: try a broker with a dealer"));
     }
  };

#endif
