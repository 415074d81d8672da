//+------------------------------------------------------------------+
//| Quotes and books of the symbols that are traded.                 |
//|                                                                  |
//| - NewTick events are coalesced and come for the chart's symbol   |
//|   only: every step looks at the newest tick of each symbol.      |
//|   Nothing here waits.                                            |
//| - A symbol without a market book, or with one that cannot be     |
//|   believed (Depth), has no sizes. A quote stands for what one    |
//|   order may be.                                                  |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FEED_MQH
#define PORTCULLIS_FEED_MQH

#include "Depth.mqh"
#include "Ticks.mqh"

struct SFeedState
  {
   long              msc;           // of the last tick that was seen; 0 before the first
   double            bid;
   double            ask;
   double            last;
   ulong             volume;
   bool              has_book;
   bool              book_due;
   bool              by_book;       // the book was told last, not the tick
   int               gaps;
   SDepth            depth;
  };

class CFeed
  {
   CSymbols         *m_symbols_ptr;
   CStanding        *m_standing_ptr;
   CTicks           *m_ticks_ptr;
   CVenueListener   *m_listener_ptr;
   SFeedState        m_states[];

public:
                     CFeed(void) { m_symbols_ptr=NULL; m_standing_ptr=NULL; m_ticks_ptr=NULL; }
   void              Open(CSymbols *symbols_ptr,CStanding *standing_ptr,CTicks *ticks_ptr,
                          CVenueListener *listener_ptr)
     {
      m_ticks_ptr=ticks_ptr;
      m_symbols_ptr=symbols_ptr;
      m_standing_ptr=standing_ptr;
      m_listener_ptr=listener_ptr;
      ArrayResize(m_states,m_symbols_ptr.Count());
      for(int i=0; i<ArraySize(m_states); i++)
        {
         SSymbolRules rules;
         m_symbols_ptr.Rules(i,rules);
         m_states[i].msc=0;
         m_states[i].bid=0;
         m_states[i].ask=0;
         m_states[i].last=0;
         m_states[i].volume=0;
         m_states[i].gaps=0;
         m_states[i].has_book=false;
         m_states[i].by_book=false;
         m_states[i].depth.Begin();
         WantBook(i,rules);
        }
     }
   void              Close(void)
     {
      for(int i=0; i<ArraySize(m_states); i++)
        {
         SSymbolRules rules;
         m_symbols_ptr.Rules(i,rules);
         if(m_states[i].has_book)
            MarketBookRelease(rules.name);
         m_states[i].has_book=false;
        }
     }
   //--- the connection was lost: nobody knows which ticks were missed
   void              Lost(void)
     {
      for(int i=0; i<ArraySize(m_states); i++)
        {
         SSymbolRules rules;
         m_symbols_ptr.Rules(i,rules);
         m_states[i].gaps+=m_states[i].msc!=0 ? 1 : 0;
         WantBook(i,rules);
        }
     }
   void              OnBookEvent(const string name)
     {
      int at=m_symbols_ptr.FindTerminal(name);
      if(at>=0)
         m_states[at].book_due=m_states[at].has_book;
     }
   void              Step(const long now_ns)
     {
      for(int i=0; i<ArraySize(m_states); i++)
        {
         SSymbolRules rules;
         m_symbols_ptr.Rules(i,rules);
         bool moved=Look(i,rules);
         if(m_states[i].msc==0)
            continue;
         bool read=m_states[i].has_book && (moved || m_states[i].book_due) && Read(i,rules);
         bool by_book=m_states[i].has_book &&
                      m_states[i].depth.Believes(m_states[i].bid,m_states[i].ask,now_ns);
         bool other=by_book!=m_states[i].by_book;
         m_states[i].by_book=by_book;
         if(by_book && (read || other))
            Book(i);
         if(!by_book && (moved || other))
            Quote(i,rules);
        }
     }

private:
   //--- a symbol with a depth may be refused its book, and get it after the next connection
   void              WantBook(const int i,const SSymbolRules &rules)
     {
      if(!m_states[i].has_book)
         m_states[i].has_book=rules.book_depth>0 && MarketBookAdd(rules.name);
      m_states[i].book_due=m_states[i].has_book;
     }
   //--- look at the newest tick; is it another one
   bool              Look(const int i,const SSymbolRules &rules)
     {
      MqlTick tick={};
      if(!SymbolInfoTick(rules.name,tick) || tick.time_msc==0)
         return false;
      if(m_states[i].msc==tick.time_msc && m_states[i].bid==tick.bid &&
         m_states[i].ask==tick.ask && m_states[i].last==tick.last &&
         m_states[i].volume==tick.volume)
         return false;
      m_states[i].msc=tick.time_msc;
      m_states[i].bid=tick.bid;
      m_states[i].ask=tick.ask;
      m_states[i].last=tick.last;
      m_states[i].volume=tick.volume;
      m_ticks_ptr.Moved(i,tick);
      return true;
     }
   void              Quote(const int i,const SSymbolRules &rules)
     {
      SBook book;
      Begin(i,rules,book);
      SDecimal size;
      rules.Units(rules.volume_max,size);
      if(m_states[i].bid>0)
         Level(book.bids,m_states[i].bid,size);
      if(m_states[i].ask>0)
         Level(book.asks,m_states[i].ask,size);
      m_listener_ptr.OnBook(book);
     }
   //--- read the book; was it due, or is it another one
   bool              Read(const int i,const SSymbolRules &rules)
     {
      MqlBookInfo rows[];
      bool due=m_states[i].book_due;
      m_states[i].book_due=false;
      if(!MarketBookGet(rules.name,rows))
         ArrayResize(rows,0);
      SBook book;
      Begin(i,rules,book);
      //--- sells come first, the dearest on top; buys follow, the dearest on top
      for(int k=ArraySize(rows)-1; k>=0; k--)
         if(rows[k].type==BOOK_TYPE_SELL)
            Row(book.asks,rows[k],rules);
      for(int k=0; k<ArraySize(rows); k++)
         if(rows[k].type==BOOK_TYPE_BUY)
            Row(book.bids,rows[k],rules);
      return m_states[i].depth.Take(book) || due;
     }
   void              Book(const int i)
     {
      SBook book;
      book=m_states[i].depth.book;
      book.transact_ns=m_standing_ptr.UtcNs(m_states[i].msc);
      book.gaps=m_states[i].gaps;
      m_listener_ptr.OnBook(book);
     }
   void              Begin(const int i,const SSymbolRules &rules,SBook &book) const
     {
      book.symbol=rules.symbol;
      ArrayResize(book.bids,0);
      ArrayResize(book.asks,0);
      book.transact_ns=m_standing_ptr.UtcNs(m_states[i].msc);
      book.gaps=m_states[i].gaps;
     }
   void              Row(SLevel &levels[],const MqlBookInfo &row,const SSymbolRules &rules) const
     {
      SDecimal lots,size;
      SetExact(lots,row.volume_real>0 ? row.volume_real : (double)row.volume);
      rules.Units(lots,size);
      Level(levels,row.price,size);
     }
   void              Level(SLevel &levels[],const double price,const SDecimal &size) const
     {
      int at=ArraySize(levels);
      ArrayResize(levels,at+1,16);
      SetExactPrice(levels[at].price,price);
      levels[at].size=size;
     }
  };

#endif
