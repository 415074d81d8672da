//+------------------------------------------------------------------+
//| Which fields a message may have, and what their values may be.   |
//|                                                                  |
//| Judges a list of fields, of a message that was received and of   |
//| one that is about to be said alike: we say nothing that the      |
//| gateway would refuse. Nothing is ignored: a field that is        |
//| unknown, repeated, empty or malformed makes a message invalid.   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXFIELDS_MQH
#define PORTCULLIS_FIXFIELDS_MQH

#include "FixMessage.mqh"

#define NAME_MAX 64
#define WHOLE_MAX 999999999999999999

//--- why a message is refused: SessionRejectReason (373), the tag (371), a sentence
struct SFixFault
  {
   string            reason;
   int               tag;
   string            text;
  };

//--- 1 to 64 printable ASCII characters, no blank, no =
bool IsFixName(const string text)
  {
   int size=StringLen(text);
   if(size<1 || size>NAME_MAX)
      return false;
   for(int i=0; i<size; i++)
     {
      ushort unit=StringGetCharacter(text,i);
      if(unit<'!' || unit>'~' || unit=='=')
         return false;
     }
   return true;
  }
//--- -?\d+, at most 18 digits
bool IsFixWhole(const string text)
  {
   int from=StringLen(text)>0 && StringGetCharacter(text,0)=='-' ? 1 : 0;
   int digits=StringLen(text)-from;
   return digits>0 && digits<=FIX_DIGITS && AreDigits(text,from,digits);
  }
//--- characters, not UTF-16 units
int CountCharacters(const string text)
  {
   int count=0;
   for(int i=0; i<StringLen(text); i++)
     {
      ushort unit=StringGetCharacter(text,i);
      if(unit<0xDC00 || unit>0xDFFF)
         count++;
     }
   return count;
  }

