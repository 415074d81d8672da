//+------------------------------------------------------------------+
//| One message as a list of fields in the order of the wire.        |
//|                                                                  |
//| A field of a repeating group carries the group's tag and the     |
//| number of its entry, which CFixTables::Place finds out. Fields   |
//| of the header that the session writes (49, 56, 34, 52, 43, 122)  |
//| are there in a message that was received only.                   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXMESSAGE_MQH
#define PORTCULLIS_FIXMESSAGE_MQH

#include "Decimal.mqh"
#include "FixTables.mqh"
#include "UtcTime.mqh"

struct SFixMessage
  {
   string            msg_type;
   int               tags[];
   string            values[];
   //--- the tag of the group that a field stands in, or 0; and the number of its entry
   int               groups[];
   int               entries[];

                     SFixMessage(void) { Begin(""); }
   void              Begin(const string type)
     {
      msg_type=type;
      ArrayResize(tags,0,64);
      ArrayResize(values,0,64);
      ArrayResize(groups,0,64);
      ArrayResize(entries,0,64);
     }
   int               Size(void) const { return ArraySize(tags); }

   //--- write

   void              Add(const int tag,const string value)
     {
      int at=ArraySize(tags);
      ArrayResize(tags,at+1,64);
      ArrayResize(values,at+1,64);
      ArrayResize(groups,at+1,64);
      ArrayResize(entries,at+1,64);
      tags[at]=tag;
      values[at]=value;
      groups[at]=0;
      entries[at]=0;
     }
   //--- the following leave out what is not there
   void              AddText(const int tag,const string value)
     {
      if(value!="")
         Add(tag,value);
     }
   void              AddDecimal(const int tag,const SDecimal &value)
     {
      if(value.is_set)
         Add(tag,value.Text());
     }
   void              AddFlag(const int tag,const bool value)
     {
      if(value)
         Add(tag,"Y");
     }
   void              AddTime(const int tag,const long ns)
     {
      if(ns>0)
         Add(tag,FormatUtc(ns));
     }
   void              AddWhole(const int tag,const long value) { Add(tag,IntegerToString(value)); }

   //--- read

   int               Find(const int tag) const
     {
      for(int i=0; i<ArraySize(tags); i++)
         if(tags[i]==tag && groups[i]==0)
            return i;
      return -1;
     }
   bool              Has(const int tag) const { return Find(tag)>=0; }
   //--- the field's text, or "" when it is absent
   string            Get(const int tag) const
     {
      int at=Find(tag);
      return at<0 ? "" : values[at];
     }
   string            GetIn(const int group_tag,const int entry,const int tag) const
     {
      for(int i=0; i<ArraySize(tags); i++)
         if(tags[i]==tag && groups[i]==group_tag && entries[i]==entry)
            return values[i];
      return "";
     }
   bool              GetFlag(const int tag) const { return Get(tag)=="Y"; }
   long              GetWhole(const int tag) const { return StringToInteger(Get(tag)); }
   //--- not set when the field is absent
   void              GetDecimal(const int tag,SDecimal &value) const
     {
      value.Clear();
      int at=Find(tag);
      if(at>=0)
         value.Parse(values[at]);
     }
   //--- 0 when the field is absent
   long              GetTime(const int tag) const
     {
      long ns=0;
      if(!ParseUtc(Get(tag),ns))
         return 0;
      return ns;
     }
  };

#endif
