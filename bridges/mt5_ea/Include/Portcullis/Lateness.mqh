//+------------------------------------------------------------------+
//| How long a message of the gateway's was on its way, whatever the |
//| two clocks show: by how much more than for the quickest of the   |
//| last minutes our time is past its SendingTime (52). For one that |
//| is said again it is OrigSendingTime (122) that counts.           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_LATENESS_MQH
#define PORTCULLIS_LATENESS_MQH

#include "FixMessage.mqh"

//--- so long the quickest message counts, and once more: clocks drift
#define QUICKEST_NS ((long)60000000000)

class CLateness
  {
   bool              m_is_begun;
   long              m_begun_ns;
   long              m_least_ns;
   long              m_least_before_ns;

public:
                     CLateness(void) { Begin(); }
   void              Begin(void)
     {
      m_is_begun=false;
      m_begun_ns=0;
      m_least_ns=0;
      m_least_before_ns=0;
     }
   //--- each message is to be shown, in its turn; 0 for one that tells no time
   long              Of(const SFixMessage &message,const long now_ns)
     {
      long sent_ns=message.GetTime(TAG_SendingTime);
      if(sent_ns<=0)
         return 0;
      Learn(now_ns-sent_ns,now_ns);
      long first_ns=message.GetFlag(TAG_PossDupFlag) ? message.GetTime(TAG_OrigSendingTime) : 0;
      return now_ns-(first_ns>0 ? first_ns : sent_ns)-MathMin(m_least_ns,m_least_before_ns);
     }

private:
   void              Learn(const long apart_ns,const long now_ns)
     {
      if(!m_is_begun || now_ns-m_begun_ns>QUICKEST_NS)
        {
         m_least_before_ns=m_is_begun ? m_least_ns : apart_ns;
         m_least_ns=apart_ns;
         m_begun_ns=now_ns;
         m_is_begun=true;
        }
      m_least_ns=MathMin(m_least_ns,apart_ns);
     }
  };

#endif
