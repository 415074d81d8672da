//| ZMTP by command, without a socket and with one (tests/mt5_ea/test_zmtp.py, test_link.py).
#include <Portcullis/ZmtpLink.mqh>

CZmtp g_zmtp;
CZmtpLink g_link;
long g_now_ns=0;

void Say(const string text,uchar &out[])
  {
   ArrayResize(out,StringToCharArray(text,out,0,WHOLE_ARRAY,CP_UTF8)-1);
  }
string TextOf(const uchar &in[])
  {
   return CharArrayToString(in,0,ArraySize(in),CP_UTF8);
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string words[];
   if(command=="begin")
      g_zmtp.Begin(TextOf(in));
   if(command=="take")
      Say(g_zmtp.Take(in,ArraySize(in)) ? "" : g_zmtp.problem,out);
   if(command=="message" && !g_zmtp.NextMessage(out))
      Say("none",out);
   if(command=="say")
      g_zmtp.Say(in,ArraySize(in),false);
   if(command=="out")
     {
      g_zmtp.out.Peek(0,g_zmtp.out.Size(),out);
      g_zmtp.out.Drop(ArraySize(out));
     }
   if(command=="ready")
      Say(g_zmtp.IsReady() ? "Y" : "N",out);
   if(command=="wanted")
      Say(g_zmtp.IsWanted(TextOf(in)) ? "Y" : "N",out);
   if(command=="dropped")
      Say(IntegerToString(g_zmtp.dropped),out);
   //--- with a socket
   if(command=="open")
     {
      StringSplit(TextOf(in),' ',words);
      SEndpoint endpoint;
      endpoint.host="127.0.0.1";
      endpoint.port=(uint)StringToInteger(words[1]);
      endpoint.tls_name="";
      endpoint.connect_ms=500;
      g_link.Begin(words[0],endpoint);
      Say(g_link.Open(g_now_ns) ? "" : g_link.problem,out);
     }
   if(command=="step")
     {
      g_now_ns+=NS_PER_MS;
      uint wait_ms=(uint)StringToInteger(TextOf(in));
      bool good=g_link.Read(g_now_ns,wait_ms) && g_link.Flush(g_now_ns);
      Say(good ? (g_link.IsReady() ? "ready" : "open") : "lost "+g_link.problem,out);
     }
   if(command=="later")
      g_now_ns+=StringToInteger(TextOf(in))*NS_PER_MS;
   if(command=="send")
      g_link.Say(in,ArraySize(in),false);
   if(command=="topic")
      g_link.Say(in,ArraySize(in),true);
   if(command=="receive" && !g_link.NextMessage(out))
      Say("none",out);
   if(command=="link wanted")
      Say(g_link.IsWanted(TextOf(in)) ? "Y" : "N",out);
   if(command=="close")
      g_link.Close();
  }
