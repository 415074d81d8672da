//+------------------------------------------------------------------+
//| A market order of the smallest size, and its closing.            |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKDEALS_MQH
#define PORTCULLIS_CHECKDEALS_MQH

#include "CheckStep.mqh"

#define DEALS_LATER_MS 3000
#define DEALS_MOVED_TICKS (-10)

class CCheckDeals : public CCheckStep
  {
public:
   virtual string    Names(void) override
     {
      return "filling-flags market deal position commission clock-offset levels close";
     }
   virtual bool      Trades(void) override { return true; }
   virtual bool      More(void) override
     {
      MqlTradeRequest request={};
      long magic=m_trade_ptr.NextMagic();
      m_trade_ptr.MakeDeal(true,magic,0,request);
      bool is_taken=m_trade_ptr.Send(request);
      if(m_trade_ptr.IsClosed())
        {
         m_report_ptr.Say("market",CHECK_OPEN,CHECK_CLOSED);
         return false;
        }
      m_report_ptr.Judge("filling-flags",m_trade_ptr.result.retcode!=TRADE_RETCODE_INVALID_FILL,
                         StringFormat("flags %d, execution %d: filling %d is answered ",
                                      m_trade_ptr.rules.filling,m_trade_ptr.rules.execution,
                                      (int)request.type_filling)+m_trade_ptr.Why());
      m_report_ptr.Judge("market",is_taken,m_trade_ptr.Why()+
                         StringFormat(" after %.0f ms",m_trade_ptr.took_ms));
      if(is_taken)
         Follow(magic,m_trade_ptr.result.order);
      return false;
     }

private:
   void              Follow(const long magic,const ulong order)
     {
      double ms=0;
      int at=m_trade_ptr.AwaitDeal(order,ms);
      if(at==NO_ROW)
        {
         m_report_ptr.Judge("deal",false,"no deal of the order was seen");
         return;
        }
      SDealRow deal=m_trade_ptr.account.deals[at];
      int done=m_trade_ptr.account.FindDone(order);
      bool leads=deal.magic==magic && done!=NO_ROW &&
                 m_trade_ptr.account.done[done].magic==magic;
      m_report_ptr.Judge("deal",leads,StringFormat("in the history after %.0f ms; deal, order and"
                         " magic %s",ms,leads ? "lead to each other" : "differ"));
      ulong position=m_trade_ptr.PositionOf((long)order);
      m_report_ptr.Judge("position",position!=0 && deal.position_id==(long)order,
                         position!=0 ? "found by the ticket of its order" : "not found by it");
      Clock(deal);
      Commission(deal);
      position=m_trade_ptr.PositionOf(deal.position_id);
      if(position==0)
         return;
      Levels(position);
      Close(deal.position_id,position);
     }
   //--- the time of a deal and that of the server have the same offset from UTC
   void              Clock(const SDealRow &deal)
     {
      long now_s=(long)TimeGMT();
      long quotes=(long)MathRound((double)((long)TimeTradeServer()-now_s)/QUARTER_S);
      long deals=(long)MathRound((double)(deal.time_msc/1000-now_s)/QUARTER_S);
      m_report_ptr.Judge("clock-offset",quotes==deals,
                         "the server's clock is "+IntegerToString(quotes)+" quarters of an hour"
                         " from UTC, the deal's "+IntegerToString(deals));
     }
   void              Commission(const SDealRow &deal)
     {
      Sleep(DEALS_LATER_MS);
      m_trade_ptr.Look();
      int at=m_trade_ptr.DealOf(deal.order);
      if(at==NO_ROW)
        {
         m_report_ptr.Judge("commission",false,"the deal has gone from the history");
         return;
        }
      SDealRow later=m_trade_ptr.account.deals[at];
      bool is_same=IsSame(later.commission,deal.commission) && IsSame(later.fee,deal.fee);
      m_report_ptr.Judge("commission",is_same,"at once "+deal.commission.Text()+" and "+
                         deal.fee.Text()+", 3 s later "+later.commission.Text()+" and "+
                         later.fee.Text());
     }
   //--- set far from the market, one moved, both taken away
   void              Levels(const ulong position)
     {
      double low=m_trade_ptr.FarPrice(0),high=m_trade_ptr.FarAbove();
      string told="";
      bool is_good=Level(position,low,high,told) &&
                   Level(position,m_trade_ptr.FarPrice(DEALS_MOVED_TICKS),high,told) &&
                   Level(position,0,0,told);
      m_report_ptr.Judge("levels",is_good,told);
     }
   bool              Level(const ulong position,const double sl,const double tp,string &told)
     {
      MqlTradeRequest request={};
      ClearRequest(request);
      request.action=TRADE_ACTION_SLTP;
      request.symbol=m_trade_ptr.rules.name;
      request.position=position;
      request.sl=sl;
      request.tp=tp;
      m_trade_ptr.Send(request);
      bool is_done=false;
      for(int waited=0; waited<CHECK_LIMIT_MS && !is_done && !IsStopped(); waited+=CHECK_POLL_MS)
        {
         is_done=PositionSelectByTicket(position) && Has(POSITION_SL,sl) && Has(POSITION_TP,tp);
         if(!is_done)
            Sleep(CHECK_POLL_MS);
        }
      told+=(told=="" ? "" : "; ")+m_trade_ptr.Why()+(is_done ? ", done" : ", not done");
      return is_done;
     }
   //--- of the selected position
   bool              Has(const ENUM_POSITION_PROPERTY_DOUBLE which,const double wanted) const
     {
      SDecimal level,asked;
      SetExactPrice(level,PositionGetDouble(which));
      SetExactPrice(asked,wanted);
      return level.Compare(asked)==0;
     }
   void              Close(const long identifier,const ulong position)
     {
      MqlTradeRequest request={};
      long magic=m_trade_ptr.NextMagic();
      double ms=0;
      m_trade_ptr.MakeDeal(false,magic,m_trade_ptr.IsHedging() ? position : 0,request);
      bool is_taken=m_trade_ptr.Send(request);
      ulong order=m_trade_ptr.result.order;
      string why=m_trade_ptr.Why();
      bool is_gone=is_taken && m_trade_ptr.AwaitGone(identifier);
      int at=is_gone ? m_trade_ptr.AwaitDeal(order,ms) : NO_ROW;
      bool has_magic=at!=NO_ROW && m_trade_ptr.account.deals[at].magic==magic;
      m_report_ptr.Judge("close",has_magic && is_gone,why+
                         (is_gone ? ", the position is gone" : ", the position is there")+
                         (has_magic ? ", the deal has the closing order's magic" : ""));
     }
  };

#endif
