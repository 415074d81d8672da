//+------------------------------------------------------------------+
//| The lists of the account as they are now.                        |
//|                                                                  |
//| Orders are read before the history and the history before the    |
//| deals, so that nothing that moves from one to the next is        |
//| missed. Asking for one order of the history selects it alone, so |
//| lists are read whole first.                                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ACCOUNT_MQH
#define PORTCULLIS_ACCOUNT_MQH

#include "Rows.mqh"
#include "Standing.mqh"

class CAccount
  {
public:
   SOrderRow         open[];
   SOrderRow         done[];
   SDealRow          deals[];

   //--- what lives, and the history from a second of the server's clock on
   bool              Read(const long since_s)
     {
      ReadOpen();
      return ReadHistory(since_s);
     }
   void              ReadOpen(void)
     {
      ArrayResize(open,0);
      int count=OrdersTotal();
      for(int i=0; i<count; i++)
        {
         int at=ArraySize(open);
         ArrayResize(open,at+1,64);
         if(!ReadOpenOrder(OrderGetTicket(i),open[at]))
            ArrayResize(open,at);
        }
     }
   bool              ReadHistory(const long since_s)
     {
      ArrayResize(done,0);
      ArrayResize(deals,0);
      long until_s=(long)TimeTradeServer()+DAY_S;
      if(!HistorySelect((datetime)since_s,(datetime)until_s))
         return false;
      int count=HistoryOrdersTotal();
      for(int i=0; i<count; i++)
        {
         int at=ArraySize(done);
         ArrayResize(done,at+1,256);
         if(!ReadDoneOrder(HistoryOrderGetTicket(i),done[at]))
            ArrayResize(done,at);
        }
      count=HistoryDealsTotal();
      for(int i=0; i<count; i++)
        {
         int at=ArraySize(deals);
         ArrayResize(deals,at+1,256);
         if(!ReadDeal(HistoryDealGetTicket(i),deals[at]))
            ArrayResize(deals,at);
        }
      SortDeals();
      return true;
     }
   int               FindOpen(const ulong ticket) const
     {
      for(int i=0; i<ArraySize(open); i++)
         if(open[i].ticket==ticket)
            return i;
      return -1;
     }
   int               FindDone(const ulong ticket) const
     {
      for(int i=ArraySize(done)-1; i>=0; i--)
         if(done[i].ticket==ticket)
            return i;
      return -1;
     }
   //--- an order of the history that the last read has not brought: its place now, or -1
   int               Fetch(const ulong ticket)
     {
      SOrderRow row;
      if(!HistoryOrderSelect(ticket) || !ReadDoneOrder(ticket,row))
         return -1;
      int at=ArraySize(done);
      ArrayResize(done,at+1);
      done[at]=row;
      return at;
     }

private:
   //--- by ticket: the order in which they were made
   void              SortDeals(void)
     {
      for(int i=1; i<ArraySize(deals); i++)
         for(int k=i; k>0 && deals[k].ticket<deals[k-1].ticket; k--)
           {
            SDealRow other=deals[k];
            deals[k]=deals[k-1];
            deals[k-1]=other;
           }
     }
  };

#endif
