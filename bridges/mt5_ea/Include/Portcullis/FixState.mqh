//+------------------------------------------------------------------+
//| Where the conversation of a FIX session stands, and what may     |
//| happen next: the table CONVERSATION of FixTables.mqh.            |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXSTATE_MQH
#define PORTCULLIS_FIXSTATE_MQH

#include "FixTables.mqh"

class CFixState
  {
private:
   ENUM_SESSION_STATE m_state;

   int               Next(const ENUM_SESSION_EVENT event) const
     {
      return CONVERSATION[(int)m_state*SESSION_EVENTS+(int)event];
     }

public:
                     CFixState(void) { Begin(); }
   void              Begin(void) { m_state=STATE_DISCONNECTED; }
   ENUM_SESSION_STATE Get(void) const { return m_state; }
   bool              Is(const ENUM_SESSION_STATE state) const { return m_state==state; }
   bool              May(const ENUM_SESSION_EVENT event) const { return Next(event)>=0; }
   //--- false, and it stays where it is, when the event may not happen now
   bool              Move(const ENUM_SESSION_EVENT event)
     {
      if(!May(event))
         return false;
      m_state=(ENUM_SESSION_STATE)Next(event);
      return true;
     }
   string            Name(void) const
     {
      switch(m_state)
        {
         case STATE_DISCONNECTED:
            return "DISCONNECTED";
         case STATE_LOGON_SENT:
            return "LOGON_SENT";
         case STATE_LOGON_RECEIVED:
            return "LOGON_RECEIVED";
         case STATE_ACTIVE:
            return "ACTIVE";
         default:
            return "LOGOUT_SENT";
        }
     }
  };

#endif
