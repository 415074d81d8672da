//+------------------------------------------------------------------+
//| One connection to a server, by the terminal's socket functions.  |
//|                                                                  |
//| Nothing here waits for long: what can be read is read, what can  |
//| be written is written. The terminal's sockets block (docs/       |
//| network/sockettimeouts): a send of more than there is room for   |
//| waits for the peer, or for its time-out, also where              |
//| SocketIsWritable has said yes. So a line on which nothing is     |
//| urgent goes in pieces for which a writable socket has room, and  |
//| after a send that has waited no more is written in this turn.    |
//|                                                                  |
//| SocketIsReadable says 1 of an empty       |
//| socket now and then; the read that follows then finds nothing,   |
//| which is no error as long as the connection stands.              |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_TCP_MQH
#define PORTCULLIS_TCP_MQH

#include "ByteQueue.mqh"

#define TCP_READ_MAX 65536
#define TCP_WRITE_MAX 16384
#define TCP_READ_PATIENCE_MS 1
#define TCP_TIMEOUT_MS 500
//--- where nothing is urgent: the lowest mark at which systems call a socket writable, and how
//--- long a send may wait all the same
#define TCP_PIECE 2048
#define TCP_BRIEF_MS 50
//--- a send that took so long has waited, and was not only interrupted by the system
#define TCP_WAITED_US 20000
#define TLS_PORT 443

class CTcp
  {
private:
   int               m_socket;
   bool              m_is_tls;
   bool              m_is_brief;

public:
   string            problem;
   //--- since somebody has looked: has a send waited for the peer
   bool              has_waited;

                     CTcp(void)
     {
      m_socket=INVALID_HANDLE;
      m_is_tls=false;
      m_is_brief=false;
      problem="";
      has_waited=false;
     }
   bool              IsOpen(void) const { return m_socket!=INVALID_HANDLE; }

   //--- waits at most connect_ms; tls_name is the name in the server's certificate, or "";
   //--- is_brief: nothing on it is urgent enough to wait for
   bool              Open(const string host,const uint port,const uint connect_ms,
                          const string tls_name,const bool is_brief)
     {
      m_is_brief=is_brief;
      Close();
      ResetLastError();
      m_socket=SocketCreate(SOCKET_DEFAULT);
      if(m_socket==INVALID_HANDLE)
         return Lose("cannot make a socket");
      string place=host+":"+IntegerToString(port);
      if(!SocketConnect(m_socket,host,port,connect_ms))
         return Lose("cannot connect to "+place+" (is the address in the list of allowed ones,"+
                     " Tools > Options > Expert Advisors, and is the gateway up?)");
      SocketTimeouts(m_socket,m_is_brief ? TCP_BRIEF_MS : TCP_TIMEOUT_MS,TCP_TIMEOUT_MS);
      //--- on port 443 the terminal has shaken hands already
      m_is_tls=tls_name!="" || port==TLS_PORT;
      if(m_is_tls && port!=TLS_PORT && !SocketTlsHandshake(m_socket,tls_name))
         return Lose("no TLS handshake with "+place+" as "+tls_name);
      return true;
     }
   void              Close(void)
     {
      if(m_socket!=INVALID_HANDLE)
         SocketClose(m_socket);
      m_socket=INVALID_HANDLE;
     }

   //--- does something wait to be read; of an empty socket the terminal says so now and then, too
   bool              IsWaiting(void) const { return IsOpen() && SocketIsReadable(m_socket)>0; }
   //--- read what there is into an array that is empty before; false when the connection is lost
   bool              Read(uchar &bytes[])
     {
      ArrayResize(bytes,0);
      if(m_socket==INVALID_HANDLE)
         return false;
      ResetLastError();
      if(m_is_tls)
         return Judge(SocketTlsReadAvailable(m_socket,bytes,TCP_READ_MAX),bytes);
      uint waiting=SocketIsReadable(m_socket);
      if(waiting==0)
         return Judge(0,bytes);
      uint most=waiting<TCP_READ_MAX ? waiting : TCP_READ_MAX;
      return Judge(SocketRead(m_socket,bytes,most,TCP_READ_PATIENCE_MS),bytes);
     }
   //--- wait for the first byte, and read it alone
   bool              ReadFirst(uchar &bytes[],const uint wait_ms)
     {
      ArrayResize(bytes,0);
      if(m_socket==INVALID_HANDLE || m_is_tls)
         return m_socket!=INVALID_HANDLE;
      ResetLastError();
      return Judge(SocketRead(m_socket,bytes,1,wait_ms),bytes);
     }

   //--- write as much as goes without waiting; false when the connection is lost
   bool              Write(CByteQueue &queue)
     {
      int most=m_is_brief ? TCP_PIECE : TCP_WRITE_MAX;
      bool waited=false;
      while(m_socket!=INVALID_HANDLE && queue.Size()>0 && !waited)
        {
         ResetLastError();
         if(!SocketIsWritable(m_socket))
            return SocketIsConnected(m_socket) ? true : Lose("the connection is gone");
         uchar bytes[];
         int size=queue.Size()<most ? queue.Size() : most;
         queue.Peek(0,size,bytes);
         ulong began_us=GetMicrosecondCount();
         int written=m_is_tls ? SocketTlsSend(m_socket,bytes,(uint)size) :
                     SocketSend(m_socket,bytes,(uint)size);
         waited=GetMicrosecondCount()-began_us>=TCP_WAITED_US;
         has_waited=has_waited || waited;
         if(written<0)
            return Lose("cannot write");
         if(written==0)
            return true;
         queue.Drop(written);
        }
      return m_socket!=INVALID_HANDLE;
     }

private:
   //--- what a read has brought: -1 is an error, or only nothing yet
   bool              Judge(const int size,uchar &bytes[])
     {
      if(size>0)
         return true;
      ArrayResize(bytes,0);
      if(GetLastError()==ERR_NETSOCKET_IO_ERROR || !SocketIsConnected(m_socket))
         return Lose("the connection is gone");
      return true;
     }
   bool              Lose(const string text)
     {
      int error=GetLastError();
      problem=text+(error!=0 ? ", error "+IntegerToString(error) : "");
      Close();
      return false;
     }
  };

#endif
