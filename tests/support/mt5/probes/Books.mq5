//| What memory holds of chains, requests and tickets (tests/mt5_ea/test_forgetting.py).
#property strict
#include <Portcullis/Book.mqh>
#include <Portcullis/Flights.mqh>

CStore         g_store;
CBook          g_book;
CFlights       g_flights;

int OnInit(void)
  {
   g_flights.Open(true);
   return g_store.Open("books.sqlite") && g_book.Open(GetPointer(g_store)) ? INIT_SUCCEEDED
          : INIT_FAILED;
  }
void OnDeinit(const int reason) { g_store.Close(); }

//--- a chain for each number up to `count`: the even ones end, every fifth has a request under way
void Fill(const long count)
  {
   for(long number=1; number<=count; number++)
     {
      SOrderRequest order;
      order.cl_ord_id=WireText(number);
      order.symbol="EURUSD";
      order.side=FIX_SIDE_BUY;
      order.ord_type=FIX_ORD_TYPE_LIMIT;
      order.expire_ns=0;
      int at=g_book.Add(order,number,number);
      g_book.Ticket(at,(ulong)(number+1000));
      if(number%5==0)
        {
         MqlTradeRequest request={};
         g_book.chains[at].flights++;
         g_flights.Send(request,at,order.cl_ord_id,0);
        }
      if(number%2==0)
         g_book.chains[at].End(FIX_ORD_STATUS_CANCELED);
      g_book.Save(at);
     }
   g_store.Commit();
  }
string Chain(const int at)
  {
   return at==NOBODY ? "none" : g_book.chains[at].name+" "+
          IntegerToString((long)g_book.chains[at].flights);
  }
string Answer(const string command,const long number)
  {
   int places[];
   SFlight flight;
   if(command=="fill")
      Fill(number);
   if(command=="unload")
     {
      g_book.Unload(places);
      g_flights.Renumber(places);
     }
   if(command=="held")
      return IntegerToString(ArraySize(g_book.chains));
   if(command=="live")
      return IntegerToString(g_book.LiveCount());
   if(command=="name")
      return Chain(g_book.ByName(number));
   if(command=="ticket")
      return Chain(g_book.ByTicket((ulong)number));
   if(command=="flight")
     {
      g_flights.Get((int)number,flight);
      return flight.name+" of "+Chain(flight.chain);
     }
   return "";
  }
//--- of the numbers 1 to a thousand, with their squares, keep those in `parts`: how many are wrong
string Kept(const string &parts[])
  {
   CLongMap map;
   long keys[];
   int wrong=0;
   for(long i=1; i<=1000; i++)
      map.Set(i,i*i);
   ArrayResize(keys,ArraySize(parts)-1);
   for(int i=1; i<ArraySize(parts); i++)
      keys[i-1]=StringToInteger(parts[i]);
   map.Keep(keys);
   for(long i=1; i<=1000; i++)
     {
      bool wanted=false;
      for(int k=0; k<ArraySize(keys); k++)
         wanted=wanted || keys[k]==i;
      if(map.Has(i)!=wanted || (wanted && map.Get(i,0)!=i*i))
         wrong++;
     }
   return IntegerToString(wrong);
  }
void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string parts[];
   StringSplit(command,' ',parts);
   string said=parts[0]=="keep" ? Kept(parts) : Answer(parts[0],StringToInteger(parts[1]));
   int size=StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8);
   ArrayResize(out,size-1);
  }
