//+------------------------------------------------------------------+
//| Bytes to message and back: tag=value with exact BodyLength and   |
//| CheckSum (FIX 4.4 vol. 1), as protocol/codec.py does it.         |
//|                                                                  |
//| A frame whose beginning, length, checksum or encoding is wrong   |
//| is garbled: ignored, and the gap shows. One that is sound but    |
//| breaks a rule is invalid: it takes its number and a Reject.      |
//| A zero byte inside a text becomes the character 0x1A, since a    |
//| string of MQL5 ends at a zero; it is legal in free text only.    |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXCODEC_MQH
#define PORTCULLIS_FIXCODEC_MQH

#include "FixFields.mqh"

#define FRAME_MAX 65536
#define FRAME_SOH 1
#define ZERO_STANDS_FOR 0x1A

enum ENUM_FRAME
  {
   FRAME_SOUND,
   FRAME_GARBLED,
   FRAME_INVALID
  };

//--- is this UTF-8, no overlong forms, no surrogates
bool IsUtf8(const uchar &bytes[],const int from,const int to)
  {
   int at=from;
   while(at<to)
     {
      uint lead=bytes[at];
      int more=lead<0x80 ? 0 : lead>=0xC2 && lead<0xE0 ? 1 : lead>=0xE0 && lead<0xF0 ? 2 :
               lead>=0xF0 && lead<0xF5 ? 3 : -1;
      if(more<0 || at+more>=to)
         return false;
      for(int i=1; i<=more; i++)
         if((bytes[at+i]&0xC0)!=0x80)
            return false;
      if(more>=2)
        {
         uint second=bytes[at+1];
         if((lead==0xE0 && second<0xA0) || (lead==0xED && second>0x9F) ||
            (lead==0xF0 && second<0x90) || (lead==0xF4 && second>0x8F))
            return false;
        }
      at+=more+1;
     }
   return true;
  }

