//+------------------------------------------------------------------+
//| Bytes that come in at the end and go out at the front.           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BYTEQUEUE_MQH
#define PORTCULLIS_BYTEQUEUE_MQH

#define QUEUE_RESERVE 65536

class CByteQueue
  {
private:
   uchar             m_bytes[];
   int               m_start;
   int               m_end;

public:
                     CByteQueue(void) { Clear(); }
   void              Clear(void)
     {
      m_start=0;
      m_end=0;
      ArrayResize(m_bytes,0);
     }
   int               Size(void) const { return m_end-m_start; }
   uchar             At(const int offset) const { return m_bytes[m_start+offset]; }

   void              Append(const uchar &bytes[],const int size)
     {
      MakeRoom(size);
      ArrayCopy(m_bytes,bytes,m_end,0,size);
      m_end+=size;
     }
   void              AppendByte(const uint value)
     {
      MakeRoom(1);
      m_bytes[m_end]=(uchar)value;
      m_end++;
     }
   void              AppendZeros(const int count)
     {
      for(int i=0; i<count; i++)
         AppendByte(0);
     }
   //--- ASCII
   void              AppendText(const string text)
     {
      for(int i=0; i<StringLen(text); i++)
         AppendByte(StringGetCharacter(text,i));
     }
   //--- take everything of the other's
   void              AppendQueue(CByteQueue &other)
     {
      uchar bytes[];
      other.Peek(0,other.Size(),bytes);
      Append(bytes,ArraySize(bytes));
      other.Clear();
     }
   //--- copy without taking; the array is exactly as large afterwards
   void              Peek(const int offset,const int size,uchar &bytes[]) const
     {
      ArrayResize(bytes,size);
      if(size>0)
         ArrayCopy(bytes,m_bytes,0,m_start+offset,size);
     }
   void              Drop(const int size)
     {
      m_start+=size;
      if(m_start==m_end)
        {
         m_start=0;
         m_end=0;
        }
     }

private:
   void              MakeRoom(const int size)
     {
      if(m_end+size<=ArraySize(m_bytes))
         return;
      //--- move to the front first: what was dropped makes room
      if(m_start>0)
        {
         uchar kept[];
         Peek(0,m_end-m_start,kept);
         m_end-=m_start;
         m_start=0;
         ArrayCopy(m_bytes,kept,0,0,m_end);
        }
      if(m_end+size>ArraySize(m_bytes))
         ArrayResize(m_bytes,m_end+size+QUEUE_RESERVE);
     }
  };

#endif
