//| The tables of the trading side, row by row, for test_tables.py. Arguments are parted by blanks.
#property strict
#include <Portcullis/OrderKinds.mqh>
#include <Portcullis/Retcodes.mqh>
#include <Portcullis/WireId.mqh>
#include <Portcullis/LongMap.mqh>

CRetcodes g_retcodes;

int Number(const string text) { return (int)StringToInteger(text); }

string Retcode(const uint code)
  {
   return IntegerToString(g_retcodes.Proof(code))+" "+g_retcodes.RejectReason(code)+" "+
          g_retcodes.CancelReason(code)+" "+g_retcodes.Name(code);
  }
string Mapped(const int count)
  {
   CLongMap map;
   long sum=0;
   for(int i=1; i<=count; i++)
      map.Set((long)i*4294967296+7,i);
   for(int i=1; i<=count; i++)
      sum+=map.Get((long)i*4294967296+7,0);
   return IntegerToString(sum)+" "+IntegerToString(map.Get(5,-1));
  }
string Answer(const string command,const string &a[])
  {
   int flag=0,kind=0;
   if(command=="retcode")
      return Retcode((uint)Number(a[0]));
   if(command=="filling")
      return IntegerToString(FillingOf(Number(a[0]),Number(a[1]),a[2],a[3],a[4]=="1"));
   if(command=="type")
     {
      kind=OrderTypeOf(a[0],a[1]);
      return kind==NO_KIND ? "-1" : IntegerToString(kind)+" "+FixTypeOf(kind)+" "+FixSideOf(kind);
     }
   if(command=="time")
     {
      kind=TimeTypeOf(a[0],flag);
      return IntegerToString(kind)+" "+IntegerToString(flag);
     }
   if(command=="end")
      return FixEndOf(Number(a[0]));
   if(command=="origin")
      return OriginOf(Number(a[0]));
   if(command=="ledger")
      return LedgerKindOf(Number(a[0]));
   if(command=="number")
      return IntegerToString(WireNumber(a[0]));
   if(command=="text")
      return WireText(StringToInteger(a[0]));
   if(command=="ours")
      return IsWireMagic(StringToInteger(a[0])) ? "1" : "0";
   return Mapped(Number(a[0]));
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string parts[];
   string text=CharArrayToString(in,0,ArraySize(in),CP_UTF8);
   if(StringSplit(text+" .",' ',parts)==0)
      return;
   string said=Answer(command,parts);
   int size=StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8);
   ArrayResize(out,size-1);
  }

int OnInit(void) { return INIT_SUCCEEDED; }
