//+------------------------------------------------------------------+
//| How often the terminal's timer really comes.                     |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKTIMER_MQH
#define PORTCULLIS_CHECKTIMER_MQH

#include "CheckStep.mqh"

#define TIMER_PERIODS 100
#define TIMER_SLOWEST_MS 20.0
#define TIMER_QUICKEST_MS 5.0

class CCheckTimer : public CCheckStep
  {
   SFigures          m_periods;
   ulong             m_last_us;

public:
                     CCheckTimer(void) { m_last_us=0; }
   virtual string    Names(void) override { return "timer-period"; }
   virtual void      Begin(void) override
     {
      m_periods.Clear();
      m_last_us=0;
     }
   virtual bool      More(void) override
     {
      ulong now_us=GetMicrosecondCount();
      if(m_last_us!=0)
         m_periods.Add((double)(now_us-m_last_us)/1000.0);
      m_last_us=now_us;
      if(m_periods.Count()<TIMER_PERIODS)
         return true;
      double median=m_periods.Median();
      m_report_ptr.Judge("timer-period",median>TIMER_QUICKEST_MS && median<TIMER_SLOWEST_MS,
                         m_periods.Text("ms"));
      return false;
     }
  };

#endif
