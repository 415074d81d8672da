//+------------------------------------------------------------------+
//| One Expert Advisor for a venue id in this terminal.              |
//|                                                                  |
//| A temporary global variable of the terminal holds the second in  |
//| which its owner was last alive. Who finds it fresh waits; who    |
//| finds it stale, because its owner crashed, takes it by the       |
//| atomic GlobalVariableSetOnCondition. In another terminal the     |
//| gateway itself refuses a second Logon.                           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_INSTANCELOCK_MQH
#define PORTCULLIS_INSTANCELOCK_MQH

#define LOCK_STALE_S 10

class CInstanceLock
  {
private:
   string            m_name;
   bool              m_is_held;
   double            m_beat;

public:
                     CInstanceLock(void)
     {
      m_name="";
      m_is_held=false;
      m_beat=0;
     }
   bool              IsHeld(void) const { return m_is_held; }
   void              Begin(const string venue_id) { m_name="Portcullis."+venue_id; }

   //--- take it, or keep it; call it at least once a second. False: somebody else has it
   bool              Keep(void)
     {
      double now=(double)GetTickCount64()/1000.0;
      if(m_is_held)
        {
         if(now<m_beat+1.0)
            return true;
         //--- lost if somebody took it for stale while we slept
         m_is_held=GlobalVariableSetOnCondition(m_name,now,m_beat);
         m_beat=now;
         return m_is_held;
        }
      if(!GlobalVariableCheck(m_name))
         GlobalVariableTemp(m_name);
      double beat=GlobalVariableGet(m_name);
      if(beat!=0.0 && now<beat+LOCK_STALE_S && now>=beat)
         return false;
      m_is_held=GlobalVariableSetOnCondition(m_name,now,beat);
      m_beat=now;
      return m_is_held;
     }
   void              Release(void)
     {
      if(m_is_held)
         GlobalVariableSetOnCondition(m_name,0.0,m_beat);
      m_is_held=false;
     }
  };

#endif
