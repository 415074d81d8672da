//+------------------------------------------------------------------+
//| The last book of each symbol, and who is to hear of it when      |
//| (bridges/quotes.py).                                             |
//|                                                                  |
//| The gateway's risk checks hear the best levels in our session,   |
//| at most 20 times a second for each symbol. Strategies hear books |
//| and trades on the market data socket, numbered for each symbol   |
//| (5017); 5016 names the life of the feed. Both are told each      |
//| second that nothing has changed. A quote has the number of the   |
//| last book that was published; after a loss it has 0 once.        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_QUOTEBOARD_MQH
#define PORTCULLIS_QUOTEBOARD_MQH

#include "FixCodec.mqh"
#include "Port.mqh"

#define QUOTE_INTERVAL_NS 50000000
#define QUOTE_REPEAT_NS 1000000000
#define BOOK_INTERVAL_NS 2000000
#define QUOTE_DEPTH 5
#define TRADES_MAX 10000
#define AUDIENCE "MD"

struct SQuote
  {
   SBook             book;
   //--- the levels that the session has heard last, as a text; "" is none yet
   string            said;
   long              said_ns;
   long              published_ns;
   bool              is_unsaid;
   bool              is_unpublished;
   bool              is_lost;
   long              book_seq;
   long              trade_seq;
  };

//--- one message for the market data socket
struct STopic
  {
   string            topic;
   uchar             frame[];
  };

