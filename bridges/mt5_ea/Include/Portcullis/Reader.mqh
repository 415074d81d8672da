//+------------------------------------------------------------------+
//| How soon a message of the gateway's is read after it has come.   |
//|                                                                  |
//| The terminal's timer comes every 10 to 16 ms at best. Without a  |
//| DLL there are two ways below that, both by an event that the     |
//| program posts to its own chart at the end of handling it, so     |
//| that the reader keeps turning while a session is live:           |
//|                                                                  |
//| READ_ON_TIMER   once a timer period: nearly free, 5 to 16 ms     |
//| READ_BY_EVENTS  turn after turn, until the turns of this timer   |
//|                 period have used their share of it (duty_percent |
//|                 of one core while a session is live)             |
//| READ_WAITING    turn after turn, each waiting in the socket for  |
//|                 at most wait_ms: as soon as the byte is there,   |
//|                 and hardly any work; other events of the program |
//|                 (transactions, ticks) wait as long; with TLS,    |
//|                 where nothing can wait, READ_BY_EVENTS instead   |
//|                                                                  |
//| In every mode a transaction or tick posts a turn, so that what   |
//| it tells goes out at once. A turn that got lost is made up for   |
//| by the next timer.                                               |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_READER_MQH
#define PORTCULLIS_READER_MQH

#define READER_EVENT 7001

enum ENUM_READING
  {
   READ_ON_TIMER,
   READ_BY_EVENTS,
   READ_WAITING
  };

class CReader
  {
private:
   ENUM_READING      m_mode;
   ulong             m_share_us;
   uint              m_wait_ms;
   ulong             m_used_us;
   bool              m_is_posted;
   //--- turns since the last timer
   long              m_turns;

public:
                     CReader(void) { Begin(READ_ON_TIMER,10,50,2); }
   void              Begin(const ENUM_READING mode,const int timer_ms,const int duty_percent,
                           const uint wait_ms)
     {
      m_mode=mode;
      m_share_us=(ulong)timer_ms*10*(ulong)duty_percent;
      m_wait_ms=wait_ms;
      m_used_us=0;
      m_is_posted=false;
      m_turns=0;
     }
   //--- how long a turn waits in the socket
   uint              WaitMs(const bool is_live) const
     {
      return m_mode==READ_WAITING && is_live ? m_wait_ms : 0;
     }
   //--- a timer period begins; a turn that was posted a period ago and never came is lost
   void              BeginPeriod(void)
     {
      if(m_turns==0)
         m_is_posted=false;
      m_turns=0;
      m_used_us=0;
     }
   void              BeginTurn(void)
     {
      m_is_posted=false;
      m_turns++;
     }
   //--- a turn or timer took so long: post the next one, if there is to be one
   void              End(const bool is_live,const ulong spent_us)
     {
      m_used_us+=spent_us;
      if(m_mode==READ_ON_TIMER || !is_live || m_is_posted)
         return;
      if(m_mode==READ_BY_EVENTS && m_used_us>=m_share_us)
         return;
      Nudge();
     }
   //--- something has happened: a turn soon, one for however much it was
   void              Nudge(void)
     {
      if(!m_is_posted)
         m_is_posted=EventChartCustom(0,READER_EVENT,0,0.0,"");
     }
  };

#endif
