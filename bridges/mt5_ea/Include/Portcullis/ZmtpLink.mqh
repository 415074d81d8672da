//+------------------------------------------------------------------+
//| A ZeroMQ socket of one peer: ZMTP on a connection. And the pause |
//| between attempts to have one.                                    |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ZMTPLINK_MQH
#define PORTCULLIS_ZMTPLINK_MQH

#include "Tcp.mqh"
#include "Zmtp.mqh"

//--- the longest answer is a list of all open orders, some 400 bytes each
#define LINK_OUT_MAX 67108864
#define HANDSHAKE_PATIENCE_MS 2000
//--- so long may a full line take nothing before it counts as lost
#define FULL_PATIENCE_MS 2000

//--- where a link goes: a server, a port, and the name in its certificate if it is behind TLS
struct SEndpoint
  {
   string            host;
   uint              port;
   string            tls_name;
   uint              connect_ms;
  };

//--- pauses that double up to a bound, with a little chance, so that many do not knock at once
class CBackOff
  {
private:
   long              m_first_ms;
   long              m_longest_ms;
   int               m_attempts;

public:
                     CBackOff(void) { Begin(50,500); }
   void              Begin(const long first_ms,const long longest_ms)
     {
      m_first_ms=first_ms;
      m_longest_ms=longest_ms;
      m_attempts=0;
     }
   void              Forget(void) { m_attempts=0; }
   long              NextPauseMs(void)
     {
      long pause=m_first_ms<<(m_attempts<10 ? m_attempts : 10);
      if(pause>m_longest_ms)
         pause=m_longest_ms;
      m_attempts++;
      return pause+MathRand()%(pause/4+1);
     }
  };

class CZmtpLink
  {
private:
   CTcp              m_tcp;
   CZmtp             m_zmtp;
   string            m_socket_type;
   SEndpoint         m_endpoint;
   long              m_opened_ns;
   long              m_moved_ns;

public:
   string            problem;
   //--- the last Read has left nothing behind
   bool              is_drained;

   void              Begin(const string socket_type,const SEndpoint &endpoint)
     {
      m_socket_type=socket_type;
      m_endpoint=endpoint;
      m_opened_ns=0;
      m_moved_ns=0;
      problem="";
      is_drained=false;
     }
   bool              IsOpen(void) const { return m_tcp.IsOpen(); }
   bool              IsReady(void) const { return m_tcp.IsOpen() && m_zmtp.IsReady(); }
   bool              IsWanted(const string topic) const { return m_zmtp.IsWanted(topic); }
   int               OutSize(void) const { return m_zmtp.out.Size(); }
   //--- is there something to be read
   bool              IsWaiting(void) const { return m_tcp.IsWaiting(); }
   //--- has a send waited for the peer since the last time that somebody asked
   bool              TakeWaited(void)
     {
      bool waited=m_tcp.has_waited;
      m_tcp.has_waited=false;
      return waited;
     }

   bool              Open(const long now_ns)
     {
      Close();
      m_zmtp.Begin(m_socket_type);
      m_opened_ns=now_ns;
      m_moved_ns=now_ns;
      if(m_tcp.Open(m_endpoint.host,m_endpoint.port,m_endpoint.connect_ms,m_endpoint.tls_name,
                    m_socket_type=="PUB"))
         return Flush(now_ns);
      problem=m_tcp.problem;
      return false;
     }
   void              Close(void) { m_tcp.Close(); }

   void              Say(const uchar &message[],const int size,const bool more)
     {
      m_zmtp.Say(message,size,more);
     }
   bool              NextMessage(uchar &message[]) { return m_zmtp.NextMessage(message); }

   //--- read what there is; with wait_ms wait for its first byte. False: lost, problem says why
   bool              Read(const long now_ns,const uint wait_ms)
     {
      uchar bytes[];
      is_drained=false;
      if(!IsOpen())
         return false;
      if(wait_ms>0 && (!m_tcp.ReadFirst(bytes,wait_ms) || !Take(bytes)))
         return Lose();
      //--- a read of its own for each piece that is there, but not for ever
      for(int i=0; i<64 && !is_drained; i++)
        {
         if(!m_tcp.Read(bytes) || !Take(bytes))
            return Lose();
         is_drained=ArraySize(bytes)==0;
        }
      if(!m_zmtp.IsReady() && now_ns-m_opened_ns>(long)HANDSHAKE_PATIENCE_MS*NS_PER_MS)
        {
         m_zmtp.problem="no ZeroMQ handshake: is this the right port?";
         return Lose();
        }
      return true;
     }
   //--- write what goes
   bool              Flush(const long now_ns)
     {
      if(!IsOpen())
         return false;
      int before=m_zmtp.out.Size();
      bool good=m_tcp.Write(m_zmtp.out);
      if(before==0 || m_zmtp.out.Size()<before)
         m_moved_ns=now_ns;
      if(good && m_zmtp.out.Size()<=LINK_OUT_MAX &&
         now_ns-m_moved_ns<(long)FULL_PATIENCE_MS*NS_PER_MS)
         return true;
      if(m_tcp.IsOpen())
         m_zmtp.problem="the peer takes nothing: "+IntegerToString(m_zmtp.out.Size())+
                        " bytes wait";
      return Lose();
     }

private:
   bool              Take(const uchar &bytes[])
     {
      int size=ArraySize(bytes);
      return size==0 || m_zmtp.Take(bytes,size);
     }
   bool              Lose(void)
     {
      problem=m_zmtp.problem!="" ? m_zmtp.problem : m_tcp.problem;
      m_tcp.Close();
      return false;
     }
  };

#endif
