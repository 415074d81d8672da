//| The session by command; every call tells what it has brought (tests/mt5_ea/test_session.py).
#include <Portcullis/FixSession.mqh>

CFixSession g_session;
SFixMessage g_message;

//--- numbers, what the session delivered and says, one part a line
void Tell(uchar &out[])
  {
   string text="state "+IntegerToString((int)g_session.State())+"\nnext "+
               IntegerToString(g_session.next_in)+" "+IntegerToString(g_session.next_out)+
               "\ndeadline "+IntegerToString(g_session.NextDeadline())+"\n";
   if(g_session.delivers)
      text+="deliver "+g_session.delivered.msg_type+" "+
            g_session.delivered.Get(TAG_MsgSeqNum)+"\n";
   if(g_session.resend)
      text+="resend\n";
   if(g_session.disconnect!="")
      text+="disconnect "+g_session.disconnect+"\n";
   if(g_session.rejected!="")
      text+="rejected "+g_session.rejected+"\n";
   for(int i=0; i<ArraySize(g_session.replies); i++)
      text+="say "+CharArrayToString(g_session.replies[i].bytes,0,
                                     ArraySize(g_session.replies[i].bytes),CP_UTF8)+"\n";
   ArrayResize(out,StringToCharArray(text,out,0,WHOLE_ARRAY,CP_UTF8)-1);
   g_session.Forget();
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string words[];
   StringSplit(command,' ',words);
   long now_ns=ArraySize(words)>1 ? StringToInteger(words[1]) : 0;
   string text=CharArrayToString(in,0,ArraySize(in),CP_UTF8);
   if(words[0]=="begin")
      g_session.Begin("MT5","GATEWAY",(int)now_ns);
   if(words[0]=="logon")
      g_session.Logon(now_ns,text,ArraySize(words)>2 ? words[2] : "");
   if(words[0]=="logout")
      g_session.Logout(text,now_ns);
   if(words[0]=="receive")
      g_session.Receive(in,now_ns);
   if(words[0]=="tick")
      g_session.Tick(now_ns);
   if(words[0]=="down")
      g_session.LinkDown();
   if(words[0]=="say")
     {
      g_message.Begin("h");
      g_message.Add(TAG_TradingSessionID,"MT5");
      g_message.Add(TAG_TradSesStatus,"2");
      g_message.AddText(TAG_Text,text);
      g_session.Say(g_message,now_ns);
     }
   if(words[0]=="hmac")
     {
      ArrayResize(out,StringToCharArray(HmacSha256(words[1],text),out,0,WHOLE_ARRAY,CP_UTF8)-1);
      return;
     }
   Tell(out);
  }
