//+------------------------------------------------------------------+
//| Trade requests whose answer is outstanding.                      |
//|                                                                  |
//| A request is sent once, whatever comes of it. Its answer comes   |
//| as a transaction with its request id; ids begin again with each  |
//| start of the terminal, so they are never kept, and an answer has |
//| to fit its request too. Into one that places, the terminal may   |
//| write the ticket of the order that it made. One that has not     |
//| come after FLIGHT_MS is none: what became of the request is read |
//| from the account.                                                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FLIGHTS_MQH
#define PORTCULLIS_FLIGHTS_MQH

#include "Standing.mqh"

#define FLIGHT_MS 60000

struct SFlight
  {
   uint              request_id;
   int               action;
   ulong             magic;
   ulong             order;
   int               chain;       // whose request it is; NOBODY of one for levels
   string            name;        // the id of the D, F, G or AL
   long              sent_ns;
   bool              answered;
   uint              retcode;     // 0: there was none
   ulong             ticket;
   string            comment;

   bool              IsForLevels(void) const { return action==TRADE_ACTION_SLTP; }
  };

class CFlights
  {
   SFlight           m_flights[];
   bool              m_async;

   //--- does a request of this kind say which order it is about
   bool              NamesOrder(const int action) const
     {
      return action==TRADE_ACTION_MODIFY || action==TRADE_ACTION_REMOVE;
     }

public:
                     CFlights(void) { m_async=true; }
   void              Open(const bool async)
     {
      m_async=async;
      ArrayResize(m_flights,0);
     }
   int               Count(void) const { return ArraySize(m_flights); }
   void              Get(const int at,SFlight &flight) const { flight=m_flights[at]; }
   void              Drop(const int at) { ArrayRemove(m_flights,at,1); }
   //--- the chains have other places now
   void              Renumber(const int &places[])
     {
      for(int i=0; i<ArraySize(m_flights); i++)
         if(!m_flights[i].IsForLevels())
            m_flights[i].chain=places[m_flights[i].chain];
     }
   //--- the answer to a request for levels is missed no more
   void              DropLevels(const string name)
     {
      for(int i=ArraySize(m_flights)-1; i>=0; i--)
         if(m_flights[i].IsForLevels() && m_flights[i].name==name)
            Drop(i);
     }

   //--- call the trade server, once
   void              Send(const MqlTradeRequest &request,const int chain,const string name,
                          const long now_ns)
     {
      MqlTradeResult result={};
      ResetLastError();
      bool sent=m_async ? OrderSendAsync(request,result) : OrderSend(request,result);
      int at=ArraySize(m_flights);
      ArrayResize(m_flights,at+1,64);
      m_flights[at].request_id=result.request_id;
      m_flights[at].action=request.action;
      m_flights[at].magic=request.magic;
      m_flights[at].order=request.order;
      m_flights[at].chain=chain;
      m_flights[at].name=name;
      m_flights[at].sent_ns=now_ns;
      m_flights[at].answered=!m_async || !sent;
      m_flights[at].retcode=result.retcode;
      m_flights[at].ticket=result.order;
      m_flights[at].comment=result.comment;
      if(!sent && result.comment=="")
         m_flights[at].comment="error "+IntegerToString(GetLastError());
     }

   //--- a transaction of type REQUEST
   void              Hear(const MqlTradeRequest &request,const MqlTradeResult &result)
     {
      for(int i=0; i<ArraySize(m_flights); i++)
        {
         if(m_flights[i].answered || m_flights[i].request_id!=result.request_id ||
            m_flights[i].action!=request.action || m_flights[i].magic!=request.magic ||
            (NamesOrder(request.action) && m_flights[i].order!=request.order))
            continue;
         m_flights[i].answered=true;
         m_flights[i].retcode=result.retcode;
         m_flights[i].ticket=result.order;
         m_flights[i].comment=result.comment;
         return;
        }
     }

   //--- take one of orders, or one for levels, that has landed: answered, or too long under way
   bool              Take(const bool for_levels,const long now_ns,SFlight &flight)
     {
      for(int i=0; i<ArraySize(m_flights); i++)
        {
         if(m_flights[i].IsForLevels()!=for_levels)
            continue;
         bool late=now_ns-m_flights[i].sent_ns>(long)FLIGHT_MS*MS_NS;
         if(!m_flights[i].answered && !late)
            continue;
         flight=m_flights[i];
         if(!flight.answered)
           {
            flight.retcode=0;
            flight.comment="no answer came";
           }
         ArrayRemove(m_flights,i,1);
         return true;
        }
      return false;
     }
  };

#endif
