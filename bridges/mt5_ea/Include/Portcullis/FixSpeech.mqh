//+------------------------------------------------------------------+
//| What our side of a FIX session says: each message with its       |
//| number and its bytes, in the order in which it is to be sent.    |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXSPEECH_MQH
#define PORTCULLIS_FIXSPEECH_MQH

#include "FixCodec.mqh"
#include "Hmac.mqh"

struct SFrame
  {
   uchar             bytes[];
  };

class CFixSpeech
  {
private:
   CFixCodec         m_codec;
   SFixMessage       m_saying;

protected:
   string            m_comp_id;
   string            m_peer_comp_id;
   long              m_last_out_ns;
   //--- so far UTC is ahead of our time
   long              m_ahead_ns;

public:
   long              next_out;
   //--- what is said now, in order; the caller takes it
   SFrame            replies[];
   //--- what was not sayable, or not readable: for the journal
   string            remark;

   //--- give a message its number and its bytes, in replies; false when it cannot be said
   bool              Say(SFixMessage &message,const long now_ns)
     {
      Clip(message);
      int at=ArraySize(replies);
      ArrayResize(replies,at+1,16);
      if(!m_codec.Encode(message,m_comp_id,m_peer_comp_id,next_out,FormatUtc(Utc(now_ns)),"",
                         replies[at].bytes))
        {
         ArrayResize(replies,at,16);
         remark="cannot say "+message.msg_type+": "+m_codec.fault.text;
         return false;
        }
      next_out++;
      m_last_out_ns=now_ns;
      return true;
     }

protected:
   void              BeginSpeech(const string comp_id,const string peer_comp_id,
                                 const long ahead_ns)
     {
      m_ahead_ns=ahead_ns;
      m_comp_id=comp_id;
      m_peer_comp_id=peer_comp_id;
      m_last_out_ns=0;
      next_out=1;
      ForgetSaid();
     }
   long              Utc(const long now_ns) const { return now_ns+m_ahead_ns; }
   void              ForgetSaid(void)
     {
      ArrayResize(replies,0,16);
      remark="";
     }
   //--- Logon with 141=Y. With a token the nonce must never repeat
   bool              SayLogon(const long heart_bt_int,const string token,const string nonce,
                              const long now_ns)
     {
      next_out=1;
      m_saying.Begin("A");
      m_saying.Add(TAG_EncryptMethod,"0");
      m_saying.AddWhole(TAG_HeartBtInt,heart_bt_int);
      if(token!="")
        {
         string text=FormatUtc(Utc(now_ns))+"|"+IntegerToString(next_out)+"|"+m_comp_id+"|"+
                     m_peer_comp_id+"|"+nonce;
         string password=HmacSha256(token,text);
         if(password=="")
           {
            remark="the terminal cannot compute SHA-256";
            return false;
           }
         m_saying.AddWhole(TAG_RawDataLength,StringLen(nonce));
         m_saying.Add(TAG_RawData,nonce);
         m_saying.Add(TAG_Password,password);
        }
      m_saying.Add(TAG_ResetSeqNumFlag,"Y");
      return Say(m_saying,now_ns);
     }
   bool              SayLogout(const string text,const long now_ns)
     {
      m_saying.Begin("5");
      m_saying.AddText(TAG_Text,text);
      return Say(m_saying,now_ns);
     }
   //--- test_id: the 112 of the TestRequest that is answered, or ""
   void              SayHeartbeat(const string test_id,const long now_ns)
     {
      m_saying.Begin("0");
      m_saying.AddText(TAG_TestReqID,test_id);
      Say(m_saying,now_ns);
     }
   void              SayTestRequest(const long now_ns)
     {
      m_saying.Begin("1");
      m_saying.Add(TAG_TestReqID,"TEST"+IntegerToString(next_out));
      Say(m_saying,now_ns);
     }
   void              SayResendRequest(const long from,const long now_ns)
     {
      m_saying.Begin("2");
      m_saying.AddWhole(TAG_BeginSeqNo,from);
      m_saying.Add(TAG_EndSeqNo,"0");
      Say(m_saying,now_ns);
     }
   void              SayReject(const long number,const string msg_type,const SFixFault &fault,
                               const long now_ns)
     {
      m_saying.Begin("3");
      m_saying.AddWhole(TAG_RefSeqNum,number);
      if(fault.tag!=0)
         m_saying.AddWhole(TAG_RefTagID,fault.tag);
      if(IsFixName(msg_type))
         m_saying.Add(TAG_RefMsgType,msg_type);
      m_saying.Add(TAG_SessionRejectReason,fault.reason);
      m_saying.AddText(TAG_Text,fault.text);
      Say(m_saying,now_ns);
     }

private:
   //--- cut Text (58) to what it may hold, so that no explanation can fail for its length
   void              Clip(SFixMessage &message) const
     {
      int at=message.Find(TAG_Text);
      if(at<0)
         return;
      string text=message.values[at];
      StringReplace(text,ShortToString(FRAME_SOH),"|");
      if(CountCharacters(text)>FIX_TEXT_MAX)
         text=StringSubstr(text,0,FIX_TEXT_MAX/2)+"...";
      message.values[at]=text;
     }
  };

#endif
