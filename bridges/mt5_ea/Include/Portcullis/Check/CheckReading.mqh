//+------------------------------------------------------------------+
//| The reader in each of its modes, on a line to the peer that      |
//| `portcullis mt5 check` opens: how long a byte waits, and what    |
//| part of the time the turns take.                                 |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKREADING_MQH
#define PORTCULLIS_CHECKREADING_MQH

#include "CheckPeer.mqh"
#include <Portcullis/Reader.mqh>

#define READING_MS 2000
#define READING_DUTY 50
#define READING_WAIT_MS 2
#define READING_LOOSE 15
#define READING_PING_MS 40
#define READING_SOON_MS 5.0

string ReadingName(const ENUM_READING mode)
  {
   if(mode==READ_WAITING)
      return "READ_WAITING";
   return mode==READ_BY_EVENTS ? "READ_BY_EVENTS" : "READ_ON_TIMER";
  }

class CCheckReading : public CCheckStep
  {
   CReader           m_reader;
   CTcp              m_tcp;
   ENUM_READING      m_mode;
   bool              m_is_open;
   ulong             m_begun_us;
   ulong             m_pinged_us;
   bool              m_is_out;      // a ping is under way
   ulong             m_used_us;
   SFigures          m_waits;
   string            m_text;
   bool              m_is_good;

public:
                     CCheckReading(void) { m_mode=READ_ON_TIMER; m_is_open=false; }
   virtual string    Names(void) override { return "reading-duty"; }
   virtual void      Begin(void) override
     {
      m_text="";
      m_is_good=true;
      m_is_open=false;
      BeginMode(READ_ON_TIMER);
     }
   virtual bool      More(void) override
     {
      if(!m_is_open)
        {
         m_is_open=OpenPeer(m_tcp,m_settings,"echo");
         if(!m_is_open)
           {
            m_report_ptr.Say("reading-duty",CHECK_OPEN,NoPeer(m_tcp.problem));
            return false;
           }
         BeginMode(READ_ON_TIMER);
        }
      m_reader.BeginPeriod();
      Turn();
      if(GetMicrosecondCount()-m_begun_us<(ulong)READING_MS*1000)
         return true;
      EndMode();
      if(m_mode==READ_WAITING)
        {
         m_tcp.Close();
         m_report_ptr.Judge("reading-duty",m_is_good,m_text);
         return false;
        }
      BeginMode(m_mode==READ_ON_TIMER ? READ_BY_EVENTS : READ_WAITING);
      return true;
     }
   virtual void      OnEvent(const int id,const long value) override
     {
      if(id!=CHARTEVENT_CUSTOM+READER_EVENT || !m_is_open)
         return;
      m_reader.BeginTurn();
      Turn();
     }

private:
   void              BeginMode(const ENUM_READING mode)
     {
      m_mode=mode;
      m_reader.Begin(mode,CHECK_TIMER_MS,READING_DUTY,READING_WAIT_MS);
      m_waits.Clear();
      m_used_us=0;
      m_is_out=false;
      m_begun_us=GetMicrosecondCount();
      m_pinged_us=m_begun_us;
     }
   void              EndMode(void)
     {
      double share=(double)m_used_us*100/(double)(GetMicrosecondCount()-m_begun_us);
      m_text+=(m_text=="" ? "" : "; ")+ReadingName(m_mode)+": there and back "+
              m_waits.Text("ms")+StringFormat(", %.0f%% of the time in turns",share);
      if(m_waits.Count()==0 || (m_mode==READ_BY_EVENTS && share>READING_DUTY+READING_LOOSE) ||
         (m_mode==READ_WAITING && m_waits.Median()>READING_SOON_MS))
         m_is_good=false;
     }
   void              Turn(void)
     {
      ulong start_us=GetMicrosecondCount();
      uchar bytes[];
      uint wait_ms=m_reader.WaitMs(true);
      bool is_up=wait_ms>0 ? m_tcp.ReadFirst(bytes,wait_ms) : m_tcp.Read(bytes);
      if(ArraySize(bytes)>0 && m_is_out)
        {
         m_waits.Add((double)(GetMicrosecondCount()-m_pinged_us)/1000.0);
         m_is_out=false;
        }
      if(is_up && !m_is_out && start_us-m_pinged_us>=(ulong)READING_PING_MS*1000)
        {
         CByteQueue queue;
         queue.AppendByte('p');
         m_pinged_us=GetMicrosecondCount();
         m_is_out=m_tcp.Write(queue);
        }
      ulong spent_us=GetMicrosecondCount()-start_us;
      m_used_us+=spent_us;
      m_reader.End(is_up,spent_us);
     }
  };

#endif
