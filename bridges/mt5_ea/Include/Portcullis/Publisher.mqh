//+------------------------------------------------------------------+
//| Market data out: a ZeroMQ PUB of its own into the gateway's      |
//| feeds, so that ticks never delay orders.                         |
//|                                                                  |
//| What nobody wants is not sent, and what the line does not take   |
//| is dropped, whole messages only: the numbers (5017) show it.     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PUBLISHER_MQH
#define PORTCULLIS_PUBLISHER_MQH

#include "QuoteBoard.mqh"
#include "ZmtpLink.mqh"

#define PUBLISH_OUT_MAX 262144

class CPublisher
  {
private:
   CZmtpLink         m_link;
   CBackOff          m_back_off;
   bool              m_is_used;
   long              m_attempt_ns;
   string            m_said;

public:
                     CPublisher(void)
     {
      m_is_used=false;
      m_attempt_ns=0;
      m_said="";
     }
   //--- port 0: nothing is published
   void              Begin(const SEndpoint &endpoint)
     {
      m_is_used=endpoint.port>0;
      m_link.Begin("PUB",endpoint);
      m_back_off.Begin(100,5000);
     }
   bool              IsUsed(void) const { return m_is_used; }

   //--- keep the line, and hear what is wanted
   void              Step(const long now_ns)
     {
      if(!m_is_used)
         return;
      if(!m_link.IsOpen())
        {
         if(now_ns<m_attempt_ns)
            return;
         if(!m_link.Open(now_ns))
           {
            Lose(now_ns);
            return;
           }
        }
      if(!m_link.Read(now_ns,0) || !m_link.Flush(now_ns))
         Lose(now_ns);
      else
         if(m_link.IsReady())
           {
            m_back_off.Forget();
            m_said="";
           }
     }
   void              Publish(const STopic &topics[])
     {
      for(int i=0; i<ArraySize(topics); i++)
        {
         if(!m_link.IsReady() || !m_link.IsWanted(topics[i].topic) ||
            m_link.OutSize()>PUBLISH_OUT_MAX)
            continue;
         uchar name[];
         int size=StringToCharArray(topics[i].topic,name,0,WHOLE_ARRAY,CP_UTF8)-1;
         m_link.Say(name,size,true);
         m_link.Say(topics[i].frame,ArraySize(topics[i].frame),false);
        }
     }
   void              Close(void) { m_link.Close(); }

private:
   void              Lose(const long now_ns)
     {
      if(m_link.problem!=m_said)
         Print("no market data to the gateway: ",m_link.problem);
      m_said=m_link.problem;
      m_link.Close();
      m_attempt_ns=now_ns+m_back_off.NextPauseMs()*NS_PER_MS;
     }
  };

#endif