class CFixFields : public CFieldTables
  {
private:
   //--- one owner is a message type ("8"), a group ("W/268"), or the header ("")
   string            m_owners[];
   int               m_starts[];
   int               m_ends[];
   //--- one field
   int               m_tags[];
   ENUM_FIELD_KIND   m_kinds[];
   bool              m_required[];
   string            m_more[];

public:
                     CFixFields(void) { AddAllFields(GetPointer(this)); }

   //--- fields as FixTables.mqh writes them: tag, letter of the kind, ! if required, :limits
   virtual void      Add(const string owner,const string fields) override
     {
      string words[];
      int count=StringSplit(fields,' ',words);
      int last=ArraySize(m_owners)-1;
      int at=ArraySize(m_tags);
      if(last<0 || m_owners[last]!=owner)
        {
         last++;
         ArrayResize(m_owners,last+1,128);
         ArrayResize(m_starts,last+1,128);
         ArrayResize(m_ends,last+1,128);
         m_owners[last]=owner;
         m_starts[last]=at;
        }
      m_ends[last]=at+count;
      ArrayResize(m_tags,at+count,1024);
      ArrayResize(m_kinds,at+count,1024);
      ArrayResize(m_required,at+count,1024);
      ArrayResize(m_more,at+count,1024);
      for(int i=0; i<count; i++)
        {
         int digits=0;
         while(AreDigits(words[i],digits,1))
            digits++;
         int colon=StringFind(words[i],":");
         m_tags[at+i]=(int)StringToInteger(StringSubstr(words[i],0,digits));
         m_kinds[at+i]=(ENUM_FIELD_KIND)StringGetCharacter(words[i],digits);
         m_required[at+i]=StringGetCharacter(words[i],digits+1)=='!';
         m_more[at+i]=colon<0 ? "" : StringSubstr(words[i],colon+1);
        }
     }
   bool              Knows(const string msg_type) const
     {
      return msg_type!="" && OwnerAt(msg_type)>=0;
     }

   //--- find the groups' entries and judge every field; false: fault says what is wrong
   bool              Judge(SFixMessage &message,const bool has_header,SFixFault &fault)
     {
      int owner=OwnerAt(message.msg_type);
      if(owner<0)
         return Refuse(fault,FIX_SESSION_REJECT_REASON_INVALID_MSG_TYPE,TAG_MsgType,
                       "received MsgType(35)="+message.msg_type+", which is not spoken here");
      int at=0;
      while(at<message.Size())
        {
         int tag=message.tags[at];
         int spec=SpecAt(owner,tag);
         if(spec<0)
            spec=SpecAt(0,tag);
         if(IsRepeated(message,at))
            return Refuse(fault,FIX_SESSION_REJECT_REASON_TAG_APPEARS_MORE_THAN_ONCE,tag,
                          Named(tag)+" appears more than once");
         if(message.values[at]=="")
            return Refuse(fault,FIX_SESSION_REJECT_REASON_TAG_SPECIFIED_WITHOUT_A_VALUE,tag,
                          Named(tag)+" has no value");
         if(spec<0)
            return Refuse(fault,tag>0 ?
                          FIX_SESSION_REJECT_REASON_TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE :
                          FIX_SESSION_REJECT_REASON_INVALID_TAG_NUMBER,tag,
                          Named(tag)+" is not taken in "+message.msg_type);
         if(m_kinds[spec]==FIELD_GROUP)
           {
            int next=at+1;
            if(!JudgeEntries(message,message.msg_type,tag,tag,next,m_required[spec],fault))
               return false;
            at=next;
            continue;
           }
         if(!JudgeValue(spec,tag,tag,message.values[at],fault))
            return false;
         at++;
        }
      if(has_header && !HasRequired(message,0,0,0,fault))
         return false;
      return HasRequired(message,owner,0,0,fault);
     }

private:
   int               OwnerAt(const string owner) const
     {
      for(int i=0; i<ArraySize(m_owners); i++)
         if(m_owners[i]==owner)
            return i;
      return -1;
     }
   int               SpecAt(const int owner,const int tag) const
     {
      for(int i=m_starts[owner]; i<m_ends[owner]; i++)
         if(m_tags[i]==tag)
            return i;
      return -1;
     }
   bool              Refuse(SFixFault &fault,const string reason,const int tag,
                            const string text) const
     {
      fault.reason=reason;
      fault.tag=tag;
      fault.text=text;
      return false;
     }
   string            Named(const int tag) const { return "tag "+IntegerToString(tag); }

   //--- does the field stand in the same entry, or beside every entry, already
   bool              IsRepeated(const SFixMessage &message,const int at) const
     {
      for(int i=at-1; i>=0; i--)
         if(message.tags[i]==message.tags[at] && message.groups[i]==message.groups[at] &&
            message.entries[i]==message.entries[at])
            return true;
      return false;
     }

   //--- the entries of a group whose count stands before `at`; at becomes what follows them
   bool              JudgeEntries(SFixMessage &message,const string owner_name,const int group_tag,
                                  const int shown,int &at,const bool required,SFixFault &fault)
     {
      string name=owner_name+"/"+IntegerToString(group_tag);
      int owner=OwnerAt(name);
      int first=m_tags[m_starts[owner]];
      int count_at=at-1;
      int entry=0;
      while(at<message.Size())
        {
         int tag=message.tags[at];
         int spec=SpecAt(owner,tag);
         if(spec<0)
            break;
         if(tag==first)
            entry++;
         else
            if(entry==0)
               return Refuse(fault,
                             FIX_SESSION_REJECT_REASON_REPEATING_GROUP_FIELDS_OUT_OF_ORDER,tag,
                             Named(tag)+" before the group's first "+IntegerToString(first));
         message.groups[at]=group_tag;
         message.entries[at]=entry;
         if(IsRepeated(message,at))
            return Refuse(fault,FIX_SESSION_REJECT_REASON_TAG_APPEARS_MORE_THAN_ONCE,tag,
                          Named(tag)+" appears more than once in an entry");
         if(!JudgeValue(spec,tag,shown,message.values[at],fault))
            return false;
         at++;
        }
      string count=message.values[count_at];
      if(!IsFixWhole(count) || StringToInteger(count)!=entry || (required && entry==0))
         return Refuse(fault,FIX_SESSION_REJECT_REASON_INCORRECT_NUM_IN_GROUP_COUNT,group_tag,
                       Named(group_tag)+" is "+count+", but "+IntegerToString(entry)+
                       " entries follow");
      for(int i=1; i<=entry; i++)
         if(!HasRequired(message,owner,group_tag,i,fault))
            return false;
      return true;
     }

   bool              HasRequired(const SFixMessage &message,const int owner,const int group_tag,
                                 const int entry,SFixFault &fault) const
     {
      for(int i=m_starts[owner]; i<m_ends[owner]; i++)
        {
         if(!m_required[i])
            continue;
         bool found=false;
         for(int k=0; k<message.Size() && !found; k++)
            found=message.tags[k]==m_tags[i] && message.groups[k]==group_tag &&
                  message.entries[k]==entry;
         if(!found)
            return Refuse(fault,FIX_SESSION_REJECT_REASON_REQUIRED_TAG_MISSING,m_tags[i],
                          Named(m_tags[i])+" is missing");
        }
      return true;
     }

   bool              JudgeValue(const int spec,const int tag,const int shown,const string value,
                                SFixFault &fault) const
     {
      bool fits=true;
      bool is_listed=true;
      long ns=0;
      switch(m_kinds[spec])
        {
         case FIELD_NAME:
            fits=IsFixName(value);
            break;
         case FIELD_DECIMAL:
            fits=IsDecimalText(value);
            break;
         case FIELD_FLAG:
            fits=value=="Y" || value=="N";
            break;
         case FIELD_TIME:
            fits=ParseUtc(value,ns);
            break;
         case FIELD_WHOLE:
            fits=IsFixWhole(value);
            is_listed=fits && IsWithin(value,m_more[spec]);
            break;
         case FIELD_WHOLE_VALUE:
            fits=IsFixWhole(value);
            is_listed=fits && IsListed(IntegerToString(StringToInteger(value)),m_more[spec]);
            break;
         case FIELD_VALUE:
            is_listed=IsListed(value,m_more[spec]);
            break;
         case FIELD_DATE:
            is_listed=StringLen(value)==8 && AreDigits(value,0,8);
            break;
         default:
            is_listed=value!="" && (m_more[spec]=="" ||
                                    CountCharacters(value)<=StringToInteger(m_more[spec]));
        }
      if(value=="")
         return Refuse(fault,FIX_SESSION_REJECT_REASON_TAG_SPECIFIED_WITHOUT_A_VALUE,tag,
                       Named(tag)+" has no value");
      if(!fits)
         return Refuse(fault,FIX_SESSION_REJECT_REASON_INCORRECT_DATA_FORMAT,tag,
                       Named(tag)+": received "+StringSubstr(value,0,40));
      if(!is_listed)
         return Refuse(fault,FIX_SESSION_REJECT_REASON_VALUE_IS_INCORRECT,shown,
                       Named(tag)+": received "+StringSubstr(value,0,40));
      return true;
     }
   bool              IsWithin(const string value,const string limits) const
     {
      int comma=StringFind(limits,",");
      long number=StringToInteger(value);
      return number>=StringToInteger(StringSubstr(limits,0,comma)) &&
             number<=StringToInteger(StringSubstr(limits,comma+1));
     }
   bool              IsListed(const string value,const string list) const
     {
      return StringFind(value,",")<0 && StringFind(","+list+",",","+value+",")>=0;
     }
  };

#endif
