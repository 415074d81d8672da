//+------------------------------------------------------------------+
//| A map from numbers above 0 to numbers, by open addressing.       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_LONGMAP_MQH
#define PORTCULLIS_LONGMAP_MQH

class CLongMap
  {
   long              m_keys[];
   long              m_values[];
   int               m_count;

   int               Slot(const long key) const
     {
      ulong mixed=(ulong)key;
      mixed=(mixed^(mixed>>33))*(ulong)1181783497276652981;
      int size=ArraySize(m_keys);
      int at=(int)((mixed>>32)%(ulong)size);
      while(m_keys[at]!=0 && m_keys[at]!=key)
         at=(at+1)%size;
      return at;
     }
   void              Grow(void)
     {
      long keys[];
      long values[];
      ArrayCopy(keys,m_keys);
      ArrayCopy(values,m_values);
      int size=ArraySize(keys);
      ArrayResize(m_keys,size*2);
      ArrayResize(m_values,size*2);
      ArrayInitialize(m_keys,0);
      for(int i=0; i<size; i++)
         if(keys[i]!=0)
           {
            int at=Slot(keys[i]);
            m_keys[at]=keys[i];
            m_values[at]=values[i];
           }
     }

public:
                     CLongMap(void) { Clear(); }
   void              Clear(void)
     {
      m_count=0;
      ArrayResize(m_keys,64);
      ArrayResize(m_values,64);
      ArrayInitialize(m_keys,0);
     }
   bool              Has(const long key) const { return key>0 && m_keys[Slot(key)]==key; }
   //--- the value of a key, or `absent`
   long              Get(const long key,const long absent) const
     {
      if(key<=0)
         return absent;
      int at=Slot(key);
      return m_keys[at]==key ? m_values[at] : absent;
     }
   void              Set(const long key,const long value)
     {
      if(key<=0)
         return;
      int at=Slot(key);
      if(m_keys[at]==0)
        {
         m_keys[at]=key;
         m_count++;
        }
      m_values[at]=value;
      if(m_count*2>ArraySize(m_keys))
         Grow();
     }
   //--- let go of all but these keys
   void              Keep(const long &keys[])
     {
      long kept[];
      long values[];
      for(int i=0; i<ArraySize(keys); i++)
        {
         if(!Has(keys[i]))
            continue;
         int at=ArraySize(kept);
         ArrayResize(kept,at+1,1024);
         ArrayResize(values,at+1,1024);
         kept[at]=keys[i];
         values[at]=Get(keys[i],0);
        }
      Clear();
      for(int i=0; i<ArraySize(kept); i++)
         Set(kept[i],values[i]);
     }
  };

#endif
