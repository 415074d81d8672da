//+------------------------------------------------------------------+
//| The line to the peer that `portcullis mt5 check` opens for the   |
//| time of the check: an order, and what the peer does then.        |
//|                                                                  |
//|   drip    10 bytes at once, 10 more half a second later          |
//|   hold N  reads nothing for a second, then N bytes, then says N  |
//|   bye     closes at once                                         |
//|   echo    says everything back                                   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKPEER_MQH
#define PORTCULLIS_CHECKPEER_MQH

#include "CheckStep.mqh"
#include <Portcullis/Tcp.mqh>

#define PEER_CONNECT_MS 1000

bool OpenPeer(CTcp &tcp,const SCheckSettings &settings,const string order)
  {
   CByteQueue queue;
   queue.AppendText(order+"\n");
   if(settings.port!=0 && tcp.Open(settings.host,settings.port,PEER_CONNECT_MS,"",false) &&
      tcp.Write(queue))
      return true;
   tcp.Close();
   return false;
  }

//--- the same without a class between: what the terminal's functions say themselves
int ConnectPeer(const SCheckSettings &settings,const string order)
  {
   uchar bytes[];
   StringToCharArray(order+"\n",bytes,0,WHOLE_ARRAY,CP_UTF8);
   ResetLastError();
   int socket=settings.port==0 ? INVALID_HANDLE : SocketCreate(SOCKET_DEFAULT);
   if(socket==INVALID_HANDLE)
      return INVALID_HANDLE;
   uint size=(uint)(ArraySize(bytes)-1);
   if(SocketConnect(socket,settings.host,settings.port,PEER_CONNECT_MS) &&
      SocketTimeouts(socket,TCP_TIMEOUT_MS,TCP_TIMEOUT_MS) &&
      SocketSend(socket,bytes,size)==(int)size)
      return socket;
   SocketClose(socket);
   return INVALID_HANDLE;
  }

string NoPeer(const string problem)
  {
   return "there is no peer: let `portcullis mt5 check` run meanwhile, with --terminal, and allow"
          " 127.0.0.1 in the terminal's options"+(problem=="" ? "" : " ("+problem+")");
  }

#endif
