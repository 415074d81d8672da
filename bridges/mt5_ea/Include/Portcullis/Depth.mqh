//+------------------------------------------------------------------+
//| Whether the book of a symbol can be believed, beside the         |
//| symbol's own tick (bridges/mt5/depth.py).                        |
//|                                                                  |
//| Brokers give symbols a depth (SYMBOL_TICKS_BOOKDEPTH) and fill   |
//| in no book, or only at times. So a book is believed only if it   |
//| has every side that the tick has, and has not stayed as it was   |
//| while the tick went on to other prices. Otherwise the tick is    |
//| the price.                                                       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_DEPTH_MQH
#define PORTCULLIS_DEPTH_MQH

#include "Doubles.mqh"
#include "Port.mqh"

//--- how much later than the tick a book may come
#define DEPTH_PATIENCE_NS 500000000

struct SDepth
  {
   SBook             book;          // as it was read last
   double            bid;           // of the tick that was seen last
   double            ask;
   long              behind_ns;     // since when the tick has moved and the book has not; 0: it has

   void              Begin(void)
     {
      ArrayResize(book.bids,0);
      ArrayResize(book.asks,0);
      bid=0;
      ask=0;
      behind_ns=0;
     }
   //--- take the book of this moment; is it another one
   bool              Take(const SBook &read)
     {
      bool same=IsSame(book.bids,read.bids) && IsSame(book.asks,read.asks);
      if(!same)
         behind_ns=0;
      book=read;
      return !same;
     }
   //--- look at the tick of this moment; is the book to be told
   bool              Believes(const double tick_bid,const double tick_ask,const long now_ns)
     {
      bool lacks_bid=tick_bid>0 && ArraySize(book.bids)==0;
      bool lacks_ask=tick_ask>0 && ArraySize(book.asks)==0;
      if(IsBest(book.bids,tick_bid) && IsBest(book.asks,tick_ask))
         behind_ns=0;
      else
         if(behind_ns==0 && (tick_bid!=bid || tick_ask!=ask))
            behind_ns=now_ns;
      bid=tick_bid;
      ask=tick_ask;
      if(lacks_bid || lacks_ask || ArraySize(book.bids)+ArraySize(book.asks)==0)
         return false;
      return behind_ns==0 || now_ns-behind_ns<DEPTH_PATIENCE_NS;
     }

   bool              IsSame(const SLevel &some[],const SLevel &others[]) const
     {
      int size=ArraySize(some);
      if(size!=ArraySize(others))
         return false;
      for(int i=0; i<size; i++)
         if(some[i].price.Compare(others[i].price)!=0 || some[i].size.Compare(others[i].size)!=0)
            return false;
      return true;
     }
   bool              IsBest(const SLevel &levels[],const double price) const
     {
      if(ArraySize(levels)==0)
         return price==0;
      SDecimal there;
      SetExact(there,price);
      return levels[0].price.Compare(there)==0;
     }
  };

#endif
