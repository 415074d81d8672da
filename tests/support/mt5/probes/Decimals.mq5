//| Exact decimals by command: the arguments are the input's words (tests/mt5_ea/test_decimal.py).
#include <Portcullis/Decimal.mqh>

string Shown(const bool fits,const SDecimal &number)
  {
   if(fits!=number.is_set)
      return "success and value disagree";
   return fits ? number.Text() : "none";
  }

string Answer(const string command,const string &words[])
  {
   SDecimal a,b;
   bool good=a.Parse(words[0]);
   if(command=="parse")
      return Shown(good,a);
   if(command=="double")
     {
      good=a.SetDouble(StringToDouble(words[0]),(int)StringToInteger(words[1]));
      return Shown(good,a);
     }
   if(command=="whole")
     {
      a.SetWhole(StringToInteger(words[0]));
      return a.Text();
     }
   b.Parse(words[1]);
   if(command=="compare")
      return IntegerToString(a.Compare(b));
   if(command=="multiple")
      return a.IsMultipleOf(b) ? "Y" : "N";
   if(command=="+")
      good=a.Add(b);
   if(command=="-")
      good=a.Subtract(b);
   if(command=="*")
      good=a.Multiply(b);
   if(command=="/")
      good=a.Divide(b);
   return Shown(good,a);
  }

//--- what stands between blanks, nothing included: StringSplit says none of an empty text
void Words(const string text,string &words[])
  {
   int from=0;
   while(from>=0)
     {
      int at=StringFind(text," ",from);
      int size=ArraySize(words);
      ArrayResize(words,size+1);
      words[size]=at<0 ? StringSubstr(text,from) : StringSubstr(text,from,at-from);
      from=at<0 ? -1 : at+1;
     }
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string words[];
   Words(CharArrayToString(in,0,ArraySize(in),CP_UTF8),words);
   string said=Answer(command,words);
   ArrayResize(out,StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8)-1);
  }
