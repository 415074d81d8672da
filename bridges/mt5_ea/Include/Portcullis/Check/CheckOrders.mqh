//+------------------------------------------------------------------+
//| The life of a pending order that rests far from the market: sent |
//| without waiting, changed, removed; what the lists show at each   |
//| moment, and what the transactions told.                          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKORDERS_MQH
#define PORTCULLIS_CHECKORDERS_MQH

#include "CheckStep.mqh"

#define ORDERS_SOON_MS 1000
#define ORDERS_TOLD_MS 1000
#define ORDERS_CHANGE_TICKS (-10)

class CCheckOrders : public CCheckStep
  {
   bool              m_is_sent;
   ulong             m_ended_ms;
   ulong             m_ticket;
   long              m_magic;
   //--- request ids of the three requests
   uint              m_place;
   uint              m_change;
   uint              m_removal;

public:
                     CCheckOrders(void) { m_is_sent=false; }
   virtual string    Names(void) override
     {
      return "order-check pending magic comment reason modify remove lists request-echo"
             " transactions";
     }
   virtual bool      Trades(void) override { return true; }
   virtual void      Begin(void) override { m_is_sent=false; m_ticket=0; }
   virtual bool      More(void) override
     {
      if(!m_is_sent)
        {
         m_is_sent=true;
         m_trail_ptr.Clear();
         Try();
         m_ended_ms=GetTickCount64();
         //--- what was told meanwhile comes after this handler
         return m_ticket!=0;
        }
      if(GetTickCount64()-m_ended_ms<ORDERS_TOLD_MS)
         return true;
      Echo();
      Told();
      return false;
     }

private:
   void              Try(void)
     {
      MqlTradeRequest request={};
      m_magic=m_trade_ptr.NextMagic();
      m_trade_ptr.MakePending(m_magic,request);
      MqlTradeCheckResult check={};
      bool is_passing=OrderCheck(request,check);
      bool is_taken=m_trade_ptr.SendAsync(request);
      m_place=m_trade_ptr.result.request_id;
      double ms=0;
      int at=is_taken ? m_trade_ptr.AwaitOpen(m_magic,ms) : NO_ROW;
      if(at==NO_ROW && check.retcode==TRADE_RETCODE_MARKET_CLOSED)
        {
         m_report_ptr.Say("pending",CHECK_OPEN,CHECK_CLOSED);
         return;
        }
      if(at==NO_ROW)
        {
         m_report_ptr.Judge("pending",false,"a far limit: "+m_trade_ptr.Why()+", never seen open");
         return;
        }
      SOrderRow row=m_trade_ptr.account.open[at];
      m_ticket=row.ticket;
      m_report_ptr.Judge("pending",ms<ORDERS_SOON_MS,
                         StringFormat("in no list for %.0f ms after OrderSendAsync, then open",ms));
      m_report_ptr.Judge("magic",row.magic==m_magic,"sent "+IntegerToString(m_magic)+", read "+
                         IntegerToString(row.magic));
      m_report_ptr.Say("comment",CHECK_SEEN,"sent "+IntegerToString(StringLen(CHECK_COMMENT))+
                       " characters, read "+IntegerToString(StringLen(row.comment)));
      m_report_ptr.Judge("reason",row.reason==ORDER_REASON_EXPERT,
                         "ORDER_REASON is "+IntegerToString(row.reason));
      Check(is_passing,check.retcode);
      Modify();
      Remove();
     }
   //--- a volume that no symbol takes: is it refused alike by both
   void              Check(const bool is_passing,const uint good_code)
     {
      MqlTradeRequest request={};
      MqlTradeCheckResult check={};
      m_trade_ptr.MakePending(m_trade_ptr.NextMagic(),request);
      request.volume=m_trade_ptr.rules.volume_min.ToDouble()/2;
      bool passes=OrderCheck(request,check);
      bool taken=m_trade_ptr.Send(request);
      bool is_same=!passes && !taken && check.retcode==m_trade_ptr.result.retcode;
      m_report_ptr.Judge("order-check",is_passing && is_same,
                         "of a good order OrderCheck says "+m_trade_ptr.CodeName(good_code)+
                         "; of half the least volume "+m_trade_ptr.CodeName(check.retcode)+
                         ", OrderSend "+m_trade_ptr.Why());
     }
   void              Modify(void)
     {
      MqlTradeRequest request={};
      SDecimal wanted;
      m_trade_ptr.MakeModify(m_ticket,ORDERS_CHANGE_TICKS,request);
      SetExactPrice(wanted,request.price);
      m_trade_ptr.SendAsync(request);
      m_change=m_trade_ptr.result.request_id;
      bool is_found=false;
      SOrderRow row;
      for(int waited=0; waited<CHECK_LIMIT_MS && !is_found && !IsStopped(); waited+=CHECK_POLL_MS)
        {
         is_found=ReadOpenOrder(m_ticket,row) && row.price.Compare(wanted)==0;
         if(!is_found)
            Sleep(CHECK_POLL_MS);
        }
      bool is_kept=is_found && row.magic==m_magic;
      m_report_ptr.Judge("modify",is_kept,m_trade_ptr.Why()+"; "+
                         (is_kept ? "the same ticket and magic have the new price" :
                          "the new price is not found under ticket and magic"));
     }
   //--- orders are read before the history: what leaves the one is in the other
   void              Remove(void)
     {
      MqlTradeRequest request={};
      m_trade_ptr.MakeRemove(m_ticket,request);
      ulong start_us=GetMicrosecondCount();
      m_trade_ptr.SendAsync(request);
      string why=m_trade_ptr.Why();
      m_removal=m_trade_ptr.result.request_id;
      int done=NO_ROW;
      ulong gone_us=0,now_us=start_us;
      while(done==NO_ROW && now_us-start_us<(ulong)CHECK_LIMIT_MS*1000 && !IsStopped())
        {
         m_trade_ptr.Look();
         done=m_trade_ptr.account.FindDone(m_ticket);
         now_us=GetMicrosecondCount();
         if(gone_us==0 && done==NO_ROW && m_trade_ptr.OpenOf(m_magic)==NO_ROW)
            gone_us=now_us;
         Sleep(CHECK_POLL_MS);
        }
      if(done==NO_ROW)
        {
         m_report_ptr.Judge("remove",false,why+"; it has not come into the history");
         m_report_ptr.Judge("lists",gone_us==0,"a removed order is not in the history");
         return;
        }
      SOrderRow row=m_trade_ptr.account.done[done];
      m_report_ptr.Judge("remove",row.state==ORDER_STATE_CANCELED && row.magic==m_magic,
                         StringFormat("%s; in the history after %.0f ms, state %d, magic ",why,
                                      (double)(now_us-start_us)/1000.0,row.state)+
                         (row.magic==m_magic ? "the same" : IntegerToString(row.magic)));
      m_report_ptr.Judge("lists",gone_us==0,gone_us==0 ? "no look found it in no list" :
                         StringFormat("in no list for %.0f ms",(double)(now_us-gone_us)/1000.0));
     }

   //--- do the answers repeat what was asked
   void              Echo(void)
     {
      int place=m_trail_ptr.FindRequest(m_place);
      int change=m_trail_ptr.FindRequest(m_change);
      int removal=m_trail_ptr.FindRequest(m_removal);
      if(place<0 || change<0 || removal<0)
        {
         m_report_ptr.Say("request-echo",CHECK_OPEN,"not every request had a REQUEST transaction");
         return;
        }
      bool is_good=m_trail_ptr.told[place].action==TRADE_ACTION_PENDING &&
                   m_trail_ptr.told[place].magic==m_magic &&
                   m_trail_ptr.told[change].action==TRADE_ACTION_MODIFY &&
                   m_trail_ptr.told[change].asked_order==m_ticket &&
                   m_trail_ptr.told[removal].action==TRADE_ACTION_REMOVE &&
                   m_trail_ptr.told[removal].asked_order==m_ticket;
      ulong asked=m_trail_ptr.told[place].asked_order;
      string repeated=is_good ? "action, magic and order are repeated" :
                      "action, magic or order is another one";
      m_report_ptr.Judge("request-echo",is_good,repeated+"; the request of a new order "+
                         (asked==0 ? "names no order" : asked==m_ticket ? "has the new ticket" :
                          "has another order")+"; its codes are "+
                         m_trail_ptr.CodesOf(place,change,removal));
     }
   void              Told(void)
     {
      string told=m_trail_ptr.Text(m_ticket);
      m_report_ptr.Judge("transactions",IsAsSimulated(told),told);
     }
   //--- all of the kinds that the simulated server tells of such a life, and no other
   bool              IsAsSimulated(const string told) const
     {
      string kinds[];
      int count=StringSplit(told,' ',kinds);
      string wanted=" ORDER_ADD ORDER_UPDATE ORDER_DELETE HISTORY_ADD REQUEST ";
      for(int i=0; i<count; i++)
         if(StringFind(wanted," "+kinds[i]+" ")<0)
            return false;
      string list=" "+told+" ";
      return StringFind(list," ORDER_ADD ")>=0 && StringFind(list," ORDER_UPDATE ")>=0 &&
             StringFind(list," ORDER_DELETE ")>=0 && StringFind(list," HISTORY_ADD ")>=0 &&
             StringFind(list," REQUEST ")>=0;
     }
  };

#endif