class CFixCodec
  {
private:
   CFixFields        m_fields;

public:
   SFixFault         fault;            // of the last frame or message that was not sound
   string            garbled_text;

   //--- read one frame. An invalid message has the fields that could be read
   ENUM_FRAME        Decode(const uchar &frame[],const int size,SFixMessage &message)
     {
      int from=0;
      message.Begin("");
      if(!Unwrap(frame,size,from))
         return FRAME_GARBLED;
      uchar body[];
      ArrayCopy(body,frame,0,from,size-7-from);
      for(int i=0; i<ArraySize(body); i++)
         if(body[i]==0)
            body[i]=ZERO_STANDS_FOR;
      string text=CharArrayToString(body,0,ArraySize(body),CP_UTF8);
      bool whole=Split(text,message);
      if(!m_fields.Knows(message.msg_type))
        {
         fault.reason=FIX_SESSION_REJECT_REASON_INVALID_MSG_TYPE;
         fault.tag=TAG_MsgType;
         fault.text="received MsgType(35)="+StringSubstr(message.msg_type,0,8)+
                    ", which is not spoken here";
         return FRAME_INVALID;
        }
      if(!whole)
         return FRAME_INVALID;
      return m_fields.Judge(message,true,fault) ? FRAME_SOUND : FRAME_INVALID;
     }

   //--- write a message; poss_dup is the OrigSendingTime of one that is said again, or "".
   //--- false: it cannot be said, and fault says why
   bool              Encode(SFixMessage &message,const string sender,const string target,
                            const long number,const string sending_time,const string poss_dup,
                            uchar &frame[])
     {
      ArrayResize(frame,0);
      if(!m_fields.Judge(message,false,fault))
         return false;
      string soh=ShortToString(FRAME_SOH);
      string text="35="+message.msg_type+soh+"49="+sender+soh+"56="+target+soh+
                  "34="+IntegerToString(number)+soh+"52="+sending_time+soh;
      if(poss_dup!="")
         text+="43=Y"+soh+"122="+poss_dup+soh;
      for(int i=0; i<message.Size(); i++)
        {
         if(StringFind(message.values[i],soh)>=0)
            return Unsayable(message.tags[i],"a value with SOH in it");
         text+=IntegerToString(message.tags[i])+"="+message.values[i]+soh;
        }
      return Wrap(text,frame);
     }

private:
   bool              Unsayable(const int tag,const string text)
     {
      fault.reason=FIX_SESSION_REJECT_REASON_VALUE_IS_INCORRECT;
      fault.tag=tag;
      fault.text=text;
      return false;
     }
   bool              Garbled(const string text)
     {
      garbled_text=text;
      return false;
     }

   bool              Wrap(const string text,uchar &frame[])
     {
      uchar body[];
      int size=StringToCharArray(text,body,0,WHOLE_ARRAY,CP_UTF8)-1;
      string soh=ShortToString(FRAME_SOH);
      string head="8=FIX.4.4"+soh+"9="+IntegerToString(size)+soh;
      int head_size=StringToCharArray(head,frame,0,WHOLE_ARRAY,CP_UTF8)-1;
      if(head_size+size+7>FRAME_MAX)
         return Unsayable(0,"a message of "+IntegerToString(head_size+size)+
                          " bytes does not fit a frame of "+IntegerToString(FRAME_MAX));
      ArrayResize(frame,head_size+size+7);
      ArrayCopy(frame,body,head_size,0,size);
      int end=head_size+size;
      string trailer=StringFormat("10=%03d",Checksum(frame,end))+soh;
      uchar tail[];
      StringToCharArray(trailer,tail,0,WHOLE_ARRAY,CP_UTF8);
      ArrayCopy(frame,tail,end,0,7);
      return true;
     }
   int               Checksum(const uchar &frame[],const int size) const
     {
      uint sum=0;
      for(int i=0; i<size; i++)
         sum+=frame[i];
      return (int)(sum%256);
     }

   //--- check the envelope; from becomes where 35= begins
   bool              Unwrap(const uchar &frame[],const int size,int &from)
     {
      if(size>FRAME_MAX)
         return Garbled("received a frame of "+IntegerToString(size)+" bytes, expected at most "+
                        IntegerToString(FRAME_MAX));
      if(!Stands(frame,size,0,"8=FIX.4.4"+ShortToString(FRAME_SOH)+"9="))
         return Garbled("received a frame that does not begin with 8=FIX.4.4|9=");
      int at=12;
      long length=0;
      for(; at<size && frame[at]>='0' && frame[at]<='9' && at<19; at++)
         length=length*10+(frame[at]-'0');
      int digits=at-12;
      int trailer=size-7;
      if(at>=size || frame[at]!=FRAME_SOH || digits<1 || digits>6 || length!=trailer-at-1)
         return Garbled("BodyLength(9) is "+IntegerToString(length)+", expected "+
                        IntegerToString(trailer-at-1));
      from=at+1;
      bool ends=Stands(frame,size,trailer,"10=") && frame[size-1]==FRAME_SOH;
      int said=0;
      for(int i=trailer+3; i<size-1; i++)
        {
         ends=ends && frame[i]>='0' && frame[i]<='9';
         said=said*10+(frame[i]-'0');
        }
      if(!ends)
         return Garbled("received another end than 10=nnn");
      int expected=Checksum(frame,trailer);
      if(said!=expected)
         return Garbled("CheckSum(10) is "+IntegerToString(said)+", expected "+
                        IntegerToString(expected));
      if(!Stands(frame,size,from,"35=") || frame[trailer-1]!=FRAME_SOH)
         return Garbled("received a frame without MsgType(35) as third field");
      if(!IsUtf8(frame,from,trailer))
         return Garbled("received bytes that are not UTF-8");
      return true;
     }
   bool              Stands(const uchar &frame[],const int size,const int at,
                            const string text) const
     {
      if(at<0 || at+StringLen(text)>size)
         return false;
      for(int i=0; i<StringLen(text); i++)
         if(frame[at+i]!=StringGetCharacter(text,i))
            return false;
      return true;
     }

   //--- cut the text into fields; false when a piece is no tag=value
   bool              Split(const string text,SFixMessage &message)
     {
      string parts[];
      bool whole=true;
      int size=StringLen(text)-1;
      //--- without the SOH at the end, and without more of them there: an empty field is none
      while(size>0 && StringGetCharacter(text,size-1)==FRAME_SOH)
        {
         size--;
         whole=false;
        }
      if(!whole)
         Unsplit("");
      StringSplit(StringSubstr(text,0,size),FRAME_SOH,parts);
      for(int i=0; i<ArraySize(parts); i++)
        {
         int sign=StringFind(parts[i],"=");
         string tag=sign<0 ? parts[i] : StringSubstr(parts[i],0,sign);
         string value=sign<0 ? "" : StringSubstr(parts[i],sign+1);
         if(i==0)
           {
            message.msg_type=value;
            continue;
           }
         if(whole && (sign<0 || !IsFixWhole(tag)))
            whole=Unsplit(parts[i]);
         if(sign>=0 && IsFixWhole(tag) && IsPlainTag(tag))
            message.Add((int)StringToInteger(tag),value);
         else
            if(whole)
               whole=Unsplit(parts[i]);
        }
      return whole;
     }
   bool              Unsplit(const string part)
     {
      fault.reason=FIX_SESSION_REJECT_REASON_INVALID_TAG_NUMBER;
      fault.tag=0;
      fault.text="received '"+StringSubstr(part,0,40)+"', expected tag=value";
      return false;
     }
   //--- 1 to 5 digits without a zero in front: 049 is not 49
   bool              IsPlainTag(const string tag) const
     {
      return StringLen(tag)<=5 && AreDigits(tag,0,StringLen(tag)) &&
             (StringLen(tag)==1 || StringGetCharacter(tag,0)!='0');
     }
  };

#endif
