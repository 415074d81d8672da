//+------------------------------------------------------------------+
//| Orders of the self-check: of the smallest size, with magics of   |
//| its own, taken away again.                                       |
//|                                                                  |
//| Its calls wait by Sleep and look at the account's lists. While   |
//| they do no event of the program comes; it is handled after.      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKTRADE_MQH
#define PORTCULLIS_CHECKTRADE_MQH

#include <Portcullis/Account.mqh>
#include <Portcullis/OrderKinds.mqh>
#include <Portcullis/Requests.mqh>
#include <Portcullis/Retcodes.mqh>
#include <Portcullis/SymbolRules.mqh>

#define CHECK_INSTANCE 1023
#define CHECK_COMMENT "ABCDEFGHIJKLMNOPQRSTUVWXYZ12345"
#define CHECK_CLOSED "the market is closed: check it when it is open"
#define CHECK_LIMIT_MS 20000
#define CHECK_POLL_MS 5
#define CHECK_DEVIATION 50
//--- a pending order stands so many thousandths below the market
#define CHECK_AWAY 50
#define NO_ROW (-1)

class CCheckTrade
  {
   long              m_next;        // magic
   long              m_first;
   long              m_since_s;
   CRetcodes         m_retcodes;
   ulong             m_dealt[];     // orders at the market that were sent

public:
   SSymbolRules      rules;
   CAccount          account;
   //--- of the last call
   MqlTradeResult    result;
   bool              ok;
   int               error;
   double            took_ms;

                     CCheckTrade(void) { m_next=0; m_first=0; ok=false; error=0; took_ms=0; }
   //--- false when the terminal does not know the symbol, or what a lot of it is (rules.problem)
   bool              Open(const string symbol)
     {
      m_first=((long)CHECK_INSTANCE<<53)|((long)TimeGMT()<<21);
      m_next=m_first;
      ArrayResize(m_dealt,0);
      m_since_s=(long)TimeTradeServer()-DAY_S;
      return SymbolSelect(symbol,true) && rules.Read(symbol,symbol) && rules.IsKnown();
     }
   //--- is there an order or a position in the symbol that is not ours
   bool              IsTaken(void)
     {
      SPositionRow held[];
      ReadPositions(held);
      for(int i=0; i<ArraySize(held); i++)
         if(held[i].symbol==rules.name && !IsOurPosition(held[i]))
            return true;
      account.Read(m_since_s);
      for(int i=0; i<ArraySize(account.open); i++)
         if(account.open[i].symbol==rules.name && !IsOurOrder(account.open[i]))
            return true;
      return false;
     }
   bool              IsOurs(const long magic) const { return magic>m_first && magic<=m_next; }
   //--- whatever the magic has become: by the comment, of which a part may be cut
   bool              IsOurOrder(const SOrderRow &row) const
     {
      return row.symbol==rules.name && (IsOurs(row.magic) ||
             (row.comment!="" && StringFind(CHECK_COMMENT,row.comment)==0));
     }
   bool              IsOurPosition(const SPositionRow &row) const
     {
      for(int i=0; i<ArraySize(m_dealt); i++)
         if((long)m_dealt[i]==row.identifier)
            return true;
      return row.symbol==rules.name && IsOurs(row.magic);
     }
   //--- may there be two positions of the symbol
   bool              IsHedging(void) const
     {
      return AccountInfoInteger(ACCOUNT_MARGIN_MODE)==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING;
     }
   long              NextMagic(void) { return ++m_next; }
   //--- so many ticks away from the price that is far below the market, or far above it
   double            FarPrice(const int ticks) const { return Far(-CHECK_AWAY,ticks); }
   double            FarAbove(void) const { return Far(CHECK_AWAY,0); }
   //--- as far from the market as the broker wants it, and some points
   double            NearDistance(void) const
     {
      return MathMax(rules.stops_level+2,5)*rules.point.ToDouble();
     }

   void              MakePending(const long magic,MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_PENDING;
      request.symbol=rules.name;
      request.type=ORDER_TYPE_BUY_LIMIT;
      request.type_filling=Filling(FIX_ORD_TYPE_LIMIT);
      request.volume=rules.volume_min.ToDouble();
      request.price=FarPrice(0);
      request.magic=(ulong)magic;
      request.comment=CHECK_COMMENT;
     }
   void              MakeModify(const ulong ticket,const int ticks,MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_MODIFY;
      request.symbol=rules.name;
      request.order=ticket;
      request.price=FarPrice(ticks);
     }
   void              MakeRemove(const ulong ticket,MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_REMOVE;
      request.symbol=rules.name;
      request.order=ticket;
     }
   //--- at the market; `position` is what it closes on a hedging account, or 0
   void              MakeDeal(const bool buys,const long magic,const ulong position,
                              MqlTradeRequest &request) const
     {
      ClearRequest(request);
      request.action=TRADE_ACTION_DEAL;
      request.symbol=rules.name;
      request.type=buys ? ORDER_TYPE_BUY : ORDER_TYPE_SELL;
      request.type_filling=Filling(FIX_ORD_TYPE_MARKET);
      request.volume=rules.volume_min.ToDouble();
      request.price=SymbolInfoDouble(rules.name,buys ? SYMBOL_ASK : SYMBOL_BID);
      request.deviation=CHECK_DEVIATION;
      request.magic=(ulong)magic;
      request.position=position;
     }

   //--- was it taken; what the server says of an asynchronous one comes as a transaction
   bool              Send(const MqlTradeRequest &request)
     {
      return Done(false,request);
     }
   bool              SendAsync(const MqlTradeRequest &request)
     {
      return Done(true,request);
     }
   //--- not a word about what is believed: nothing is traded now
   bool              IsClosed(void) const { return result.retcode==TRADE_RETCODE_MARKET_CLOSED; }
   //--- what became of the last call
   string            Why(void) const
     {
      return m_retcodes.Name(result.retcode)+
             (error!=0 ? ", error "+IntegerToString(error) : "");
     }
   string            CodeName(const uint code) const { return m_retcodes.Name(code); }

   //--- the lists of now, with the history of the last day
   void              Look(void) { account.Read(m_since_s); }
   //--- rows of the last Look: an order of a magic, or any of ours, should its magic be another
   int               OpenOf(const long magic) const
     {
      int ours=NO_ROW;
      for(int i=0; i<ArraySize(account.open); i++)
        {
         if(account.open[i].magic==magic)
            return i;
         if(IsOurOrder(account.open[i]))
            ours=i;
        }
      return ours;
     }
   int               DealOf(const ulong order) const
     {
      for(int i=0; i<ArraySize(account.deals); i++)
         if(account.deals[i].order==order)
            return i;
      return NO_ROW;
     }
   //--- wait until an order of a magic is open; its row, and how long that took
   int               AwaitOpen(const long magic,double &ms) { return Await(magic,0,ms); }
   //--- wait until an order has a deal; its row
   int               AwaitDeal(const ulong order,double &ms) { return Await(0,order,ms); }
   //--- the position that an order of ours has opened; 0 if there is none
   ulong             PositionOf(const long identifier) const
     {
      SPositionRow held[];
      ReadPositions(held);
      for(int i=0; i<ArraySize(held); i++)
         if(held[i].identifier==identifier && held[i].symbol==rules.name)
            return held[i].ticket;
      return 0;
     }
   bool              AwaitGone(const long identifier)
     {
      for(int waited=0; waited<CHECK_LIMIT_MS && !IsStopped(); waited+=CHECK_POLL_MS)
        {
         if(PositionOf(identifier)==0)
            return true;
         Sleep(CHECK_POLL_MS);
        }
      return false;
     }

   //--- take away what is ours; how many orders and positions are left
   int               CleanUp(void)
     {
      MqlTradeRequest request={};
      Look();
      for(int i=0; i<ArraySize(account.open); i++)
         if(IsOurOrder(account.open[i]))
           {
            MakeRemove(account.open[i].ticket,request);
            Send(request);
           }
      SPositionRow held[];
      ReadPositions(held);
      for(int i=0; i<ArraySize(held); i++)
         if(IsOurPosition(held[i]))
           {
            MakeDeal(!held[i].IsLong(),NextMagic(),IsHedging() ? held[i].ticket : 0,request);
            request.volume=held[i].volume.ToDouble();
            Send(request);
            AwaitGone(held[i].identifier);
           }
      return CountOurs();
     }
   int               CountOurs(void)
     {
      int left=0;
      Look();
      for(int i=0; i<ArraySize(account.open); i++)
         if(IsOurOrder(account.open[i]))
            left++;
      SPositionRow held[];
      ReadPositions(held);
      for(int i=0; i<ArraySize(held); i++)
         if(IsOurPosition(held[i]))
            left++;
      return left;
     }

private:
   double            Far(const int away,const int ticks) const
     {
      SDecimal price;
      double tick=rules.tick.ToDouble();
      double steps=MathFloor(SymbolInfoDouble(rules.name,SYMBOL_BID)*(1000+away)/1000/tick);
      SetExactPrice(price,(steps+ticks)*tick);
      return price.ToDouble();
     }
   int               Await(const long magic,const ulong order,double &ms)
     {
      ulong start_us=GetMicrosecondCount();
      Look();
      int at=order!=0 ? DealOf(order) : OpenOf(magic);
      for(ms=0; at==NO_ROW && ms<CHECK_LIMIT_MS && !IsStopped(); )
        {
         Sleep(CHECK_POLL_MS);
         Look();
         at=order!=0 ? DealOf(order) : OpenOf(magic);
         ms=(double)(GetMicrosecondCount()-start_us)/1000.0;
        }
      return at;
     }
   ENUM_ORDER_TYPE_FILLING Filling(const string ord_type) const
     {
      int found=FillingOf(rules.execution,rules.filling,ord_type,
                          FIX_TIME_IN_FORCE_GOOD_TILL_CANCEL,false);
      return (ENUM_ORDER_TYPE_FILLING)(found==NO_KIND ? 0 : found);
     }
   bool              Done(const bool async,const MqlTradeRequest &request)
     {
      MqlTradeResult empty={};
      result=empty;
      ulong start_us=GetMicrosecondCount();
      ResetLastError();
      ok=async ? OrderSendAsync(request,result) : OrderSend(request,result);
      error=GetLastError();
      took_ms=(double)(GetMicrosecondCount()-start_us)/1000.0;
      if(request.action==TRADE_ACTION_DEAL && result.order!=0)
        {
         int at=ArraySize(m_dealt);
         ArrayResize(m_dealt,at+1);
         m_dealt[at]=result.order;
        }
      return ok && (result.retcode==TRADE_RETCODE_DONE || result.retcode==TRADE_RETCODE_PLACED ||
                    result.retcode==TRADE_RETCODE_DONE_PARTIAL);
     }
  };

#endif
