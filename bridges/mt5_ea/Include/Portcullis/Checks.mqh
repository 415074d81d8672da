//+------------------------------------------------------------------+
//| Finishes a request by the quote of the moment at which it is     |
//| sent, or says why it is not: session, distance from the market,  |
//| stop levels, freeze level, margin. docs: SYMBOL_TRADE_STOPS_     |
//| LEVEL, SYMBOL_TRADE_FREEZE_LEVEL, OrderCheck                     |
//|                                                                  |
//| On an exchange nobody may bid, or nobody offer: only the side of |
//| the market that a request trades at, or is measured from, has to |
//| be there. What cannot be measured is left to the server.         |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKS_MQH
#define PORTCULLIS_CHECKS_MQH

#include "OrderKinds.mqh"
#include "Retcodes.mqh"
#include "Rows.mqh"
#include "Standing.mqh"
#include "SymbolRules.mqh"

class CChecks
  {
   CRetcodes         m_retcodes;

public:
   //--- a deal asks for the quote; one with a bound may deviate from it as far as the bound
   bool              Finish(const SSymbolRules &rules,const SDecimal &bound,
                            MqlTradeRequest &request,SRefusal &refusal) const
     {
      MqlTick tick={};
      bool places=request.action==TRADE_ACTION_DEAL || request.action==TRADE_ACTION_PENDING;
      if(request.action==TRADE_ACTION_CLOSE_BY)
         return IsOpen(rules,refusal);
      if(!SymbolInfoTick(rules.name,tick))
         return request.action==TRADE_ACTION_REMOVE ? true : HasNoPrice(rules,refusal);
      SDecimal bid,ask;
      SetSide(bid,tick.bid);
      SetSide(ask,tick.ask);
      bool fits=true;
      if(request.action==TRADE_ACTION_DEAL)
         fits=IsOpen(rules,refusal) && SetDealPrice(rules,bound,bid,ask,request,refusal);
      else
         if(request.action!=TRADE_ACTION_PENDING)
            fits=IsThawed(rules,bid,ask,request,refusal);
      if(!fits || request.action==TRADE_ACTION_REMOVE)
         return fits;
      if(request.action!=TRADE_ACTION_DEAL && !IsFarEnough(rules,bid,ask,request,refusal))
         return false;
      if(!HasLevels(rules,bid,ask,request,refusal))
         return false;
      return places ? HasMargin(request,refusal) : true;
     }

   //--- the same for the levels of an open position
   bool              FinishLevels(const SSymbolRules &rules,const SPositionRow &row,
                                  const MqlTradeRequest &request,SRefusal &refusal) const
     {
      MqlTick tick={};
      if(!SymbolInfoTick(rules.name,tick))
         return HasNoPrice(rules,refusal);
      SDecimal start;
      SetSide(start,row.IsLong() ? tick.bid : tick.ask);
      return IsPositionThawed(rules,row,start,refusal) &&
             IsLevel("StopLossPx(5001)",request.sl,row.IsLong(),rules,start,refusal) &&
             IsLevel("TakeProfitPx(5002)",request.tp,!row.IsLong(),rules,start,refusal);
     }

private:
   //--- a side of the market where nobody is stays without a price
   void              SetSide(SDecimal &side,const double price) const
     {
      if(price>0)
         SetExactPrice(side,price);
     }
   bool              HasNoPrice(const SSymbolRules &rules,SRefusal &refusal) const
     {
      return refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,
                         "NO_PRICE: the terminal has no quote of "+rules.name);
     }
   //--- a position nearer to one of its levels than the freeze level is not touched
   bool              IsPositionThawed(const SSymbolRules &rules,const SPositionRow &row,
                                      const SDecimal &start,SRefusal &refusal) const
     {
      SDecimal least;
      if(rules.freeze_level==0 || !start.is_set)
         return true;
      rules.Points(rules.freeze_level,least);
      if(!IsNear(row.stop,start,least) && !IsNear(row.profit,start,least))
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_OTHER,"FROZEN: the market is within "+least.Text()+
                         " of a level of the position");
     }
   bool              IsNear(const SDecimal &level,const SDecimal &start,
                            const SDecimal &least) const
     {
      SDecimal gap=level;
      gap.Subtract(start);
      gap.negative=false;
      return !level.IsZero() && gap.Compare(least)<=0;
     }
   //--- does a trade session stand open; a symbol without any sessions is always open
   bool              IsOpen(const SSymbolRules &rules,SRefusal &refusal) const
     {
      datetime now=TimeTradeServer();
      MqlDateTime at;
      TimeToStruct(now,at);
      long second=(long)now%DAY_S;
      bool has_any=false;
      for(int day=0; day<7; day++)
        {
         datetime from=0,to=0;
         for(uint i=0; SymbolInfoSessionTrade(rules.name,(ENUM_DAY_OF_WEEK)day,i,from,to); i++)
           {
            has_any=true;
            if(day==at.day_of_week && second>=(long)from && second<(long)to)
               return true;
           }
        }
      return has_any ? refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,
                                   "MARKET_CLOSED: "+rules.name+" is not traded now") : true;
     }

   bool              SetDealPrice(const SSymbolRules &rules,const SDecimal &bound,
                                  const SDecimal &bid,const SDecimal &ask,
                                  MqlTradeRequest &request,SRefusal &refusal) const
     {
      bool buys=request.type==ORDER_TYPE_BUY;
      SDecimal here=bid;
      if(buys)
         here=ask;
      if(!here.is_set)
         return HasNoPrice(rules,refusal);
      request.price=here.ToDouble();
      if(!bound.is_set)
         return true;
      SDecimal room=bound;
      room.Subtract(here);
      if(!buys)
         room.Negate();
      if(room.negative)
         return refusal.Set(FIX_ORD_REJ_REASON_OTHER,
                            "NOT_EXECUTABLE: the market is at "+here.Text());
      request.deviation=(ulong)MathFloor(room.ToDouble()/rules.point.ToDouble()+1e-6);
      return true;
     }

   //--- how far a pending order is from where it would be executed; below 0 is beyond, and not
   //--- set where nobody is whom it could meet
   void              Gap(const int type,const double price,const SDecimal &bid,
                         const SDecimal &ask,SDecimal &gap) const
     {
      SDecimal there;
      SetExactPrice(there,price);
      bool below=type==ORDER_TYPE_BUY_LIMIT || type==ORDER_TYPE_SELL_STOP ||
                 type==ORDER_TYPE_SELL_STOP_LIMIT;
      gap=bid;
      if(type%2==0)
         gap=ask;
      if(!gap.is_set)
         return;
      gap.Subtract(there);
      if(!below)
         gap.Negate();
     }
   //--- a limit may cross the market on an exchange only
   bool              IsFarEnough(const SSymbolRules &rules,const SDecimal &bid,
                                 const SDecimal &ask,const MqlTradeRequest &request,
                                 SRefusal &refusal) const
     {
      SDecimal gap,least;
      Gap(request.type,request.price,bid,ask,gap);
      if(!gap.is_set)
         return true;
      if(request.type_filling==ORDER_FILLING_BOC && !gap.IsPositive() &&
         FixTypeOf(request.type)==FIX_ORD_TYPE_LIMIT)
         return refusal.Set(FIX_ORD_REJ_REASON_OTHER,"POST_ONLY: it would be executed at once");
      if(rules.execution==SYMBOL_TRADE_EXECUTION_EXCHANGE &&
         FixTypeOf(request.type)==FIX_ORD_TYPE_LIMIT)
         return true;
      rules.Points(rules.stops_level,least);
      if(gap.IsPositive() && gap.Compare(least)>=0)
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_OTHER,"INVALID_PRICE: the order is "+gap.Text()+
                         " away from the market, expected more than 0 and at least "+least.Text());
     }
   //--- an order nearer to its execution than the freeze level is not touched
   bool              IsThawed(const SSymbolRules &rules,const SDecimal &bid,const SDecimal &ask,
                              const MqlTradeRequest &request,SRefusal &refusal) const
     {
      if(rules.freeze_level==0 || !OrderSelect(request.order))
         return true;
      SDecimal gap,least;
      Gap(request.type,OrderGetDouble(ORDER_PRICE_OPEN),bid,ask,gap);
      rules.Points(rules.freeze_level,least);
      if(!gap.is_set || gap.Compare(least)>0)
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_BROKER,"FROZEN: the market is within "+least.Text()+
                         " of the order");
     }

   //--- stop-loss and take-profit, from where the position would be closed
   bool              HasLevels(const SSymbolRules &rules,const SDecimal &bid,const SDecimal &ask,
                               const MqlTradeRequest &request,SRefusal &refusal) const
     {
      bool buys=request.type%2==0;
      SDecimal start=ask;
      if(buys)
         start=bid;
      if(request.action!=TRADE_ACTION_DEAL)
         SetExactPrice(start,request.stoplimit!=0 ? request.stoplimit : request.price);
      return IsLevel("StopLossPx(5001)",request.sl,buys,rules,start,refusal) &&
             IsLevel("TakeProfitPx(5002)",request.tp,!buys,rules,start,refusal);
     }
   bool              IsLevel(const string field,const double price,const bool below,
                             const SSymbolRules &rules,const SDecimal &start,
                             SRefusal &refusal) const
     {
      if(price==0)
         return true;
      if(!start.is_set)
         return HasNoPrice(rules,refusal);
      SDecimal level,gap,least;
      SetExactPrice(level,price);
      gap=start;
      gap.Subtract(level);
      if(!below)
         gap.Negate();
      rules.Points(rules.stops_level,least);
      if(gap.IsPositive() && gap.Compare(least)>=0)
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_OTHER,"INVALID_STOPS: "+field+" "+level.Text()+" is "+
                         gap.Text()+" away from "+start.Text()+", expected at least "+
                         least.Text());
     }

   bool              HasMargin(const MqlTradeRequest &request,SRefusal &refusal) const
     {
      MqlTradeCheckResult result={};
      bool passes=OrderCheck(request,result);
      if(passes || result.retcode==0 || result.retcode==TRADE_RETCODE_DONE ||
         result.retcode==TRADE_RETCODE_PLACED)
         return true;
      if(m_retcodes.Proof(result.retcode)!=PROOF_REFUSED)
         return true;
      return refusal.Set(m_retcodes.RejectReason(result.retcode),
                         m_retcodes.Name(result.retcode)+": "+result.comment+" (OrderCheck)");
     }
  };

#endif
