//+------------------------------------------------------------------+
//| What the bridge does for each message of the gateway, without a  |
//| socket (bridges/session.py).                                     |
//|                                                                  |
//| 1. Receive judges a message. What it decides is staged.          |
//| 2. Commit makes the notes of ids durable, once for the batch,    |
//|    and only then does what was staged.                           |
//| 3. What comes of it waits in the outbox.                         |
//|                                                                  |
//| A D or G whose id was seen before is answered by the state of    |
//| the order that has it, and the venue is not called, whatever     |
//| became of the first. One whose id is tombstoned is refused. One  |
//| that is older than our notes is asked about at the venue.        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BRIDGESESSION_MQH
#define PORTCULLIS_BRIDGESESSION_MQH

#include "Outbox.mqh"

enum ENUM_STAGED
  {
   STAGED_SAY,
   STAGED_SUBMIT,
   STAGED_CANCEL,
   STAGED_REPLACE,
   STAGED_PROTECT,
   STAGED_LOOK_UP,
   STAGED_QUESTION
  };

//--- what a message leads to, once the notes are durable
struct SStaged
  {
   ENUM_STAGED       kind;
   long              asked_ns;
   SFixMessage       message;
  };

class CBridgeSession
  {
private:
   CVenue           *m_venue_ptr;
   CIdNotes         *m_notes_ptr;
   SStaged           m_staged[];
   long              m_now_ns;
   long              m_asked_ns;

public:
   COutbox           outbox;

                     CBridgeSession(void)
     {
      m_venue_ptr=NULL;
      m_notes_ptr=NULL;
      m_now_ns=0;
      m_asked_ns=0;
     }
   void              Begin(const string venue_id,const string account,CVenue *venue_ptr,
                           CIdNotes *notes_ptr,const bool publishes,const long now_ns)
     {
      m_venue_ptr=venue_ptr;
      m_notes_ptr=notes_ptr;
      m_now_ns=now_ns;
      outbox.Begin(venue_id,account,venue_ptr,publishes,now_ns);
      ArrayResize(m_staged,0);
     }
   //--- the gateway is logged on; `instance` is what all its ids begin with, if it has said so
   void              LinkUp(const string instance)
     {
      if(instance!="" && IntegerToString(StringToInteger(instance))==instance)
         m_venue_ptr.Recognise(StringToInteger(instance));
      outbox.Open();
     }
   //--- nobody is logged on any more
   void              LinkDown(void)
     {
      ArrayResize(m_staged,0);
      outbox.Close();
     }

   //--- judge one message, which may have waited since asked_ns; nothing happens before Commit
   void              Receive(const SFixMessage &message,const long asked_ns,const long now_ns)
     {
      m_now_ns=now_ns;
      m_asked_ns=asked_ns;
      string type=message.msg_type;
      if(type=="D")
         New(message);
      else
         if(type=="F")
            Cancel(message);
         else
            if(type=="G")
               Replace(message);
            else
               if(type=="H")
                  Status(message);
               else
                  if(type=="AL")
                     Protect(message);
                  else
                     Stage(STAGED_QUESTION,message);
     }
   //--- the link ends: what is staged and would be new is too late, whatever its age
   void              Abandon(void)
     {
      for(int i=0; i<ArraySize(m_staged); i++)
         m_staged[i].asked_ns=0;
     }
   //--- make the notes durable, then do what was staged; false: the program must stop
   bool              Commit(void)
     {
      int count=ArraySize(m_staged);
      if(count==0)
         return true;
      if(!m_notes_ptr.Commit())
         return false;
      for(int i=0; i<count; i++)
         Do(m_staged[i]);
      ArrayResize(m_staged,0,64);
      return true;
     }

private:
   void              Stage(const ENUM_STAGED kind,const SFixMessage &message)
     {
      int size=ArraySize(m_staged);
      ArrayResize(m_staged,size+1,64);
      m_staged[size].kind=kind;
      m_staged[size].asked_ns=m_asked_ns;
      m_staged[size].message=message;
     }

   //--- the venue cannot know this id, and it is seen to that it never will
   bool              IsStranger(const string cl_ord_id,const string order_id)
     {
      if(m_notes_ptr.WasSent(cl_ord_id) ||
         (!m_notes_ptr.Covers(cl_ord_id) && m_venue_ptr.MayKnow(cl_ord_id,order_id)))
         return false;
      m_notes_ptr.Bury(cl_ord_id);
      return true;
     }
   void              New(const SFixMessage &message)
     {
      string cl_ord_id=message.Get(TAG_ClOrdID);
      SFixMessage answer;
      if(m_notes_ptr.IsBuried(cl_ord_id))
        {
         outbox.reports.RefusedNew(message,TOMBSTONED,FIX_ORD_REJ_REASON_OTHER,answer);
         Stage(STAGED_SAY,answer);
         return;
        }
      if(m_notes_ptr.WasSent(cl_ord_id))
        {
         Stage(STAGED_LOOK_UP,message);
         return;
        }
      m_notes_ptr.Hold(cl_ord_id);
      Stage(STAGED_SUBMIT,message);
     }
   void              Cancel(const SFixMessage &message)
     {
      SFixMessage answer;
      if(!IsStranger(message.Get(TAG_OrigClOrdID),message.Get(TAG_OrderID)))
        {
         Stage(STAGED_CANCEL,message);
         return;
        }
      outbox.reports.RefusedCancel(message,NEVER_SENT,FIX_CXL_REJ_REASON_UNKNOWN_ORDER,answer);
      Stage(STAGED_SAY,answer);
     }
   void              Replace(const SFixMessage &message)
     {
      string cl_ord_id=message.Get(TAG_ClOrdID);
      SFixMessage answer;
      if(m_notes_ptr.IsBuried(cl_ord_id))
        {
         outbox.reports.RefusedCancel(message,TOMBSTONED,FIX_CXL_REJ_REASON_OTHER,answer);
         Stage(STAGED_SAY,answer);
         return;
        }
      if(IsStranger(message.Get(TAG_OrigClOrdID),message.Get(TAG_OrderID)))
        {
         outbox.reports.RefusedCancel(message,NEVER_SENT,FIX_CXL_REJ_REASON_UNKNOWN_ORDER,answer);
         Stage(STAGED_SAY,answer);
         return;
        }
      if(m_notes_ptr.WasSent(cl_ord_id))
        {
         Stage(STAGED_LOOK_UP,message);
         return;
        }
      m_notes_ptr.Hold(cl_ord_id);
      Stage(STAGED_REPLACE,message);
     }
   void              Status(const SFixMessage &message)
     {
      SFixMessage answer;
      SVenueOrder none;
      if(!IsStranger(message.Get(TAG_ClOrdID),message.Get(TAG_OrderID)))
        {
         Stage(STAGED_LOOK_UP,message);
         return;
        }
      outbox.reports.Status(message,false,none,true,NEVER_SENT,answer);
      Stage(STAGED_SAY,answer);
     }

   //--- one that was seen before is not sent again: what became of it the positions show
   void              Protect(const SFixMessage &message)
     {
      string id=message.Get(TAG_PosReqID);
      if(m_notes_ptr.WasSent(id))
        {
         SFixMessage answer;
         outbox.Unsure(message,m_now_ns,answer);
         Stage(STAGED_SAY,answer);
         return;
        }
      m_notes_ptr.Hold(id);
      Stage(STAGED_PROTECT,message);
     }

   void              Do(const SStaged &staged)
     {
      SLevelsRequest levels;
      SOrderRequest order;
      SCancelRequest request;
      switch(staged.kind)
        {
         case STAGED_SAY:
            outbox.Say(staged.message);
            break;
         case STAGED_SUBMIT:
            ReadOrder(staged.message,order);
            m_venue_ptr.Submit(order,staged.asked_ns);
            break;
         case STAGED_REPLACE:
            ReadOrder(staged.message,order);
            m_venue_ptr.Replace(order,staged.asked_ns);
            break;
         case STAGED_CANCEL:
            ReadCancel(staged.message,request);
            m_venue_ptr.Cancel(request,m_now_ns);
            break;
         case STAGED_PROTECT:
            ReadLevels(staged.message,levels);
            m_venue_ptr.Protect(levels,staged.asked_ns);
            break;
         case STAGED_LOOK_UP:
            m_venue_ptr.LookUp(outbox.Remember(staged.message,m_now_ns),
                               staged.message.Get(TAG_ClOrdID),m_now_ns);
            break;
         default:
            Question(staged.message);
        }
     }
   void              Question(const SFixMessage &message)
     {
      string type=message.msg_type;
      if(type=="AF")
         m_venue_ptr.OpenOrders(outbox.Remember(message,m_now_ns),m_now_ns);
      else
         if(type=="AD")
           {
            long since_ns=SinceOf(message);
            m_venue_ptr.LedgerEntries("",since_ns,m_now_ns);
            m_venue_ptr.FillsSince(outbox.Remember(message,m_now_ns),since_ns,m_now_ns);
           }
         else
            if(type=="AN")
               m_venue_ptr.Positions(outbox.Remember(message,m_now_ns),m_now_ns);
            else
               if(type=="BB")
                  m_venue_ptr.Balances(outbox.Remember(message,m_now_ns),m_now_ns);
               else
                  if(type=="x")
                     m_venue_ptr.Instruments(outbox.Remember(message,m_now_ns),m_now_ns);
                  else
                     RefuseQuestion(message);
     }
   void              RefuseQuestion(const SFixMessage &message)
     {
      SFixMessage answer;
      if(message.msg_type=="U1")
        {
         answer.Begin("U1");
         answer.Add(TAG_ClOrdID,message.Get(TAG_ClOrdID));
         answer.Add(TAG_Command,message.Get(TAG_Command));
         answer.Add(TAG_Outcome,"REFUSED");
         answer.Add(TAG_Text,"received a command, but this bridge takes none");
        }
      else
        {
         answer.Begin("j");
         answer.AddWhole(TAG_RefSeqNum,message.GetWhole(TAG_MsgSeqNum));
         answer.Add(TAG_RefMsgType,message.msg_type);
         answer.Add(TAG_BusinessRejectReason,
                    FIX_BUSINESS_REJECT_REASON_UNSUPPORTED_MESSAGE_TYPE);
         answer.Add(TAG_Text,"a bridge does not take MsgType(35)="+message.msg_type);
        }
      outbox.Say(answer);
     }
  };

#endif