class CQuoteBoard
  {
private:
   string            m_venue_id;
   long              m_epoch;
   bool              m_publishes;
   SQuote            m_quotes[];
   STrade            m_trades[];
   CFixCodec         m_codec;
   SFixMessage       m_message;
   long              m_number;

public:
   void              Begin(const string venue_id,const long epoch,const bool publishes)
     {
      m_venue_id=venue_id;
      m_epoch=epoch;
      m_publishes=publishes;
      m_number=0;
      ArrayResize(m_quotes,0);
      ArrayResize(m_trades,0);
     }
   void              OnBook(const SBook &book)
     {
      int at=PlaceOf(book.symbol);
      if(m_quotes[at].book.transact_ns!=0 && m_quotes[at].book.gaps<book.gaps)
         m_quotes[at].is_lost=true;
      m_quotes[at].book=book;
      m_quotes[at].is_unsaid=true;
      m_quotes[at].is_unpublished=m_publishes;
     }
   void              OnTraded(const STrade &trade)
     {
      if(!m_publishes)
         return;
      int at=PlaceOf(trade.symbol);
      int size=ArraySize(m_trades);
      if(size>=TRADES_MAX)
        {
         //--- more than can be published: its number is missing
         m_quotes[at].trade_seq++;
         return;
        }
      ArrayResize(m_trades,size+1,256);
      m_trades[size]=trade;
     }
   //--- say all quotes again: the gateway is a new one
   void              ForgetSaid(void)
     {
      for(int i=0; i<ArraySize(m_quotes); i++)
        {
         m_quotes[i].said="";
         m_quotes[i].said_ns=0;
         m_quotes[i].is_unsaid=true;
        }
     }

   int               Count(void) const { return ArraySize(m_quotes); }
   //--- the best levels of symbol number `at` if its turn has come
   bool              Due(const int at,const long now_ns,SFixMessage &out)
     {
      if(m_quotes[at].book.transact_ns==0)
         return false;
      long pause=m_quotes[at].is_unsaid ? QUOTE_INTERVAL_NS : QUOTE_REPEAT_NS;
      if(now_ns<m_quotes[at].said_ns+pause)
         return false;
      m_quotes[at].is_unsaid=false;
      string levels=LevelsText(m_quotes[at].book);
      bool lost=m_quotes[at].is_lost;
      if(levels==m_quotes[at].said && !lost && now_ns<m_quotes[at].said_ns+QUOTE_REPEAT_NS)
         return false;
      m_quotes[at].is_lost=false;
      m_quotes[at].said=levels;
      m_quotes[at].said_ns=now_ns;
      if(!m_publishes)
         m_quotes[at].book_seq++;
      WriteBook(m_quotes[at].book,QUOTE_DEPTH,lost ? 0 : m_quotes[at].book_seq,out);
      return true;
     }

   //--- what is to be published now: every trade, then the newest book of each symbol.
   //--- repeats: also books that have not changed for a second, while the venue is up
   int               Topics(const long now_ns,const bool repeats,STopic &topics[])
     {
      ArrayResize(topics,0,64);
      for(int i=0; i<ArraySize(m_trades); i++)
        {
         int at=PlaceOf(m_trades[i].symbol);
         m_quotes[at].trade_seq++;
         WriteTrade(m_trades[i],m_quotes[at].trade_seq);
         AddTopic("TR."+m_venue_id+"."+m_trades[i].symbol+"|",now_ns,topics);
        }
      ArrayResize(m_trades,0,256);
      for(int i=0; i<ArraySize(m_quotes); i++)
        {
         long since=now_ns-m_quotes[i].published_ns;
         bool again=repeats && m_quotes[i].published_ns>0 && since>=QUOTE_REPEAT_NS;
         if(!(again || m_quotes[i].is_unpublished) || since<BOOK_INTERVAL_NS)
            continue;
         m_quotes[i].is_unpublished=false;
         m_quotes[i].published_ns=now_ns;
         m_quotes[i].book_seq++;
         WriteBook(m_quotes[i].book,1000,m_quotes[i].book_seq,m_message);
         AddTopic("MD."+m_venue_id+"."+m_quotes[i].book.symbol+"|",now_ns,topics);
        }
      return ArraySize(topics);
     }

private:
   int               PlaceOf(const string symbol)
     {
      int size=ArraySize(m_quotes);
      for(int i=0; i<size; i++)
         if(m_quotes[i].book.symbol==symbol)
            return i;
      ArrayResize(m_quotes,size+1,32);
      m_quotes[size].book.symbol=symbol;
      m_quotes[size].book.transact_ns=0;
      m_quotes[size].book.gaps=0;
      m_quotes[size].said="";
      m_quotes[size].said_ns=0;
      m_quotes[size].published_ns=0;
      m_quotes[size].is_unsaid=false;
      m_quotes[size].is_unpublished=false;
      m_quotes[size].is_lost=false;
      m_quotes[size].book_seq=0;
      m_quotes[size].trade_seq=0;
      return size;
     }
   string            LevelsText(const SBook &book) const
     {
      string text="";
      for(int i=0; i<ArraySize(book.bids) && i<QUOTE_DEPTH; i++)
         text+=book.bids[i].price.Text()+"x"+book.bids[i].size.Text()+" ";
      text+="|";
      for(int i=0; i<ArraySize(book.asks) && i<QUOTE_DEPTH; i++)
         text+=book.asks[i].price.Text()+"x"+book.asks[i].size.Text()+" ";
      return text;
     }
   void              WriteBook(const SBook &book,const int depth,const long seq,SFixMessage &out)
     {
      int bids=ArraySize(book.bids)<depth ? ArraySize(book.bids) : depth;
      int asks=ArraySize(book.asks)<depth ? ArraySize(book.asks) : depth;
      string moment=FormatUtc(book.transact_ns);
      out.Begin("W");
      out.Add(TAG_Symbol,book.symbol);
      out.Add(TAG_SecurityExchange,m_venue_id);
      if(bids+asks==0)
        {
         //--- nobody bids and nobody offers: entries without a price
         out.Add(TAG_NoMDEntries,"2");
         out.Add(TAG_MDEntryType,FIX_MD_ENTRY_TYPE_BID);
         out.Add(TAG_MDEntryType,FIX_MD_ENTRY_TYPE_OFFER);
        }
      else
         out.AddWhole(TAG_NoMDEntries,bids+asks);
      for(int i=0; i<bids; i++)
         WriteLevel(FIX_MD_ENTRY_TYPE_BID,book.bids[i],i==0 ? moment : "",out);
      for(int i=0; i<asks; i++)
         WriteLevel(FIX_MD_ENTRY_TYPE_OFFER,book.asks[i],i==0 ? moment : "",out);
      out.AddWhole(TAG_FeedEpoch,m_epoch);
      out.AddWhole(TAG_FeedSeq,seq);
     }
   void              WriteLevel(const string type,const SLevel &level,const string moment,
                                SFixMessage &out)
     {
      out.Add(TAG_MDEntryType,type);
      out.AddDecimal(TAG_MDEntryPx,level.price);
      out.AddDecimal(TAG_MDEntrySize,level.size);
      if(moment!="")
         WriteMoment(moment,out);
     }
   void              WriteMoment(const string moment,SFixMessage &out)
     {
      out.Add(TAG_MDEntryDate,StringSubstr(moment,0,8));
      out.Add(TAG_MDEntryTime,StringSubstr(moment,9));
     }
   void              WriteTrade(const STrade &trade,const long seq)
     {
      m_message.Begin("X");
      m_message.Add(TAG_NoMDEntries,"1");
      m_message.Add(TAG_MDUpdateAction,FIX_MD_UPDATE_ACTION_NEW);
      m_message.Add(TAG_MDEntryType,FIX_MD_ENTRY_TYPE_TRADE);
      m_message.AddText(TAG_MDEntryID,trade.trade_id);
      m_message.Add(TAG_Symbol,trade.symbol);
      m_message.AddDecimal(TAG_MDEntryPx,trade.price);
      m_message.AddDecimal(TAG_MDEntrySize,trade.size);
      WriteMoment(FormatUtc(trade.transact_ns),m_message);
      m_message.AddText(TAG_AggressorSide,trade.aggressor);
      m_message.AddWhole(TAG_FeedEpoch,m_epoch);
      m_message.AddWhole(TAG_FeedSeq,seq);
     }
   void              AddTopic(const string topic,const long now_ns,STopic &topics[])
     {
      int at=ArraySize(topics);
      ArrayResize(topics,at+1,64);
      topics[at].topic=topic;
      m_number++;
      if(m_codec.Encode(m_message,m_venue_id,AUDIENCE,m_number,FormatUtc(now_ns),"",
                        topics[at].frame))
         return;
      ArrayResize(topics,at,64);
     }
  };

#endif
