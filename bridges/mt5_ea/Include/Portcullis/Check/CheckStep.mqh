//+------------------------------------------------------------------+
//| A step of the self-check: some beliefs, by their names, and how  |
//| they are tried.                                                  |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKSTEP_MQH
#define PORTCULLIS_CHECKSTEP_MQH

#include "CheckFigures.mqh"
#include "CheckReport.mqh"
#include "CheckTrade.mqh"
#include "CheckTrail.mqh"

//--- the shortest that a terminal gives
#define CHECK_TIMER_MS 10

struct SCheckSettings
  {
   string            host;          // of `portcullis mt5 check`
   uint              port;
   int               stop_s;        // how long a stop-loss is waited for, 0: not at all
   int               cut_s;         // how long a cut of the line is waited for, 0: not at all
   int               rounds;
  };

class CCheckStep
  {
protected:
   CCheckReport     *m_report_ptr;
   CCheckTrade      *m_trade_ptr;
   CCheckTrail      *m_trail_ptr;
   SCheckSettings    m_settings;

public:
                     CCheckStep(void) { m_report_ptr=NULL; m_trade_ptr=NULL; m_trail_ptr=NULL; }
   void              Open(CCheckReport *report_ptr,CCheckTrade *trade_ptr,CCheckTrail *trail_ptr,
                          const SCheckSettings &settings)
     {
      m_report_ptr=report_ptr;
      m_trade_ptr=trade_ptr;
      m_trail_ptr=trail_ptr;
      m_settings=settings;
     }
   //--- the beliefs that it tries, separated by blanks
   virtual string    Names(void)=0;
   //--- does it send orders
   virtual bool      Trades(void) { return false; }
   virtual void      Begin(void) {}
   //--- do the next part, at each timer; false: that was the last one
   virtual bool      More(void)=0;
   virtual void      OnEvent(const int id,const long value) {}
  };

#endif
