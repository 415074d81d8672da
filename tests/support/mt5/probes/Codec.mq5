//| The codec by command: what a frame says, or a frame from fields (tests/mt5_ea/test_codec.py).
#include <Portcullis/FixCodec.mqh>

CFixCodec g_codec;
SFixMessage g_message;

void Say(const string text,uchar &out[])
  {
   ArrayResize(out,StringToCharArray(text,out,0,WHOLE_ARRAY,CP_UTF8)-1);
  }

string Fields(void)
  {
   string text="";
   for(int i=0; i<g_message.Size(); i++)
      text+=IntegerToString(g_message.groups[i])+"/"+IntegerToString(g_message.entries[i])+"/"+
            IntegerToString(g_message.tags[i])+"="+g_message.values[i]+ShortToString(FRAME_SOH);
   return text;
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   if(command=="decode")
     {
      ENUM_FRAME frame=g_codec.Decode(in,ArraySize(in),g_message);
      if(frame==FRAME_GARBLED)
         Say("garbled "+g_codec.garbled_text,out);
      if(frame==FRAME_INVALID)
         Say("invalid "+g_codec.fault.reason+" "+IntegerToString(g_codec.fault.tag)+" "+
             g_codec.fault.text,out);
      if(frame==FRAME_SOUND)
         Say("sound "+g_message.msg_type+ShortToString(FRAME_SOH)+Fields(),out);
      return;
     }
   //--- encode: type, sender, target, number, time, dup or -, then fields, SOH between
   string parts[];
   string text=CharArrayToString(in,0,ArraySize(in),CP_UTF8);
   StringSplit(text,FRAME_SOH,parts);
   g_message.Begin(parts[0]);
   for(int i=6; i<ArraySize(parts); i++)
     {
      int sign=StringFind(parts[i],"=");
      g_message.Add((int)StringToInteger(StringSubstr(parts[i],0,sign)),
                    StringSubstr(parts[i],sign+1));
     }
   if(!g_codec.Encode(g_message,parts[1],parts[2],StringToInteger(parts[3]),parts[4],
                      parts[5]=="-" ? "" : parts[5],out))
      Say("refused "+g_codec.fault.reason+" "+IntegerToString(g_codec.fault.tag)+" "+
          g_codec.fault.text,out);
  }
