//| A program that shows how the runtime behaves: each command is one fact of test_runtime.py.
#property strict
input group "Words"
input string Greeting = "hello"; // what is said
input int Times = 2;
input bool Loud = false;

class CCounter
  {
   int m_count;
public:
   CCounter(void) { m_count=0; }
   void Add(const int more) { m_count+=more; }
   int Count(void) const { return m_count; }
  };

struct SPair
  {
   string name;
   long values[];
  };

CCounter g_counter;
CCounter *g_counter_ptr=NULL;

void Fill(uchar &bytes[],const int size)
  {
   ArrayResize(bytes,size);
   for(int i=0;i<size;i++)
      bytes[i]=(uchar)i;
  }

string Answer(const string command,const uchar &in[])
  {
   uchar grown[];
   uchar four[4];
   if(command=="greet")
     {
      string out="";
      for(int i=0;i<Times;i++)
         out+=Greeting+(Loud ? "!" : ".");
      return out;
     }
   if(command=="count")
     {
      g_counter.Add(1);
      g_counter_ptr=GetPointer(g_counter);
      g_counter_ptr.Add(1);
      return IntegerToString(g_counter_ptr.Count());
     }
   if(command=="beyond")
     {
      Fill(grown,3);
      return IntegerToString(grown[ArraySize(in)]);
     }
   if(command=="rubbish")
     {
      ArrayResize(grown,1);
      return IntegerToString(grown[0]);
     }
   if(command=="fixed")
     {
      four[3]=7;
      ArrayResize(four,5);
      return "?";
     }
   if(command=="copy")
     {
      SPair a,b;
      a.name="a";
      ArrayResize(a.values,1);
      a.values[0]=1;
      b=a;
      b.values[0]=2;
      b.name+="b";
      return a.name+b.name+IntegerToString(a.values[0])+IntegerToString(b.values[0]);
     }
   if(command=="units")
     {
      string text=CharArrayToString(in,0,ArraySize(in),CP_UTF8);
      return IntegerToString(StringLen(text))+" "+StringSubstr(text,0,1);
     }
   if(command=="format")
      return StringFormat("%05d|%.2f|%I64u|%s|%%",-42,1.005,(ulong)0-1,"x");
   if(command=="sha256")
     {
      uchar key[];
      CryptEncode(CRYPT_HASH_SHA256,in,key,grown);
      string hex="";
      for(int i=0;i<ArraySize(grown);i++)
         hex+=StringFormat("%02x",grown[i]);
      return hex;
     }
   if(command=="login")
      return IntegerToString(AccountInfoInteger(ACCOUNT_LOGIN))+" "+IntegerToString(GetLastError());
   if(command=="send")
     {
      MqlTradeRequest request={};
      MqlTradeResult result={};
      request.action=TRADE_ACTION_PENDING;
      request.magic=9007199254740993;
      request.symbol=_Symbol;
      request.volume=0.07;
      bool sent=OrderSend(request,result);
      return (sent ? "sent " : "not sent ")+IntegerToString(result.retcode)+" "+result.comment;
     }
   if(command=="database")
     {
      int database=DatabaseOpen("facts.sqlite",DATABASE_OPEN_READWRITE|DATABASE_OPEN_CREATE);
      DatabaseExecute(database,"CREATE TABLE IF NOT EXISTS ids(id INTEGER, name TEXT)");
      int insert=DatabasePrepare(database,"INSERT INTO ids VALUES(?1,?2)",9007199254740993,"n");
      bool more=DatabaseRead(insert);
      int error=GetLastError();
      DatabaseFinalize(insert);
      int query=DatabasePrepare(database,"SELECT id,count(*) FROM ids GROUP BY id");
      long id=0,rows=0;
      DatabaseRead(query);
      DatabaseColumnLong(query,0,id);
      DatabaseColumnLong(query,1,rows);
      DatabaseClose(database);
      return IntegerToString(id)+" "+IntegerToString(rows)+" "+(string)more+" "+
             IntegerToString(error);
     }
   return "unknown command";
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string said=Answer(command,in);
   int size=StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8);
   ArrayResize(out,size-1);
  }

int OnInit(void)
  {
   EventSetMillisecondTimer(1);
   return INIT_SUCCEEDED;
  }

void OnTimer(void)
  {
   Print("timer at ",TimeToString(TimeGMT(),TIME_DATE|TIME_SECONDS));
   EventChartCustom(0,7,1,2.5,"self");
  }

void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   Print("chart ",id," ",lparam," ",dparam," ",sparam);
  }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   Print("transaction ",trans.order," ",trans.symbol," ",trans.volume," ",result.request_id);
  }
