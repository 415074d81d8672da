//+------------------------------------------------------------------+
//| What the terminal says of one order, deal or position, read once |
//| and exact from then on. Times are the server's wall clock in ms. |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ROWS_MQH
#define PORTCULLIS_ROWS_MQH

#include "Doubles.mqh"
#include "OrderKinds.mqh"

//--- when an order ends by itself, by the server's clock; 0: at no moment that was named
long ExpiryOf(const int time_type,const long expiration_s)
  {
   if(time_type==ORDER_TIME_SPECIFIED_DAY)
      return DayEndS(expiration_s);
   return time_type==ORDER_TIME_SPECIFIED ? expiration_s : 0;
  }

struct SOrderRow
  {
   ulong             ticket;
   long              magic;
   string            symbol;
   int               type;
   int               state;
   int               reason;
   int               time_type;
   int               filling;
   long              setup_msc;
   long              done_msc;
   long              expiration_s;
   SDecimal          volume;        // initial
   SDecimal          left;          // current
   SDecimal          price;
   SDecimal          stoplimit;
   SDecimal          sl;
   SDecimal          tp;
   long              position_id;
   string            comment;

   //--- lots that were executed, by the order's own word
   void              Executed(SDecimal &lots) const
     {
      lots=volume;
      lots.Subtract(left);
     }
   long              ExpiryS(void) const { return ExpiryOf(time_type,expiration_s); }
  };

//--- an open order; false when it is open no more
bool ReadOpenOrder(const ulong ticket,SOrderRow &row)
  {
   if(ticket==0 || !OrderSelect(ticket))
      return false;
   row.ticket=ticket;
   row.magic=OrderGetInteger(ORDER_MAGIC);
   row.symbol=OrderGetString(ORDER_SYMBOL);
   row.type=(int)OrderGetInteger(ORDER_TYPE);
   row.state=(int)OrderGetInteger(ORDER_STATE);
   row.reason=(int)OrderGetInteger(ORDER_REASON);
   row.time_type=(int)OrderGetInteger(ORDER_TYPE_TIME);
   row.filling=(int)OrderGetInteger(ORDER_TYPE_FILLING);
   row.setup_msc=OrderGetInteger(ORDER_TIME_SETUP_MSC);
   row.done_msc=0;
   row.expiration_s=OrderGetInteger(ORDER_TIME_EXPIRATION);
   SetExact(row.volume,OrderGetDouble(ORDER_VOLUME_INITIAL));
   SetExact(row.left,OrderGetDouble(ORDER_VOLUME_CURRENT));
   SetPrice(row.price,OrderGetDouble(ORDER_PRICE_OPEN));
   SetPrice(row.stoplimit,OrderGetDouble(ORDER_PRICE_STOPLIMIT));
   SetPrice(row.sl,OrderGetDouble(ORDER_SL));
   SetPrice(row.tp,OrderGetDouble(ORDER_TP));
   row.position_id=OrderGetInteger(ORDER_POSITION_ID);
   row.comment=OrderGetString(ORDER_COMMENT);
   return true;
  }

//--- an order of the selected history
bool ReadDoneOrder(const ulong ticket,SOrderRow &row)
  {
   long magic=0;
   if(ticket==0 || !HistoryOrderGetInteger(ticket,ORDER_MAGIC,magic))
      return false;
   row.ticket=ticket;
   row.magic=magic;
   row.symbol=HistoryOrderGetString(ticket,ORDER_SYMBOL);
   row.type=(int)HistoryOrderGetInteger(ticket,ORDER_TYPE);
   row.state=(int)HistoryOrderGetInteger(ticket,ORDER_STATE);
   row.reason=(int)HistoryOrderGetInteger(ticket,ORDER_REASON);
   row.time_type=(int)HistoryOrderGetInteger(ticket,ORDER_TYPE_TIME);
   row.filling=(int)HistoryOrderGetInteger(ticket,ORDER_TYPE_FILLING);
   row.setup_msc=HistoryOrderGetInteger(ticket,ORDER_TIME_SETUP_MSC);
   row.done_msc=HistoryOrderGetInteger(ticket,ORDER_TIME_DONE_MSC);
   row.expiration_s=HistoryOrderGetInteger(ticket,ORDER_TIME_EXPIRATION);
   SetExact(row.volume,HistoryOrderGetDouble(ticket,ORDER_VOLUME_INITIAL));
   SetExact(row.left,HistoryOrderGetDouble(ticket,ORDER_VOLUME_CURRENT));
   SetPrice(row.price,HistoryOrderGetDouble(ticket,ORDER_PRICE_OPEN));
   SetPrice(row.stoplimit,HistoryOrderGetDouble(ticket,ORDER_PRICE_STOPLIMIT));
   SetPrice(row.sl,HistoryOrderGetDouble(ticket,ORDER_SL));
   SetPrice(row.tp,HistoryOrderGetDouble(ticket,ORDER_TP));
   row.position_id=HistoryOrderGetInteger(ticket,ORDER_POSITION_ID);
   row.comment=HistoryOrderGetString(ticket,ORDER_COMMENT);
   return true;
  }

