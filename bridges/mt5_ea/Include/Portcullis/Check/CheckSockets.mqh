//+------------------------------------------------------------------+
//| What the terminal's socket functions do where their pages are    |
//| silent: short reads, short writes, a peer that is gone.          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKSOCKETS_MQH
#define PORTCULLIS_CHECKSOCKETS_MQH

#include "CheckPeer.mqh"

#define SOCKETS_ASKED 100
#define SOCKETS_PART 10
#define SOCKETS_WAIT_MS 1000
#define SOCKETS_HELD 8388608
#define SOCKETS_PIECE 65536
#define SOCKETS_REFUSALS 30
#define SOCKETS_WAITED_MS 200
#define SOCKETS_LOOKS 10
#define SOCKETS_LOOK_MS 100

class CCheckSockets : public CCheckStep
  {
public:
   virtual string    Names(void) override { return "socket-read socket-send socket-dead"; }
   virtual bool      More(void) override
     {
      int socket=ConnectPeer(m_settings,"drip");
      if(socket==INVALID_HANDLE)
        {
         int error=GetLastError();
         string text=NoPeer(error==0 ? "" : "error "+IntegerToString(error));
         m_report_ptr.Say("socket-read",CHECK_OPEN,text);
         m_report_ptr.Say("socket-send",CHECK_OPEN,text);
         m_report_ptr.Say("socket-dead",CHECK_OPEN,text);
         return false;
        }
      if(m_report_ptr.IsWanted("socket-read"))
         Read(socket);
      SocketClose(socket);
      if(m_report_ptr.IsWanted("socket-send"))
         Write(ConnectPeer(m_settings,"hold "+IntegerToString(SOCKETS_HELD)));
      if(m_report_ptr.IsWanted("socket-dead"))
         Lose();
      return false;
     }

private:
   void              Read(const int socket)
     {
      uchar first[];
      uchar second[];
      ulong start_us=GetMicrosecondCount();
      int size=SocketRead(socket,first,SOCKETS_ASKED,SOCKETS_WAIT_MS);
      double ms=(double)(GetMicrosecondCount()-start_us)/1000.0;
      string text=StringFormat("asked for %d with %d there and %d later: %d after %.0f ms",
                               SOCKETS_ASKED,SOCKETS_PART,SOCKETS_PART,size,ms);
      //--- what is counted is read at once, and no more is waited for
      int again=SocketRead(socket,second,1,SOCKETS_WAIT_MS);
      uint counted=SocketIsReadable(socket);
      text+=StringFormat("; one byte asked for: %d, then SocketIsReadable says %d",again,
                         (int)counted);
      m_report_ptr.Judge("socket-read",size==SOCKETS_PART && again==1,text);
     }
   void              Write(const int socket)
     {
      if(socket==INVALID_HANDLE)
        {
         m_report_ptr.Say("socket-send",CHECK_OPEN,"the second connection was not made");
         return;
        }
      uchar piece[];
      ArrayResize(piece,SOCKETS_PIECE);
      ArrayInitialize(piece,'x');
      int small=0;
      bool waited=false;
      int left=SOCKETS_HELD-Fill(socket,piece,small,waited);
      int calls=0,partial=0,none=0,written=0;
      SFigures times;
      times.Clear();
      while(left>0 && written>=0 && none<SOCKETS_REFUSALS)
        {
         int size=left<SOCKETS_PIECE ? left : SOCKETS_PIECE;
         ulong start_us=GetMicrosecondCount();
         written=SocketSend(socket,piece,(uint)size);
         times.Add((double)(GetMicrosecondCount()-start_us)/1000.0);
         calls++;
         if(written>0 && written<size)
            partial++;
         none=written==0 ? none+1 : 0;
         if(written>0)
            left-=written;
        }
      string told=Hear(socket);
      SocketClose(socket);
      m_report_ptr.Judge("socket-send",told==IntegerToString(SOCKETS_HELD) && !waited,
                         StringFormat("%d calls of %d bytes to a socket called writable, %s; ",
                                      small,TCP_PIECE,waited ? "the last waited" : "none waited")+
                         StringFormat("%d calls of %d bytes, %d took a part, the last said %d; a"
                                      " call took ",calls,SOCKETS_PIECE,partial,written)+
                         times.Text("ms")+"; the peer has "+(told=="" ? "not all" : told));
     }
   //--- write small pieces as long as the socket is called writable; returns how many bytes
   int               Fill(const int socket,const uchar &piece[],int &calls,bool &waited)
     {
      int filled=0;
      while(!waited && filled<SOCKETS_HELD-TCP_PIECE && SocketIsWritable(socket))
        {
         ulong start_us=GetMicrosecondCount();
         int written=SocketSend(socket,piece,TCP_PIECE);
         //--- it had no room for all of it, or made some
         waited=written<TCP_PIECE ||
                (long)(GetMicrosecondCount()-start_us)/1000>=SOCKETS_WAITED_MS;
         calls++;
         filled+=written>0 ? written : 0;
        }
      return filled;
     }
   //--- the line that the peer says
   string            Hear(const int socket)
     {
      string said="";
      for(int i=0; i<SOCKETS_LOOKS; i++)
        {
         uchar bytes[];
         if(SocketRead(socket,bytes,1,SOCKETS_WAIT_MS)<=0 || bytes[0]=='\n')
            return said;
         said+=CharToString(bytes[0]);
        }
      return said;
     }
   //--- by the class that is used: its word is what counts
   void              Lose(void)
     {
      CTcp tcp;
      if(!OpenPeer(tcp,m_settings,"bye"))
        {
         m_report_ptr.Say("socket-dead",CHECK_OPEN,"the third connection was not made");
         return;
        }
      uchar bytes[];
      int looks=0;
      ulong start_us=GetMicrosecondCount();
      while(looks<SOCKETS_LOOKS && tcp.ReadFirst(bytes,SOCKETS_LOOK_MS))
         looks++;
      double ms=(double)(GetMicrosecondCount()-start_us)/1000.0;
      m_report_ptr.Judge("socket-dead",!tcp.IsOpen(),
                         !tcp.IsOpen() ? StringFormat("known after %.0f ms: ",ms)+tcp.problem :
                         StringFormat("%d reads over %.0f ms have not told it",looks,ms));
      tcp.Close();
     }
  };

#endif
