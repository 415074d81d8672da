//+------------------------------------------------------------------+
//| One FIX 4.4 session, the initiator's side (protocol/session.py), |
//| without a socket, a clock or a store.                            |
//|                                                                  |
//| Its caller: takes a fresh object's Begin for each attempt, sends |
//| every frame of `replies` in order, hands what it hears to        |
//| Receive, calls Tick when time passes, and drops the link when    |
//| `disconnect` says so. What may happen when stands in             |
//| FixTables.mqh (CONVERSATION, SEQUENCE).                          |
//|                                                                  |
//| A bridge keeps nothing of what it has sent: it logs on with      |
//| 141=Y always, and a ResendRequest ends the link (`resend`), so   |
//| that reconciliation tells what the gateway has missed.           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXSESSION_MQH
#define PORTCULLIS_FIXSESSION_MQH

#include "FixHeader.mqh"
#include "FixSpeech.mqh"
#include "FixState.mqh"

class CFixSession : public CFixSpeech
  {
private:
   CFixCodec         m_codec;
   long              m_interval_ms;
   CFixState         m_state;
   //--- silence, and whether the peer was asked to break it
   long              m_last_in_ns;
   bool              m_is_tested;
   //--- what is missing: until which number, from which on it was asked for, and when
   long              m_gap_until;
   long              m_gap_asked_for;
   long              m_gap_asked_ns;

public:
   long              next_in;
   //--- a message for the application, in its turn
   bool              delivers;
   SFixMessage       delivered;
   //--- the peer asks for messages of ours again
   bool              resend;
   //--- why the link is to be dropped, or ""
   string            disconnect;
   //--- 50 of the gateway's Logon: its instance
   string            peer_sub_id;
   //--- the peer refused a message of ours: its Text (58)
   string            rejected;

                     CFixSession(void) { Begin("","",10); }
   //--- ahead_ns: so far UTC is ahead of the time that all calls are given
   void              Begin(const string comp_id,const string peer_comp_id,const int heart_bt_int,
                           const long ahead_ns=0)
     {
      BeginSpeech(comp_id,peer_comp_id,ahead_ns);
      m_interval_ms=(long)heart_bt_int*1000;
      m_state.Begin();
      m_last_in_ns=0;
      m_is_tested=false;
      next_in=1;
      peer_sub_id="";
      ForgetGap();
      Forget();
     }
   bool              IsActive(void) const { return m_state.Is(STATE_ACTIVE); }
   ENUM_SESSION_STATE State(void) const { return m_state.Get(); }

   //--- forget what the last call has brought
   void              Forget(void)
     {
      ForgetSaid();
      delivers=false;
      resend=false;
      disconnect="";
      rejected="";
     }

   //--- say Logon with 141=Y. With a token the nonce must never repeat
   bool              Logon(const long now_ns,const string token,const string nonce)
     {
      if(!Move(EVENT_SAY_LOGON))
         return false;
      next_in=1;
      ForgetGap();
      Hear(now_ns);
      return SayLogon(m_interval_ms/1000,token,nonce,now_ns);
     }
   bool              Logout(const string text,const long now_ns)
     {
      return Move(EVENT_SAY_LOGOUT) && SayLogout(text,now_ns);
     }
   void              LinkDown(void)
     {
      Move(EVENT_LINK_DOWN);
      ForgetGap();
     }

   //--- judge one frame of the peer's
   void              Receive(const uchar &frame[],const long now_ns)
     {
      ENUM_FRAME quality=m_codec.Decode(frame,ArraySize(frame),delivered);
      if(quality==FRAME_GARBLED)
        {
         remark="a garbled frame from the gateway: "+m_codec.garbled_text;
         return;
        }
      if(quality==FRAME_INVALID)
         remark="an invalid message from the gateway: "+m_codec.fault.text;
      bool sound=quality==FRAME_SOUND;
      if(delivered.msg_type=="A")
        {
         ReceiveLogon(sound,now_ns);
         return;
        }
      ENUM_SESSION_EVENT event=delivered.msg_type=="5" ? EVENT_HEAR_LOGOUT : EVENT_HEAR_OTHER;
      if(!m_state.May(event))
        {
         Break("received MsgType "+delivered.msg_type+" in state "+m_state.Name(),now_ns);
         return;
        }
      if(!m_state.Is(STATE_ACTIVE) && !m_state.Is(STATE_LOGOUT_SENT))
        {
         //--- a Logout that answers our Logon: refused, and it takes no number
         Move(event);
         disconnect="the gateway refused our Logon: "+delivered.Get(TAG_Text);
         return;
        }
      Hear(now_ns);
      ReceiveInTurn(sound,now_ns);
     }

   //--- say what time asks for
   void              Tick(const long now_ns)
     {
      if(m_state.Is(STATE_ACTIVE))
        {
         TickActive(now_ns);
         return;
        }
      long deadline=NextDeadline();
      if(deadline==0 || now_ns<deadline)
         return;
      string asked=m_state.Is(STATE_LOGON_SENT) ? "Logon" : "Logout";
      Move(EVENT_BREAK);
      disconnect="no answer to our "+asked;
     }
   //--- when Tick has something to do; 0 while nothing can become due
   long              NextDeadline(void) const
     {
      if(m_state.Is(STATE_LOGON_SENT))
         return m_last_out_ns+m_interval_ms*NS_PER_MS;
      if(m_state.Is(STATE_LOGOUT_SENT))
         return m_last_out_ns+(long)LOGOUT_PATIENCE_MS*NS_PER_MS;
      if(!m_state.Is(STATE_ACTIVE))
         return 0;
      long deadline=m_last_out_ns+m_interval_ms*NS_PER_MS;
      long silence=m_last_in_ns+Tenths(m_is_tested ? DROP_AFTER_TENTHS : TEST_AFTER_TENTHS);
      if(silence<deadline)
         deadline=silence;
      if(m_gap_until>=next_in)
        {
         long ask=m_gap_asked_for>0 ? m_gap_asked_ns+m_interval_ms*NS_PER_MS : 1;
         if(ask<deadline)
            deadline=ask;
        }
      return deadline;
     }

private:
   //--- the conversation

   bool              Move(const ENUM_SESSION_EVENT event)
     {
      if(m_state.Move(event))
         return true;
      remark="event "+IntegerToString((int)event)+" is not allowed in state "+m_state.Name();
      return false;
     }
   void              Hear(const long now_ns)
     {
      m_last_in_ns=now_ns;
      m_is_tested=false;
     }
   long              Tenths(const int tenths) const
     {
      return m_interval_ms*tenths/10*NS_PER_MS;
     }
   //--- say Logout with the reason, and leave
   void              Break(const string text,const long now_ns)
     {
      Move(EVENT_BREAK);
      ForgetGap();
      SayLogout(text,now_ns);
      disconnect=text;
     }

   //--- the sequence

   //--- what is wrong with the header of what was delivered, see HeaderFaultOf
   string            FaultOf(const bool sound,const long now_ns,SFixFault &fault,bool &ends)
     {
      if(!sound)
         fault=m_codec.fault;
      return HeaderFaultOf(delivered,sound,m_peer_comp_id,m_comp_id,Utc(now_ns),fault,ends);
     }

   void              ReceiveInTurn(const bool sound,const long now_ns)
     {
      SFixFault fault;
      bool ends=false;
      string text=FaultOf(sound,now_ns,fault,ends);
      bool faulty=text!="";
      bool doubtful=faulty && ends;
      long number=delivered.GetWhole(TAG_MsgSeqNum);
      ENUM_VERDICT verdict=!sound && doubtful ? VERDICT_BREAK
                           : VerdictOf(delivered,sound,next_in);
      if(verdict==VERDICT_BREAK)
         Break(doubtful ? text : "MsgSeqNum too low, expecting "+IntegerToString(next_in)+
               " but received "+IntegerToString(number),now_ns);
      else
         if(verdict==VERDICT_ASK && !doubtful)
            Ask(number,now_ns);
         else
            if(faulty)
              {
               fault.text=text;
               ReceiveFaulty(number,fault,ends,now_ns);
              }
            else
               if(verdict!=VERDICT_IGNORE)
                  ActInTurn(number,now_ns);
     }
   //--- a Reject; the message counts if its turn has come. A doubtful peer loses the session
   void              ReceiveFaulty(const long number,const SFixFault &fault,const bool ends,
                                   const long now_ns)
     {
      if(number==next_in)
         next_in++;
      SayReject(number,delivered.msg_type,fault,now_ns);
      if(ends)
         Break(fault.text,now_ns);
     }
   void              ActInTurn(const long number,const long now_ns)
     {
      if(delivered.msg_type=="4")
        {
         ReceiveSequenceReset(number,now_ns);
         return;
        }
      bool taken=number==next_in;
      if(taken)
         next_in++;
      Act(now_ns);
      //--- acted on although it came too early: first the answer, then the question
      if(!taken && disconnect=="")
         Ask(number,now_ns);
     }
   void              Act(const long now_ns)
     {
      string type=delivered.msg_type;
      if(type=="1")
         SayHeartbeat(delivered.Get(TAG_TestReqID),now_ns);
      else
         if(type=="2")
            ReceiveResendRequest(now_ns);
         else
            if(type=="3")
               rejected=delivered.Get(TAG_Text)+" (45="+delivered.Get(TAG_RefSeqNum)+" 371="+
                        delivered.Get(TAG_RefTagID)+")";
            else
               if(type=="5")
                  ReceiveLogout(now_ns);
               else
                  if(type!="0")
                     delivers=true;
     }
   void              ReceiveResendRequest(const long now_ns)
     {
      long last=next_out-1;
      long begin=delivered.GetWhole(TAG_BeginSeqNo);
      long end=delivered.GetWhole(TAG_EndSeqNo);
      if(begin<1)
         begin=1;
      if(end==0 || end>last)
         end=last;
      if(begin<=end)
        {
         resend=true;
         return;
        }
      SFixFault fault;
      fault.reason=FIX_SESSION_REJECT_REASON_VALUE_IS_INCORRECT;
      fault.tag=TAG_BeginSeqNo;
      fault.text="the last message sent was "+IntegerToString(last);
      ReceiveFaulty(delivered.GetWhole(TAG_MsgSeqNum),fault,false,now_ns);
     }
   void              ReceiveLogout(const long now_ns)
     {
      bool asked=m_state.Is(STATE_LOGOUT_SENT);
      string text=delivered.Get(TAG_Text);
      Move(EVENT_HEAR_LOGOUT);
      if(!asked)
         SayLogout("",now_ns);
      disconnect=(asked ? "logged out" : "the gateway logged out")+(text!="" ? ": "+text : "");
     }
   void              ReceiveSequenceReset(const long number,const long now_ns)
     {
      long floor=delivered.GetFlag(TAG_GapFillFlag) ? number+1 : next_in;
      long new_seq_no=delivered.GetWhole(TAG_NewSeqNo);
      if(new_seq_no>=floor)
        {
         next_in=new_seq_no;
         return;
        }
      SFixFault fault;
      fault.reason=FIX_SESSION_REJECT_REASON_VALUE_IS_INCORRECT;
      fault.tag=TAG_NewSeqNo;
      fault.text="received NewSeqNo(36)="+IntegerToString(new_seq_no)+", expected "+
                 IntegerToString(floor)+" or more";
      ReceiveFaulty(number,fault,false,now_ns);
     }
   void              ReceiveLogon(const bool sound,const long now_ns)
     {
      SFixFault fault;
      bool ends=false;
      string text=FaultOf(sound,now_ns,fault,ends);
      if(text=="" && !m_state.May(EVENT_HEAR_LOGON))
         text="received Logon in state "+m_state.Name();
      if(text=="" && !delivered.GetFlag(TAG_ResetSeqNumFlag))
         text="received 141=N, expected our own value back";
      if(text=="" && delivered.GetWhole(TAG_MsgSeqNum)!=1)
         text="received 141=Y with a MsgSeqNum that is not 1";
      if(text!="")
        {
         Break(text,now_ns);
         return;
        }
      Move(EVENT_HEAR_LOGON);
      Hear(now_ns);
      peer_sub_id=delivered.Get(TAG_SenderSubID);
      next_in++;
     }

   //--- time

   void              TickActive(const long now_ns)
     {
      if(now_ns-m_last_in_ns>=Tenths(DROP_AFTER_TENTHS))
        {
         Break("heard nothing for "+IntegerToString((now_ns-m_last_in_ns)/NS_PER_SECOND)+" s",
               now_ns);
         return;
        }
      if(m_gap_until>=next_in)
         Ask(0,now_ns);
      if(!m_is_tested && now_ns-m_last_in_ns>=Tenths(TEST_AFTER_TENTHS))
        {
         m_is_tested=true;
         SayTestRequest(now_ns);
        }
      if(now_ns-m_last_out_ns>=m_interval_ms*NS_PER_MS)
         SayHeartbeat("",now_ns);
     }

   //--- the gap

   void              ForgetGap(void)
     {
      m_gap_until=0;
      m_gap_asked_for=0;
      m_gap_asked_ns=0;
     }
   //--- ask for everything from the gap on, unless that is under way
   void              Ask(const long seen,const long now_ns)
     {
      if(seen>m_gap_until)
         m_gap_until=seen;
      if(m_gap_asked_for==next_in && now_ns<m_gap_asked_ns+m_interval_ms*NS_PER_MS)
         return;
      m_gap_asked_for=next_in;
      m_gap_asked_ns=now_ns;
      SayResendRequest(next_in,now_ns);
     }
  };

#endif
