//+------------------------------------------------------------------+
//| Market data out: a ZeroMQ PUB of its own into the gateway's      |
//| feeds, so that ticks never delay orders.                         |
//|                                                                  |
//| What nobody wants is not sent, and what the line does not take   |
//| is dropped, whole messages only: the numbers (5017) show it. An  |
//| attempt to connect blocks the program: it is short, rare, and    |
//| made only when nothing is under way. So does a send to a peer    |
//| that does not read, where the terminal calls a full socket       |
//| writable: after the first one the line is written only while     |
//| nothing is under way, and rarely.                                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PUBLISHER_MQH
#define PORTCULLIS_PUBLISHER_MQH

#include "QuoteBoard.mqh"
#include "ZmtpLink.mqh"

#define PUBLISH_OUT_MAX 262144
#define ATTEMPT_MS 100
#define ATTEMPT_LONGEST_MS 60000
//--- how long an attempt may take: the first one, and later ones, should the gateway be far away
#define CONNECT_MS ((uint)50)
#define CONNECT_LONGEST_MS ((uint)500)
//--- after a send that has waited: how long nothing is sent, and how long only in quiet moments
#define WAITED_PAUSE_NS 1000000000
#define WAITED_CARE_NS ((long)60000000000)

class CPublisher
  {
private:
   CZmtpLink         m_link;
   SEndpoint         m_endpoint;
   CBackOff          m_back_off;
   bool              m_is_used;
   long              m_attempt_ns;
   string            m_said;
   long              m_pause_ns;
   long              m_care_ns;

public:
                     CPublisher(void)
     {
      m_pause_ns=0;
      m_care_ns=0;
      m_is_used=false;
      m_attempt_ns=0;
      m_said="";
     }
   //--- port 0: nothing is published
   void              Begin(const SEndpoint &endpoint)
     {
      m_is_used=endpoint.port>0;
      m_endpoint=endpoint;
      m_link.Begin("PUB",endpoint);
      m_back_off.Begin(ATTEMPT_MS,ATTEMPT_LONGEST_MS);
      Forget();
     }
   bool              IsUsed(void) const { return m_is_used; }

   //--- the next attempt is the first one again
   void              Forget(void)
     {
      m_back_off.Forget();
      m_endpoint.connect_ms=CONNECT_MS;
      m_attempt_ns=0;
      m_said="";
     }
   //--- keep the line, and hear what is wanted; is_idle: nothing is under way that could be late
   void              Step(const long now_ns,const bool is_idle)
     {
      if(!m_is_used)
         return;
      if(!m_link.IsOpen())
        {
         if(!is_idle || now_ns<m_attempt_ns)
            return;
         m_link.Begin("PUB",m_endpoint);
         if(!m_link.Open(now_ns))
           {
            m_endpoint.connect_ms=MathMin(2*m_endpoint.connect_ms,CONNECT_LONGEST_MS);
            Lose(now_ns);
            return;
           }
        }
      bool may_write=now_ns>=m_pause_ns && (is_idle || now_ns>=m_care_ns);
      if(!m_link.Read(now_ns,0) || (may_write && !m_link.Flush(now_ns)))
         Lose(now_ns);
      else
         if(m_link.IsReady())
            Forget();
      if(m_link.TakeWaited())
         TakeCare(now_ns);
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
   void              TakeCare(const long now_ns)
     {
      if(now_ns>=m_care_ns)
         Print("warning: the gateway does not read market data fast enough: it is sent in quiet",
               " moments only");
      m_pause_ns=now_ns+WAITED_PAUSE_NS;
      m_care_ns=now_ns+WAITED_CARE_NS;
     }
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
