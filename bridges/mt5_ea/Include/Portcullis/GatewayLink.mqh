//+------------------------------------------------------------------+
//| Our side of the link to the gateway (bridges/connection.py): log |
//| on, keep alive, fall silent, log on again.                       |
//|                                                                  |
//| - Every Logon says 141=Y: what happened while the link was down  |
//|   is asked for, never resent.                                    |
//| - Each attempt has a connection of its own; the pause between    |
//|   attempts doubles up to a bound.                                |
//| - What was received in a batch is done behind one commit of the  |
//|   notes. If the commit fails nothing is done, and is_dead says   |
//|   that the program must stop.                                    |
//| - Each message comes with the moment since when it may have      |
//|   waited: for us to read it, or on its way. Of a batch in which  |
//|   the link ends only cancels are done.                           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_GATEWAYLINK_MQH
#define PORTCULLIS_GATEWAYLINK_MQH

#include "BridgeSession.mqh"
#include "FixSession.mqh"
#include "Lateness.mqh"
#include "ZmtpLink.mqh"

#define LOGON_PATIENCE_MS 2000

struct SIdentity
  {
   string            comp_id;
   string            peer_comp_id;
   string            token;
   int               heart_bt_int;
  };

class CGatewayLink
  {
private:
   CZmtpLink         m_link;
   CFixSession       m_fix;
   CLateness         m_lateness;
   CBackOff          m_back_off;
   SIdentity         m_identity;
   CBridgeSession   *m_session_ptr;
   CUtcClock        *m_clock_ptr;
   bool              m_is_trying;
   long              m_attempt_ns;
   long              m_patience_ns;
   long              m_drained_ns;     // nothing that is read now was there before
   long              m_asked_ns;       // the same of a message, by its own words too
   long              m_nonces;
   string            m_said;

public:
   //--- since when nobody is logged on; 0 while somebody is
   long              down_since_ns;
   bool              is_dead;

                     CGatewayLink(void)
     {
      m_session_ptr=NULL;
      m_clock_ptr=NULL;
      m_is_trying=false;
      m_attempt_ns=0;
      m_patience_ns=0;
      m_drained_ns=0;
      m_asked_ns=0;
      m_nonces=0;
      m_said="";
      down_since_ns=0;
      is_dead=false;
     }
   void              Begin(const SEndpoint &endpoint,const SIdentity &identity,
                           CBridgeSession *session_ptr,CUtcClock *clock_ptr,const long now_ns)
     {
      m_link.Begin("DEALER",endpoint);
      m_identity=identity;
      m_session_ptr=session_ptr;
      m_clock_ptr=clock_ptr;
      m_back_off.Begin(50,500);
      m_attempt_ns=now_ns;
      down_since_ns=now_ns;
     }
   bool              IsLive(void) const { return m_is_trying && m_fix.IsActive(); }
   //--- has nothing come that was not read
   bool              IsQuiet(void) const { return !m_is_trying || !m_link.IsWaiting(); }

   //--- hear what there is; with wait_ms wait for its first byte
   void              Receive(const long now_ns,const uint wait_ms)
     {
      uchar frame[];
      if(!m_is_trying || is_dead)
         return;
      bool good=m_link.Read(now_ns,wait_ms);
      while(m_is_trying && m_link.NextMessage(frame))
        {
         m_fix.Receive(frame,now_ns);
         m_asked_ns=MathMin(m_drained_ns,now_ns-m_lateness.Of(m_fix.delivered,now_ns));
         React(now_ns);
        }
      if(!good && m_is_trying)
         Drop(m_link.problem,now_ns);
      Commit();
      if(m_link.is_drained)
         m_drained_ns=now_ns;
     }
   //--- log on if it is time to; else say what is to be said, and keep the link alive
   void              Step(const long now_ns)
     {
      if(is_dead)
         return;
      if(!m_is_trying)
        {
         if(now_ns>=m_attempt_ns)
            LogOn(now_ns);
         return;
        }
      if(m_fix.IsActive())
        {
         SayAll(now_ns);
         m_fix.Tick(now_ns);
         React(now_ns);
        }
      else
         if(now_ns>=m_patience_ns)
            Drop("no answer to our Logon",now_ns);
      if(m_is_trying && !m_link.Flush(now_ns))
         Drop(m_link.problem,now_ns);
     }
   //--- say goodbye, as far as there is anybody
   void              LogOut(const string text,const long now_ns)
     {
      if(IsLive() && m_fix.Logout(text,now_ns))
        {
         SayReplies();
         m_link.Flush(now_ns);
        }
      m_link.Close();
      m_is_trying=false;
     }

private:
   void              LogOn(const long now_ns)
     {
      if(!m_link.Open(now_ns))
        {
         Drop(m_link.problem,now_ns);
         return;
        }
      m_is_trying=true;
      m_drained_ns=now_ns;
      m_lateness.Begin();
      m_patience_ns=now_ns+(long)LOGON_PATIENCE_MS*NS_PER_MS;
      m_fix.Begin(m_identity.comp_id,m_identity.peer_comp_id,m_identity.heart_bt_int,
                  m_clock_ptr.Ahead());
      if(!m_fix.Logon(now_ns,m_identity.token,m_identity.token!="" ? NextNonce(now_ns) : ""))
        {
         Drop(m_fix.remark,now_ns);
         return;
        }
      SayReplies();
      if(!m_link.Flush(now_ns))
         Drop(m_link.problem,now_ns);
     }
   //--- a text that is never used twice
   string            NextNonce(const long now_ns)
     {
      m_nonces++;
      return IntegerToString(now_ns)+"-"+IntegerToString((long)GetMicrosecondCount())+"-"+
             IntegerToString(m_nonces)+"-"+IntegerToString(MathRand());
     }
   void              SayReplies(void)
     {
      for(int i=0; i<ArraySize(m_fix.replies); i++)
         m_link.Say(m_fix.replies[i].bytes,ArraySize(m_fix.replies[i].bytes),false);
      m_fix.Forget();
     }
   void              SayAll(const long now_ns)
     {
      m_session_ptr.outbox.SayQuotes(now_ns);
      for(int i=0; i<ArraySize(m_session_ptr.outbox.messages); i++)
         if(!m_fix.Say(m_session_ptr.outbox.messages[i],now_ns))
           {
            Print("error: ",m_fix.remark);
            m_fix.remark="";
           }
      ArrayResize(m_session_ptr.outbox.messages,0,64);
      SayReplies();
     }
   //--- do what the session has decided, in the order of its fields
   void              React(const long now_ns)
     {
      if(m_fix.IsActive() && !m_session_ptr.outbox.IsOpen())
        {
         Print("logged on to ",m_identity.peer_comp_id," as ",m_identity.comp_id);
         m_back_off.Forget();
         m_said="";
         down_since_ns=0;
         m_session_ptr.LinkUp(m_fix.peer_sub_id);
        }
      if(m_fix.remark!="")
         Print("warning: ",m_fix.remark);
      if(m_fix.rejected!="")
         Print("error: the gateway rejected a message of ours: ",m_fix.rejected);
      if(m_fix.delivers)
         m_session_ptr.Receive(m_fix.delivered,m_asked_ns,now_ns);
      bool resend=m_fix.resend;
      string disconnect=m_fix.disconnect;
      SayReplies();
      if(disconnect!="")
        {
         m_link.Flush(now_ns);
         Drop(disconnect,now_ns);
        }
      else
         if(resend)
            Drop("the gateway missed messages: reconciliation instead of resend",now_ns);
     }
   void              Commit(void)
     {
      if(is_dead || m_session_ptr.Commit())
         return;
      is_dead=true;
      m_link.Close();
      m_is_trying=false;
     }
   void              Drop(const string why,const long now_ns)
     {
      //--- its text has the moment in it; what it means is said once
      bool is_clock=StringFind(why,"SendingTime(52)")>=0;
      string said=is_clock ? "SendingTime(52)" : why;
      if(m_session_ptr.outbox.IsOpen() || said!=m_said)
         Print("warning: no link to ",m_identity.peer_comp_id,": ",why);
      m_said=said;
      m_link.Close();
      m_is_trying=false;
      m_fix.LinkDown();
      m_fix.Forget();
      //--- what was received in this batch is judged before the link counts as gone
      m_session_ptr.Abandon();
      Commit();
      m_session_ptr.LinkDown();
      //--- another bridge has our place, or one of the clocks is wrong: the gateway is there
      if(down_since_ns==0 || is_clock || StringFind(why,"ALREADY_LOGGED_ON")>=0)
         down_since_ns=now_ns;
      m_attempt_ns=now_ns+m_back_off.NextPauseMs()*NS_PER_MS;
     }
  };

#endif
