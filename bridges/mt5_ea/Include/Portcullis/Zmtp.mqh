//+------------------------------------------------------------------+
//| ZMTP 3.1 (rfc.zeromq.org/spec/37), NULL mechanism, without a     |
//| socket: bytes in, messages out, and what is to be sent.          |
//|                                                                  |
//| - READY names the socket's type and no identity: a fixed one     |
//|   goes silent on reconnect.                                      |
//| - A command may come anywhere, also between the parts of a       |
//|   message. PING is answered by PONG with its context.            |
//| - What is said before the handshake is over waits for its end.   |
//| - Messages of one part only. What has several parts, or more     |
//|   bytes than FRAME_MAX, is not of this protocol: several parts   |
//|   are dropped, too many bytes end the connection.                |
//| - A PUB keeps the topics that its peer wants: by SUBSCRIBE and   |
//|   CANCEL (3.1), or by messages that begin with 1 or 0 (3.0).     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ZMTP_MQH
#define PORTCULLIS_ZMTP_MQH

#include "ByteQueue.mqh"
#include "FixCodec.mqh"

#define ZMTP_MORE 1
#define ZMTP_LONG 2
#define ZMTP_COMMAND 4
#define ZMTP_GREETING_SIZE 64
#define ZMTP_SHORT_MAX 255
#define ZMTP_TOPICS_MAX 1024

enum ENUM_ZMTP_STATE
  {
   ZMTP_GREETING,
   ZMTP_HANDSHAKE,
   ZMTP_READY,
   ZMTP_BROKEN
  };

