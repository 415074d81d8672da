//+------------------------------------------------------------------+
//| What the header of a message from the peer means: what is wrong  |
//| with it, and what is to be done about its number (SEQUENCE of    |
//| FixTables.mqh).                                                  |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXHEADER_MQH
#define PORTCULLIS_FIXHEADER_MQH

#include "FixCodec.mqh"

#define SENDING_TIME_WINDOW_MS 120000

ENUM_MESSAGE_KIND KindOf(const SFixMessage &message,const bool sound)
  {
   string type=message.msg_type;
   if(!sound)
      return KIND_OTHER;
   if(type=="4")
      return message.GetFlag(TAG_GapFillFlag) ? KIND_GAP_FILL : KIND_RESET;
   if(type=="A")
      return KIND_LOGON;
   if(type=="2")
      return KIND_RESEND_REQUEST;
   return type=="5" ? KIND_LOGOUT : KIND_OTHER;
  }
ENUM_VERDICT VerdictOf(const SFixMessage &message,const bool sound,const long next_in)
  {
   long number=message.GetWhole(TAG_MsgSeqNum);
   int order=number<next_in ? 0 : number==next_in ? 1 : 2;
   int dup=message.GetFlag(TAG_PossDupFlag) ? 1 : 0;
   return (ENUM_VERDICT)SEQUENCE[(int)KindOf(message,sound)*6+order*2+dup];
  }

//--- what is wrong with a message's header: "" is nothing. ends: the session ends with it. The
//--- fault of a message that is not sound comes in from the codec
string HeaderFaultOf(const SFixMessage &message,const bool sound,const string sender,
                     const string target,const long now_ns,SFixFault &fault,bool &ends)
  {
   bool from_peer=message.Get(TAG_SenderCompID)==sender;
   bool ours=from_peer && message.Get(TAG_TargetCompID)==target;
   string number=message.Get(TAG_MsgSeqNum);
   ends=true;
   if(!sound && (!ours || !IsFixWhole(number) || StringGetCharacter(number,0)=='-'))
     {
      fault.reason=FIX_SESSION_REJECT_REASON_OTHER;
      fault.tag=0;
      return "cannot tell whose message this is: "+fault.text;
     }
   if(!sound)
     {
      ends=false;
      return fault.text;
     }
   if(!ours)
     {
      fault.reason=FIX_SESSION_REJECT_REASON_COMP_ID_PROBLEM;
      fault.tag=from_peer ? TAG_TargetCompID : TAG_SenderCompID;
      return "received tag "+IntegerToString(fault.tag)+"="+message.Get(fault.tag)+
             ", expected another";
     }
   fault.reason=FIX_SESSION_REJECT_REASON_SENDING_TIME_ACCURACY_PROBLEM;
   fault.tag=TAG_SendingTime;
   long sent_ns=message.GetTime(TAG_SendingTime);
   long off=now_ns>sent_ns ? now_ns-sent_ns : sent_ns-now_ns;
   if(off>(long)SENDING_TIME_WINDOW_MS*NS_PER_MS)
      return "SendingTime(52) "+message.Get(TAG_SendingTime)+" is too far from "+
             FormatUtc(now_ns)+": set the computer's clock";
   if(!message.GetFlag(TAG_PossDupFlag))
      return "";
   fault.tag=TAG_OrigSendingTime;
   if(message.GetTime(TAG_OrigSendingTime)>sent_ns)
      return "OrigSendingTime(122) is later than SendingTime(52)";
   if(message.Has(TAG_OrigSendingTime))
      return "";
   ends=false;
   fault.reason=FIX_SESSION_REJECT_REASON_REQUIRED_TAG_MISSING;
   return "OrigSendingTime(122) is missing although 43=Y";
  }

#endif
