//+------------------------------------------------------------------+
//| From an order to a trade request that its symbol takes, or to    |
//| the reason why there is none.                                    |
//|                                                                  |
//| Nothing is rounded in silence, apart from an expiry, which is    |
//| cut to the whole second before it. What can be known beforehand  |
//| is checked before the server is asked: types, times, filling,    |
//| sides, volumes and prices here; sessions, distances, freezing    |
//| and margin, by the quote of the moment, in Checks.mqh.           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_REQUESTS_MQH
#define PORTCULLIS_REQUESTS_MQH

#include "OrderKinds.mqh"
#include "Rows.mqh"
#include "Standing.mqh"
#include "SymbolRules.mqh"
#include "UtcTime.mqh"
#include "WireId.mqh"

#define WRONG FIX_ORD_REJ_REASON_UNSUPPORTED_CHARACTERISTIC

void ClearRequest(MqlTradeRequest &request)
  {
   MqlTradeRequest empty={};
   request=empty;
  }

class CRequests
  {
   CStanding        *m_standing_ptr;
   int               m_deviation;
   bool              m_ioc_at_market;

public:
                     CRequests(void) { m_standing_ptr=NULL; m_deviation=0; m_ioc_at_market=false; }
   //--- deviation in points; ioc_at_market lets a limit that is immediate be a deal where the
   //--- server does not bound its price
   void              Open(CStanding *standing_ptr,const int deviation,const bool ioc_at_market)
     {
      m_standing_ptr=standing_ptr;
      m_deviation=deviation;
      m_ioc_at_market=ioc_at_market;
     }

   //--- the request that places `qty` units; a `bound` is the worst price that a deal may have
   bool              Place(const SOrderRequest &order,const SDecimal &qty,
                           const SSymbolRules &rules,MqlTradeRequest &request,SDecimal &bound,
                           SRefusal &refusal) const
     {
      ClearRequest(request);
      bound.Clear();
      SDecimal lots;
      if(!rules.Lots(qty,lots,refusal) || !HasShape(order,rules,refusal))
         return false;
      SPositionRow held[];
      ReadPositions(held);
      request.volume=lots.ToDouble();
      if(!MayOpen(order,lots,rules,held,refusal) ||
         !SetPosition(order,lots,rules,held,request,refusal))
         return false;
      request.action=TRADE_ACTION_PENDING;
      request.symbol=rules.name;
      request.magic=(ulong)WireNumber(order.cl_ord_id);
      request.comment=order.cl_ord_id;
      request.type=(ENUM_ORDER_TYPE)OrderTypeOf(order.ord_type,order.side);
      request.sl=DoubleOf(order.stop_loss_px);
      request.tp=DoubleOf(order.take_profit_px);
      if(request.position_by!=0)
         return SetCloseBy(request);
      if(order.ord_type==FIX_ORD_TYPE_MARKET)
         return SetDeal(order,rules,request,refusal);
      if(order.ord_type==FIX_ORD_TYPE_LIMIT && IsAtOnce(order.time_in_force) &&
         rules.execution!=SYMBOL_TRADE_EXECUTION_EXCHANGE)
        {
         bound=order.price;
         return SetDeal(order,rules,request,refusal) && IsBounded(rules,refusal);
        }
      if(request.position!=0)
         return refusal.Set(WRONG,"POSITION: only a market order can close a position (5004)");
      return SetPending(order,rules,request,refusal);
     }

   //--- the request that changes prices and expiry of a pending order
   bool              Modify(const SOrderRequest &order,const SOrderRow &row,
                            const SSymbolRules &rules,MqlTradeRequest &request,
                            SRefusal &refusal) const
     {
      ClearRequest(request);
      if(!HasShape(order,rules,refusal) || !SetLife(order,rules,request,refusal))
         return false;
      request.action=TRADE_ACTION_MODIFY;
      request.symbol=rules.name;
      request.order=row.ticket;
      request.type=(ENUM_ORDER_TYPE)row.type;
      request.volume=row.left.ToDouble();
      SetPrices(order,request);
      request.sl=DoubleOf(order.stop_loss_px);
      request.tp=DoubleOf(order.take_profit_px);
      return true;
     }

   void              Remove(const SOrderRow &row,MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_REMOVE;
      request.symbol=row.symbol;
      request.order=row.ticket;
      request.type=(ENUM_ORDER_TYPE)row.type;
      request.price=DoubleOf(row.price);
     }
   void              Levels(const SPositionRow &row,const SDecimal &stop,const SDecimal &profit,
                            MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_SLTP;
      request.symbol=row.symbol;
      request.position=row.ticket;
      request.sl=stop.ToDouble();
      request.tp=profit.ToDouble();
     }

private:
   void              SetPrices(const SOrderRequest &order,MqlTradeRequest &request) const
     {
      bool is_limit=order.ord_type==FIX_ORD_TYPE_LIMIT;
      request.price=DoubleOf(is_limit ? order.price : order.stop_px);
      request.stoplimit=order.ord_type==FIX_ORD_TYPE_STOP_LIMIT ? DoubleOf(order.price) : 0;
     }

   //--- types, stop levels and prices against the symbol
   bool              HasShape(const SOrderRequest &order,const SSymbolRules &rules,
                              SRefusal &refusal) const
     {
      string kind=order.ord_type;
      if(OrderTypeOf(kind,order.side)==NO_KIND || (rules.order_mode&OrderFlagOf(kind))==0)
         return refusal.Set(WRONG,"NOT_SUPPORTED: OrdType(40)="+kind+" for this symbol");
      if(order.stop_loss_px.is_set &&
         !rules.TakesLevel("StopLossPx(5001)",SYMBOL_ORDER_SL,refusal))
         return false;
      if(order.take_profit_px.is_set &&
         !rules.TakesLevel("TakeProfitPx(5002)",SYMBOL_ORDER_TP,refusal))
         return false;
      bool limits=kind==FIX_ORD_TYPE_LIMIT || kind==FIX_ORD_TYPE_STOP_LIMIT;
      bool stops=kind==FIX_ORD_TYPE_STOP || kind==FIX_ORD_TYPE_STOP_LIMIT;
      if(order.price.is_set!=limits)
         return refusal.Set(WRONG,"PRICE: OrdType(40)="+kind+(limits ? " needs" : " takes no")+
                            " Price(44)");
      if(order.stop_px.is_set!=stops)
         return refusal.Set(WRONG,"PRICE: OrdType(40)="+kind+(stops ? " needs" : " takes no")+
                            " StopPx(99)");
      return rules.IsOnTick("Price(44)",order.price,refusal) &&
             rules.IsOnTick("StopPx(99)",order.stop_px,refusal) &&
             rules.IsOnTick("StopLossPx(5001)",order.stop_loss_px,refusal) &&
             rules.IsOnTick("TakeProfitPx(5002)",order.take_profit_px,refusal);
     }

   //--- the trade mode, and what a lot is: what may be opened, and what may only be closed
   bool              MayOpen(const SOrderRequest &order,const SDecimal &lots,
                             const SSymbolRules &rules,const SPositionRow &held[],
                             SRefusal &refusal) const
     {
      bool buys=order.side==FIX_SIDE_BUY;
      int mode=rules.trade_mode;
      bool opens=mode==SYMBOL_TRADE_MODE_FULL || (mode==SYMBOL_TRADE_MODE_LONGONLY && buys) ||
                 (mode==SYMBOL_TRADE_MODE_SHORTONLY && !buys);
      if(opens && rules.problem=="")
         return true;
      SDecimal against;
      against.SetWhole(0);
      for(int i=0; i<ArraySize(held); i++)
         if(held[i].symbol==rules.name && held[i].IsAgainst(buys))
            against.Add(held[i].volume);
      if(mode!=SYMBOL_TRADE_MODE_DISABLED && lots.Compare(against)<=0)
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,rules.problem!="" ? rules.problem :
                         "TRADE_MODE: "+rules.name+" lets no such position be opened now");
     }

   //--- a net account has one position a symbol, which every order of the other side reduces
   bool              SetPosition(const SOrderRequest &order,const SDecimal &lots,
                                 const SSymbolRules &rules,const SPositionRow &held[],
                                 MqlTradeRequest &request,SRefusal &refusal) const
     {
      if(!m_standing_ptr.IsHedging())
         return order.position_id=="" ? true
                : refusal.Set(WRONG,"POSITION: this account nets; 5004 names nothing here");
      if(order.position_id=="" && !order.reduce_only)
         return true;
      if(StringFind(order.position_id,"/")>=0)
         return SetPair(order,lots,rules,held,request,refusal);
      int at=Closes(order,lots,rules,held);
      if(at<0)
         return refusal.Set(WRONG,"POSITION: "+lots.Text()+" lots close no position"+
                            (order.position_id=="" ? "" : " "+order.position_id)+
                            "; there are: "+Names(rules,held)+" (name one in 5004)");
      request.position=held[at].ticket;
      request.volume=MathMin(lots.ToDouble(),held[at].volume.ToDouble());
      return true;
     }
   //--- 5004 = A/B: the smaller of the two positions is what is closed of both
   bool              SetPair(const SOrderRequest &order,const SDecimal &lots,
                             const SSymbolRules &rules,const SPositionRow &held[],
                             MqlTradeRequest &request,SRefusal &refusal) const
     {
      if(order.ord_type!=FIX_ORD_TYPE_MARKET || order.stop_loss_px.is_set ||
         order.take_profit_px.is_set)
         return refusal.Set(WRONG,"POSITION: closing one by another is a market order (40=1)"
                            " without 5001 and 5002");
      if((rules.order_mode&SYMBOL_ORDER_CLOSEBY)==0)
         return refusal.Set(WRONG,"NOT_SUPPORTED: closing one position by another for this"
                            " symbol");
      int slash=StringFind(order.position_id,"/");
      string first=StringSubstr(order.position_id,0,slash);
      string second=StringSubstr(order.position_id,slash+1);
      int one=Named(first,rules,held),other=Named(second,rules,held);
      bool buys=order.side==FIX_SIDE_BUY;
      if(one<0 || other<0 || !held[one].IsAgainst(buys) || held[other].IsAgainst(buys))
         return refusal.Set(WRONG,"POSITION: "+first+" cannot be closed by "+second+" with 54="+
                            order.side+"; there are: "+Names(rules,held));
      SDecimal least=held[one].volume;
      if(held[other].volume.Compare(least)<0)
         least=held[other].volume;
      if(lots.Compare(least)!=0)
         return refusal.Set(WRONG,"POSITION: closing "+first+" by "+second+" is of "+
                            least.Text()+" lots, received "+lots.Text());
      request.position=held[one].ticket;
      request.position_by=held[other].ticket;
      return true;
     }
   int               Named(const string name,const SSymbolRules &rules,
                           const SPositionRow &held[]) const
     {
      for(int i=0; i<ArraySize(held); i++)
         if(held[i].symbol==rules.name && IntegerToString(held[i].identifier)==name)
            return i;
      return -1;
     }
   //--- the position to close: the one that is named, or the one that fits best. Where none is as
   //--- large as a 77=C, the largest is closed and the rest is cancelled: who wants more closed
   //--- asks again. What nobody names is closed only where a gateway's order has opened it: a
   //--- person's position is a person's
   int               Closes(const SOrderRequest &order,const SDecimal &lots,
                            const SSymbolRules &rules,const SPositionRow &held[]) const
     {
      string named=order.position_id;
      bool buys=order.side==FIX_SIDE_BUY;
      int best=-1,largest=-1;
      for(int i=0; i<ArraySize(held); i++)
        {
         if(held[i].symbol!=rules.name || !held[i].IsAgainst(buys) ||
            (named!="" && named!=IntegerToString(held[i].identifier)) ||
            (named=="" && !IsWireMagic(held[i].magic)))
            continue;
         if(largest<0 || held[i].volume.Compare(held[largest].volume)>0)
            largest=i;
         if(held[i].volume.Compare(lots)<0)
            continue;
         if(best<0 || (held[i].volume.Compare(lots)==0 && held[best].volume.Compare(lots)!=0))
            best=i;
        }
      bool whole=!order.reduce_only || order.time_in_force==FORCE_FOK;
      return best<0 && !whole ? largest : best;
     }
   string            Names(const SSymbolRules &rules,const SPositionRow &held[]) const
     {
      string names="";
      for(int i=0; i<ArraySize(held); i++)
         if(held[i].symbol==rules.name)
            names+=(names=="" ? "" : ", ")+IntegerToString(held[i].identifier)+" of "+
                   (held[i].IsLong() ? "" : "-")+held[i].volume.Text()+" lots";
      return names=="" ? "none" : names;
     }

   bool              SetCloseBy(MqlTradeRequest &request) const
     {
      request.action=TRADE_ACTION_CLOSE_BY;
      request.type=ORDER_TYPE_CLOSE_BY;
      request.volume=0;
      request.sl=0;
      request.tp=0;
      return true;
     }
   bool              SetDeal(const SOrderRequest &order,const SSymbolRules &rules,
                             MqlTradeRequest &request,SRefusal &refusal) const
     {
      int filling=FillingOf(rules.execution,rules.filling,FIX_ORD_TYPE_MARKET,
                            order.time_in_force,false);
      if(filling==NO_KIND || order.post_only)
         return NoFilling(order,refusal);
      request.action=TRADE_ACTION_DEAL;
      request.type=order.side==FIX_SIDE_BUY ? ORDER_TYPE_BUY : ORDER_TYPE_SELL;
      request.type_filling=(ENUM_ORDER_TYPE_FILLING)filling;
      request.deviation=(ulong)m_deviation;
      return true;
     }
   bool              IsBounded(const SSymbolRules &rules,SRefusal &refusal) const
     {
      if(rules.execution!=SYMBOL_TRADE_EXECUTION_MARKET || m_ioc_at_market)
         return true;
      return refusal.Set(WRONG,"NOT_SUPPORTED: in market execution nothing bounds the price of an"
                         " immediate order; the input IocAtMarket lets it slip");
     }
   bool              SetPending(const SOrderRequest &order,const SSymbolRules &rules,
                                MqlTradeRequest &request,SRefusal &refusal) const
     {
      int filling=FillingOf(rules.execution,rules.filling,order.ord_type,order.time_in_force,
                            order.post_only);
      if(filling==NO_KIND)
         return NoFilling(order,refusal);
      request.type_filling=(ENUM_ORDER_TYPE_FILLING)filling;
      SetPrices(order,request);
      return SetLife(order,rules,request,refusal);
     }
   bool              NoFilling(const SOrderRequest &order,SRefusal &refusal) const
     {
      string what=order.post_only ? "post-only" : "TimeInForce(59)="+order.time_in_force;
      return refusal.Set(WRONG,"NOT_SUPPORTED: "+what+" of OrdType(40)="+order.ord_type+
                         " for this symbol");
     }
   //--- type_time and expiration: the server's wall clock, whole seconds. An order that ends at
   //--- once says GTC, or DAY where its symbol takes no GTC. Where GTC ends with the day no order
   //--- is one; one of a day says GTC there if its symbol takes no DAY. The server's clock must end
   //--- none early: where it may be put forward until then, it is told an hour more, or a day. What
   //--- is past its 126 and rests still is removed (Aftermath)
   bool              SetLife(const SOrderRequest &order,const SSymbolRules &rules,
                             MqlTradeRequest &request,SRefusal &refusal) const
     {
      int flag=0;
      int kind=TimeTypeOf(order.time_in_force,flag);
      bool by_days=kind==ORDER_TIME_SPECIFIED && (rules.expiration&flag)==0 &&
                   (rules.expiration&SYMBOL_EXPIRATION_SPECIFIED_DAY)!=0;
      bool at_once=IsAtOnce(order.time_in_force),says=(rules.expiration&flag)!=0;
      if(kind==NO_KIND || (!at_once && (rules.Lives()&flag)==0 && !by_days))
         return refusal.Set(WRONG,"NOT_SUPPORTED: TimeInForce(59)="+order.time_in_force+
                            " for this symbol"+
                            (says ? ": its orders end with the day (59=0)" : ""));
      if(!says && !by_days)
         kind=at_once ? ORDER_TIME_DAY : ORDER_TIME_GTC;
      request.type_time=(ENUM_ORDER_TYPE_TIME)kind;
      if(kind!=ORDER_TIME_SPECIFIED)
         return true;
      if(order.expire_ns==0)
         return refusal.Set(WRONG,"FIELDS: TimeInForce(59)=6 needs ExpireTime(126)");
      request.expiration=(datetime)m_standing_ptr.LatestSeconds(order.expire_ns);
      return !by_days || SetDay(order,request,refusal);
     }
   //--- where a symbol knows days only: the order ends with one of the trade server's days
   bool              SetDay(const SOrderRequest &order,MqlTradeRequest &request,
                            SRefusal &refusal) const
     {
      long end_s=m_standing_ptr.ServerSeconds(order.expire_ns);
      if(end_s%DAY_S!=0 || order.expire_ns%NS_PER_SECOND!=0)
         return refusal.Set(WRONG,"EXPIRY: orders of this symbol end with a day of the trade"
                            " server, received ExpireTime(126)="+FormatUtc(order.expire_ns)+
                            ", expected "+FormatUtc(m_standing_ptr.UtcNs(DayEndS(end_s)*1000))+
                            " or whole days from there");
      request.type_time=ORDER_TIME_SPECIFIED_DAY;
      request.expiration=(datetime)(DayEndS((long)request.expiration)-1);
      return true;
     }
  };

#endif