class CZmtp
  {
private:
   string            m_socket_type;
   ENUM_ZMTP_STATE   m_state;
   CByteQueue        m_in;
   //--- what waits for the handshake
   CByteQueue        m_held;
   string            m_topics[];
   bool              m_in_parts;
   //--- messages that were received and not taken: one queue, and their sizes
   CByteQueue        m_messages;
   int               m_sizes[];
   int               m_first;

public:
   //--- what is to be sent now
   CByteQueue        out;
   //--- why the connection is of no use
   string            problem;
   int               peer_minor;
   //--- messages of several parts that were dropped
   int               dropped;

                     CZmtp(void) { Begin("DEALER"); }

   //--- a fresh connection of a socket of this type
   void              Begin(const string socket_type)
     {
      m_socket_type=socket_type;
      m_state=ZMTP_GREETING;
      m_in.Clear();
      m_held.Clear();
      m_messages.Clear();
      out.Clear();
      ArrayResize(m_topics,0);
      ArrayResize(m_sizes,0);
      m_first=0;
      m_in_parts=false;
      problem="";
      peer_minor=0;
      dropped=0;
      out.AppendByte(0xFF);
      out.AppendZeros(8);
      out.AppendByte(0x7F);
      out.AppendByte(3);
      out.AppendByte(1);
      out.AppendText("NULL");
      out.AppendZeros(16+1+31);
     }
   bool              IsReady(void) const { return m_state==ZMTP_READY; }

   //--- take bytes of the peer's; false when the connection is broken, and problem says why
   bool              Take(const uchar &bytes[],const int size)
     {
      if(m_state==ZMTP_BROKEN)
         return false;
      m_in.Append(bytes,size);
      if(m_state==ZMTP_GREETING && !TakeGreeting())
         return m_state!=ZMTP_BROKEN;
      while(TakeFrame())
         continue;
      return m_state!=ZMTP_BROKEN;
     }

   //--- hand out the oldest message; false when there is none
   bool              NextMessage(uchar &message[])
     {
      if(m_first>=ArraySize(m_sizes))
         return false;
      int size=m_sizes[m_first];
      m_messages.Peek(0,size,message);
      m_messages.Drop(size);
      m_first++;
      if(m_first==ArraySize(m_sizes))
        {
         ArrayResize(m_sizes,0,64);
         m_first=0;
        }
      return true;
     }

   void              Say(const uchar &message[],const int size,const bool more)
     {
      if(m_state==ZMTP_READY)
         AppendFrame(out,message,size,more ? ZMTP_MORE : 0);
      else
         AppendFrame(m_held,message,size,more ? ZMTP_MORE : 0);
     }

   //--- PUB: does the peer want what is said under this topic
   bool              IsWanted(const string topic) const
     {
      for(int i=0; i<ArraySize(m_topics); i++)
         if(StringSubstr(topic,0,StringLen(m_topics[i]))==m_topics[i])
            return true;
      return false;
     }

private:
   bool              Break(const string text)
     {
      m_state=ZMTP_BROKEN;
      problem=text;
      return false;
     }

   //--- true when the greeting is whole and good
   bool              TakeGreeting(void)
     {
      int have=m_in.Size();
      if(have>0 && m_in.At(0)!=0xFF)
         return Break("the peer does not speak ZMTP 3: its greeting begins with "+
                      IntegerToString(m_in.At(0)));
      if(have>9 && (m_in.At(9)&1)==0)
         return Break("the peer does not speak ZMTP 3: its signature ends with "+
                      IntegerToString(m_in.At(9)));
      if(have>10 && m_in.At(10)<3)
         return Break("the peer speaks ZMTP "+IntegerToString(m_in.At(10))+", expected 3");
      if(have<ZMTP_GREETING_SIZE)
         return false;
      peer_minor=m_in.At(11);
      string mechanism="";
      for(int i=12; i<32 && m_in.At(i)!=0; i++)
         mechanism+=CharToString(m_in.At(i));
      if(mechanism!="NULL")
         return Break("the peer wants the mechanism "+mechanism+
                      ", expected NULL: connect to a loopback bind of the gateway");
      m_in.Drop(ZMTP_GREETING_SIZE);
      m_state=ZMTP_HANDSHAKE;
      SayReady();
      return true;
     }
   void              SayReady(void)
     {
      CByteQueue body;
      body.AppendByte(5);
      body.AppendText("READY");
      body.AppendByte(11);
      body.AppendText("Socket-Type");
      body.AppendZeros(3);
      body.AppendByte((uint)StringLen(m_socket_type));
      body.AppendText(m_socket_type);
      uchar bytes[];
      body.Peek(0,body.Size(),bytes);
      AppendFrame(out,bytes,ArraySize(bytes),ZMTP_COMMAND);
     }
   void              AppendFrame(CByteQueue &queue,const uchar &body[],const int size,
                                 const int flags)
     {
      bool is_long=size>ZMTP_SHORT_MAX;
      queue.AppendByte((uint)(is_long ? flags|ZMTP_LONG : flags));
      if(is_long)
        {
         queue.AppendZeros(4);
         queue.AppendByte((uint)size>>24);
         queue.AppendByte(((uint)size>>16)&0xFF);
         queue.AppendByte(((uint)size>>8)&0xFF);
        }
      queue.AppendByte((uint)size&0xFF);
      queue.Append(body,size);
     }

   //--- take one whole frame off the front; false when there is none, or none that is good
   bool              TakeFrame(void)
     {
      int have=m_in.Size();
      if(have<2 || m_state==ZMTP_BROKEN)
         return false;
      int flags=m_in.At(0);
      if((flags&~(ZMTP_MORE|ZMTP_LONG|ZMTP_COMMAND))!=0)
         return Break("received a frame with the flags "+IntegerToString(flags));
      bool is_long=(flags&ZMTP_LONG)!=0;
      if(is_long && have<9)
         return false;
      long size=0;
      if(is_long)
        {
         if(m_in.At(1)>=0x80)
            return Break("received a frame with a size beyond 63 bits");
         for(int i=1; i<9; i++)
            size=size*256+m_in.At(i);
        }
      else
         size=m_in.At(1);
      int head=is_long ? 9 : 2;
      if(size>FRAME_MAX)
         return Break("received a frame of "+IntegerToString(size)+" bytes, expected at most "+
                      IntegerToString(FRAME_MAX));
      if(have<head+size)
         return false;
      uchar body[];
      m_in.Peek(head,(int)size,body);
      m_in.Drop(head+(int)size);
      if((flags&ZMTP_COMMAND)!=0)
         return TakeCommand(body);
      if(m_state!=ZMTP_READY)
         return Break("received a message before READY");
      return TakeMessage(body,(flags&ZMTP_MORE)!=0);
     }

   bool              TakeMessage(const uchar &body[],const bool more)
     {
      if(more || m_in_parts)
        {
         if(!more)
            dropped++;
         m_in_parts=more;
         return true;
        }
      int size=ArraySize(body);
      if(m_socket_type=="PUB")
        {
         if(size>0 && body[0]<=1)
            Subscribe(TextOf(body,1,size-1),body[0]==1);
         return true;
        }
      int at=ArraySize(m_sizes);
      ArrayResize(m_sizes,at+1,64);
      m_sizes[at]=size;
      m_messages.Append(body,size);
      return true;
     }

   bool              TakeCommand(const uchar &body[])
     {
      int size=ArraySize(body);
      int length=size>0 ? body[0] : 0;
      if(length<1 || length>size-1)
         return Break("received a command without a name");
      string name=TextOf(body,1,length);
      int at=1+length;
      if(name=="READY")
         return TakeReady(body,at);
      if(name=="ERROR")
         return Break("the peer refuses us: "+(at<size ? TextOf(body,at+1,size-at-1) : ""));
      if(name=="PING")
         return SayPong(body,at+2);
      if(name=="SUBSCRIBE" || name=="CANCEL")
         Subscribe(TextOf(body,at,size-at),name=="SUBSCRIBE");
      //--- PONG, and what a later version may have
      return true;
     }
   bool              TakeReady(const uchar &body[],const int from)
     {
      int size=ArraySize(body);
      string type="";
      int at=from;
      while(at<size)
        {
         int name_size=body[at];
         int value_at=at+1+name_size+4;
         if(value_at>size)
            return Break("received a READY that is cut short");
         long value_size=0;
         for(int i=value_at-4; i<value_at; i++)
            value_size=value_size*256+body[i];
         if(value_at+value_size>size)
            return Break("received a READY that is cut short");
         string name=TextOf(body,at+1,name_size);
         StringToLower(name);
         if(name=="socket-type")
            type=TextOf(body,value_at,(int)value_size);
         at=value_at+(int)value_size;
        }
      bool fits=m_socket_type=="PUB" ? type=="SUB" || type=="XSUB" :
                type=="ROUTER" || type=="DEALER" || type=="REP";
      if(!fits)
         return Break("the peer is a "+type+", which is none for a "+m_socket_type+
                      ": is this the right port?");
      if(m_state==ZMTP_HANDSHAKE)
        {
         m_state=ZMTP_READY;
         out.AppendQueue(m_held);
        }
      return true;
     }
   bool              SayPong(const uchar &ping[],const int from)
     {
      CByteQueue body;
      body.AppendByte(4);
      body.AppendText("PONG");
      for(int i=from; i<ArraySize(ping) && i<from+16; i++)
         body.AppendByte(ping[i]);
      uchar bytes[];
      body.Peek(0,body.Size(),bytes);
      AppendFrame(out,bytes,ArraySize(bytes),ZMTP_COMMAND);
      return true;
     }
   void              Subscribe(const string topic,const bool wanted)
     {
      int size=ArraySize(m_topics);
      for(int i=0; i<size; i++)
         if(m_topics[i]==topic)
           {
            if(!wanted)
               ArrayRemove(m_topics,i,1);
            return;
           }
      if(!wanted || size>=ZMTP_TOPICS_MAX)
         return;
      ArrayResize(m_topics,size+1,16);
      m_topics[size]=topic;
     }
   //--- bytes as a text of one character each
   string            TextOf(const uchar &bytes[],const int from,const int size) const
     {
      string text="";
      for(int i=from; i<from+size && i<ArraySize(bytes); i++)
         text+=CharToString(bytes[i]);
      return text;
     }
  };

#endif
