//+------------------------------------------------------------------+
//| Ticks at their first use, and the market book.                   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKMARKET_MQH
#define PORTCULLIS_CHECKMARKET_MQH

#include "CheckStep.mqh"

#define MARKET_SPAN_MS 3600000
#define MARKET_SOON_MS 50.0
#define MARKET_BOOK_MS 3000
#define MARKET_LOOK_MS 50

class CCheckMarket : public CCheckStep
  {
public:
   virtual string    Names(void) override { return "first-ticks market-book"; }
   virtual bool      More(void) override
     {
      Ticks();
      Book();
      return false;
     }

private:
   int               Copy(double &ms) const
     {
      MqlTick ticks[];
      ulong from_msc=(ulong)SymbolInfoInteger(m_trade_ptr.rules.name,SYMBOL_TIME_MSC)-
                     MARKET_SPAN_MS;
      ulong start_us=GetMicrosecondCount();
      int count=CopyTicksRange(m_trade_ptr.rules.name,ticks,(uint)COPY_TICKS_ALL,from_msc,0);
      ms=(double)(GetMicrosecondCount()-start_us)/1000.0;
      return count;
     }
   void              Ticks(void)
     {
      double first_ms=0,again_ms=0;
      int first=Copy(first_ms);
      int again=Copy(again_ms);
      m_report_ptr.Judge("first-ticks",again>0 && again_ms<MARKET_SOON_MS,
                         StringFormat("an hour of ticks: %d after %.1f ms, then %d after %.1f ms",
                                      first,first_ms,again,again_ms));
     }
   void              Book(void)
     {
      string name=m_trade_ptr.rules.name;
      if(m_trade_ptr.rules.book_depth<=0 || !MarketBookAdd(name))
        {
         m_report_ptr.Say("market-book",CHECK_OPEN,name+" has no market book: name a symbol that"
                          " has one in the input CheckSymbol");
         return;
        }
      MqlBookInfo rows[];
      int waited=0;
      while(waited<MARKET_BOOK_MS && (!MarketBookGet(name,rows) || ArraySize(rows)==0))
        {
         Sleep(MARKET_LOOK_MS);
         waited+=MARKET_LOOK_MS;
        }
      MarketBookRelease(name);
      if(ArraySize(rows)==0)
        {
         m_report_ptr.Say("market-book",CHECK_OPEN,name+" has a depth, and nobody fills its book:"
                          " name a symbol that has one in the input CheckSymbol");
         return;
        }
      m_report_ptr.Judge("market-book",IsSorted(rows),
                         StringFormat("%d rows after %d ms, %s",ArraySize(rows),waited,
                                      IsSorted(rows) ? "from the highest price to the lowest" :
                                      "not sorted, or of another type"));
     }
   //--- sells from the highest, then buys from the highest
   bool              IsSorted(const MqlBookInfo &rows[]) const
     {
      int size=ArraySize(rows);
      for(int i=0; i<size; i++)
        {
         bool is_known=rows[i].type==BOOK_TYPE_SELL || rows[i].type==BOOK_TYPE_BUY;
         if(!is_known || (i>0 && rows[i].price>=rows[i-1].price) ||
            (i>0 && rows[i-1].type==BOOK_TYPE_BUY && rows[i].type==BOOK_TYPE_SELL))
            return false;
        }
      return size>0;
     }
  };

#endif