struct SDealRow
  {
   ulong             ticket;
   ulong             order;
   long              magic;
   string            symbol;
   int               type;
   int               entry;
   int               reason;
   long              time_msc;
   long              position_id;
   SDecimal          volume;
   SDecimal          price;
   SDecimal          commission;
   SDecimal          fee;
   SDecimal          swap;
   SDecimal          profit;
  };

//--- a deal of the selected history
bool ReadDeal(const ulong ticket,SDealRow &row)
  {
   long order=0;
   if(ticket==0 || !HistoryDealGetInteger(ticket,DEAL_ORDER,order))
      return false;
   row.ticket=ticket;
   row.order=(ulong)order;
   row.magic=HistoryDealGetInteger(ticket,DEAL_MAGIC);
   row.symbol=HistoryDealGetString(ticket,DEAL_SYMBOL);
   row.type=(int)HistoryDealGetInteger(ticket,DEAL_TYPE);
   row.entry=(int)HistoryDealGetInteger(ticket,DEAL_ENTRY);
   row.reason=(int)HistoryDealGetInteger(ticket,DEAL_REASON);
   row.time_msc=HistoryDealGetInteger(ticket,DEAL_TIME_MSC);
   row.position_id=HistoryDealGetInteger(ticket,DEAL_POSITION_ID);
   SetExact(row.volume,HistoryDealGetDouble(ticket,DEAL_VOLUME));
   SetExactPrice(row.price,HistoryDealGetDouble(ticket,DEAL_PRICE));
   SetExact(row.commission,HistoryDealGetDouble(ticket,DEAL_COMMISSION));
   SetExact(row.fee,HistoryDealGetDouble(ticket,DEAL_FEE));
   SetExact(row.swap,HistoryDealGetDouble(ticket,DEAL_SWAP));
   SetExact(row.profit,HistoryDealGetDouble(ticket,DEAL_PROFIT));
   return true;
  }

struct SPositionRow
  {
   ulong             ticket;        // may change: a swap, a reversal
   long              identifier;    // never does
   long              magic;
   string            symbol;
   int               type;
   SDecimal          volume;
   SDecimal          price;
   SDecimal          stop;          // the levels; 0 is none
   SDecimal          profit;

   bool              IsLong(void) const { return type==POSITION_TYPE_BUY; }
   bool              IsAgainst(const bool buys) const { return IsLong()!=buys; }
  };

int ReadPositions(SPositionRow &rows[])
  {
   int count=PositionsTotal();
   ArrayResize(rows,0);
   for(int i=0; i<count; i++)
     {
      ulong ticket=PositionGetTicket(i);
      if(ticket==0)
         continue;
      int at=ArraySize(rows);
      ArrayResize(rows,at+1);
      rows[at].ticket=ticket;
      rows[at].identifier=PositionGetInteger(POSITION_IDENTIFIER);
      rows[at].magic=PositionGetInteger(POSITION_MAGIC);
      rows[at].symbol=PositionGetString(POSITION_SYMBOL);
      rows[at].type=(int)PositionGetInteger(POSITION_TYPE);
      SetExact(rows[at].volume,PositionGetDouble(POSITION_VOLUME));
      SetExactPrice(rows[at].price,PositionGetDouble(POSITION_PRICE_OPEN));
      SetExactPrice(rows[at].stop,PositionGetDouble(POSITION_SL));
      SetExactPrice(rows[at].profit,PositionGetDouble(POSITION_TP));
     }
   return ArraySize(rows);
  }

#endif
