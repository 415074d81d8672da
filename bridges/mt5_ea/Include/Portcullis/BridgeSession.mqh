//+------------------------------------------------------------------+
//| What the bridge says and does for each message of the gateway,   |
//| without a socket (bridges/session.py).                           |
//|                                                                  |
//| 1. Receive judges a message. What it decides is staged.          |
//| 2. Commit makes the notes of ids durable, once for the batch,    |
//|    and only then does what was staged.                           |
//| 3. The venue's events become messages, and wait in the outbox.   |
//|                                                                  |
//| A D or G whose id was seen before is answered by the state of    |
//| the order that has it, and the venue is not called, whatever     |
//| became of the first. One whose id is tombstoned is refused.      |
//| While nobody is logged on what happens is not kept: the gateway  |
//| asks for all of it afterwards.                                   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BRIDGESESSION_MQH
#define PORTCULLIS_BRIDGESESSION_MQH

#include "AccountReports.mqh"
#include "QuoteBoard.mqh"

#define PENDING_MAX 1000

enum ENUM_STAGED
  {
   STAGED_SAY,
   STAGED_SUBMIT,
   STAGED_CANCEL,
   STAGED_REPLACE,
   STAGED_LOOK_UP,
   STAGED_QUESTION
  };

//--- what a message leads to, once the notes are durable
struct SStaged
  {
   ENUM_STAGED       kind;
   SFixMessage       message;
  };

//--- a question that the venue has not answered
struct SAsk
  {
   string            ask;
   SFixMessage       message;
  };

class CBridgeSession : public CVenueListener
  {
private:
   string            m_venue_id;
   CVenue           *m_venue_ptr;
   CIdNotes         *m_notes_ptr;
   CReports          m_reports;
   CAccountReports   m_account;
   SStaged           m_staged[];
   SAsk              m_asks[];
   long              m_ask_count;
   long              m_now_ns;
   bool              m_logged_on;

public:
   SFixMessage       outbox[];
   CQuoteBoard       quotes;

                     CBridgeSession(void)
     {
      m_venue_ptr=NULL;
      m_notes_ptr=NULL;
      m_ask_count=0;
      m_now_ns=0;
      m_logged_on=false;
     }
   void              Begin(const string venue_id,const string account,CVenue *venue_ptr,
                           CIdNotes *notes_ptr,const bool publishes,const long now_ns)
     {
      m_venue_id=venue_id;
      m_venue_ptr=venue_ptr;
      m_notes_ptr=notes_ptr;
      m_now_ns=now_ns;
      m_reports.Begin(venue_id+"-"+IntegerToString(now_ns/NS_PER_MS));
      m_account.Begin(venue_id,account);
      quotes.Begin(venue_id,now_ns/NS_PER_SECOND,publishes);
      LinkDown();
     }

   //--- the link to the gateway

   bool              IsLoggedOn(void) const { return m_logged_on; }
   //--- the gateway is logged on: tell it first how the terminal's link stands
   void              LinkUp(const long now_ns)
     {
      m_now_ns=now_ns;
      m_logged_on=true;
      quotes.ForgetSaid();
      OnLink(m_venue_ptr.Connected(),"");
     }
   void              LinkDown(void)
     {
      m_logged_on=false;
      ArrayResize(m_asks,0);
      ArrayResize(m_staged,0);
      ArrayResize(outbox,0);
     }

   //--- from the gateway

   //--- judge one message; nothing happens before Commit
   void              Receive(const SFixMessage &message,const long now_ns)
     {
      m_now_ns=now_ns;
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
                  Stage(STAGED_QUESTION,message);
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
   //--- the conflated quotes whose turn has come, into the outbox
   void              SayQuotes(const long now_ns)
     {
      if(!m_logged_on || !m_venue_ptr.Connected())
         return;
      for(int i=0; i<quotes.Count(); i++)
        {
         SFixMessage message;
         if(quotes.Due(i,now_ns,message))
            Say(message);
        }
     }

   //--- from the venue (CVenueListener)

   virtual void      OnAccepted(const SVenueOrder &order) override
     {
      SayOrder(order,FIX_EXEC_TYPE_NEW);
     }
   virtual void      OnExpired(const SVenueOrder &order) override
     {
      SayOrder(order,FIX_EXEC_TYPE_EXPIRED);
     }
   virtual void      OnReplaced(const SVenueOrder &order) override
     {
      SayOrder(order,FIX_EXEC_TYPE_REPLACED);
     }
   virtual void      OnTriggered(const SVenueOrder &order) override
     {
      SFixMessage message;
      m_reports.Triggered(order,message);
      Say(message);
     }
   virtual void      OnRejected(const SVenueOrder &order,const string reason,
                                const string text) override
     {
      SFixMessage message;
      m_reports.Rejected(order,reason,text,message);
      Say(message);
     }
   virtual void      OnFilled(const SVenueOrder &order,const SFill &fill) override
     {
      SFixMessage message;
      m_reports.Fill(order,fill,FIX_EXEC_TYPE_TRADE,message);
      Say(message);
     }
   virtual void      OnBusted(const SVenueOrder &order,const SFill &fill) override
     {
      SFixMessage message;
      m_reports.Fill(order,fill,FIX_EXEC_TYPE_TRADE_CANCEL,message);
      Say(message);
     }
   virtual void      OnCanceled(const SVenueOrder &order,const string request_id,
                                const string reason,const string text) override
     {
      SFixMessage message;
      m_reports.Canceled(order,request_id,reason,text,message);
      Say(message);
     }
   virtual void      OnCancelRefused(const SCancelRefused &refused) override
     {
      SFixMessage message;
      m_reports.CancelRefused(refused,message);
      Say(message);
     }

   virtual void      OnFound(const string ask,const bool found,const SVenueOrder &order,
                             const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      m_reports.Status(asked,found,order,complete,asked.msg_type=="H" ? "" : DUPLICATE,message);
      Say(message);
     }
   virtual void      OnOpenOrders(const string ask,const SVenueOrder &orders[],
                                  const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      string symbol=asked.Get(TAG_Symbol);
      int total=0;
      for(int i=0; i<ArraySize(orders); i++)
         if(symbol=="" || orders[i].symbol==symbol)
            total++;
      if(total==0)
        {
         m_reports.NoOpenOrder(asked,complete,message);
         Say(message);
        }
      int at=0;
      for(int i=0; i<ArraySize(orders); i++)
        {
         if(symbol!="" && orders[i].symbol!=symbol)
            continue;
         at++;
         m_reports.OpenOrder(asked,orders[i],at,total,complete,message);
         Say(message);
        }
     }
   virtual void      OnFills(const string ask,const SFill &fills[],const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      int total=ArraySize(fills);
      m_account.FillsBegin(asked,total,complete,message);
      Say(message);
      for(int i=0; i<total; i++)
        {
         m_account.Fill(asked,fills[i],i+1,total,message);
         Say(message);
        }
     }
   virtual void      OnPositions(const string ask,const SPosition &positions[],
                                 const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      int total=ArraySize(positions);
      m_account.PositionsBegin(asked,total,complete,message);
      Say(message);
      for(int i=0; i<total; i++)
        {
         m_account.Position(asked,positions[i],total,m_now_ns,message);
         Say(message);
        }
     }
   virtual void      OnBalances(const string ask,const SBalance &balances[],
                                const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      int total=ArraySize(balances);
      m_account.BalancesBegin(asked,total,complete,message);
      Say(message);
      for(int i=0; i<total; i++)
        {
         m_account.Balance(asked,balances[i],i+1,total,message);
         Say(message);
        }
     }
   virtual void      OnInstruments(const string ask,const SInstrument &instruments[],
                                   const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      SInstrument wanted[];
      bool all=asked.Get(TAG_SecurityListRequestType)==
               FIX_SECURITY_LIST_REQUEST_TYPE_ALL_SECURITIES || !asked.Has(TAG_Symbol);
      for(int i=0; i<ArraySize(instruments); i++)
        {
         if(!all && instruments[i].symbol!=asked.Get(TAG_Symbol))
            continue;
         int size=ArraySize(wanted);
         ArrayResize(wanted,size+1,64);
         wanted[size]=instruments[i];
        }
      SCapabilities able;
      m_venue_ptr.Capabilities(able);
      int from=0;
      do
        {
         m_account.Listing(asked,wanted,from,able,complete,message);
         Say(message);
         from+=INSTRUMENTS_MAX;
        }
      while(from<ArraySize(wanted));
     }
   virtual void      OnLedgerEntries(const string ask,const SLedgerEntry &entries[],
                                     const bool complete) override
     {
      for(int i=0; i<ArraySize(entries); i++)
        {
         SFixMessage message;
         m_account.Ledger(entries[i],message);
         Say(message);
        }
     }
   virtual void      OnBook(const SBook &book) override { quotes.OnBook(book); }
   virtual void      OnTraded(const STrade &trade) override { quotes.OnTraded(trade); }
   virtual void      OnLink(const bool up,const string text) override
     {
      SFixMessage message;
      message.Begin("h");
      message.Add(TAG_TradingSessionID,m_venue_id);
      message.Add(TAG_TradSesStatus,up ? FIX_TRAD_SES_STATUS_OPEN : FIX_TRAD_SES_STATUS_CLOSED);
      message.AddText(TAG_Text,text);
      Say(message);
     }
   virtual void      OnRateWarned(const long back_off_ms,const bool banned) override
     {
      SFixMessage message;
      message.Begin("h");
      message.Add(TAG_TradingSessionID,m_venue_id);
      message.Add(TAG_TradSesStatus,banned ? FIX_TRAD_SES_STATUS_HALTED :
                  FIX_TRAD_SES_STATUS_OPEN);
      message.Add(TAG_UnsolicitedIndicator,"Y");
      message.Add(TAG_Text,"RATE_WARNED");
      message.AddWhole(TAG_BackOffMs,back_off_ms);
      Say(message);
     }

private:
   void              Say(const SFixMessage &message)
     {
      if(!m_logged_on)
         return;
      int size=ArraySize(outbox);
      ArrayResize(outbox,size+1,64);
      outbox[size]=message;
     }
   void              SayOrder(const SVenueOrder &order,const string exec_type)
     {
      SFixMessage message;
      m_reports.Order(order,exec_type,message);
      Say(message);
     }
   void              Stage(const ENUM_STAGED kind,const SFixMessage &message)
     {
      int size=ArraySize(m_staged);
      ArrayResize(m_staged,size+1,64);
      m_staged[size].kind=kind;
      m_staged[size].message=message;
     }

   //--- the venue cannot know this id, and it is seen to that it never will
   bool              IsStranger(const string cl_ord_id)
     {
      if(m_notes_ptr.WasSent(cl_ord_id))
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
         m_reports.RefusedNew(message,TOMBSTONED,FIX_ORD_REJ_REASON_OTHER,answer);
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
      if(!IsStranger(message.Get(TAG_OrigClOrdID)))
        {
         Stage(STAGED_CANCEL,message);
         return;
        }
      m_reports.RefusedCancel(message,NEVER_SENT,FIX_CXL_REJ_REASON_UNKNOWN_ORDER,answer);
      Stage(STAGED_SAY,answer);
     }
   void              Replace(const SFixMessage &message)
     {
      string cl_ord_id=message.Get(TAG_ClOrdID);
      SFixMessage answer;
      if(m_notes_ptr.IsBuried(cl_ord_id))
        {
         m_reports.RefusedCancel(message,TOMBSTONED,FIX_CXL_REJ_REASON_OTHER,answer);
         Stage(STAGED_SAY,answer);
         return;
        }
      if(IsStranger(message.Get(TAG_OrigClOrdID)))
        {
         m_reports.RefusedCancel(message,NEVER_SENT,FIX_CXL_REJ_REASON_UNKNOWN_ORDER,answer);
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
      if(!IsStranger(message.Get(TAG_ClOrdID)))
        {
         Stage(STAGED_LOOK_UP,message);
         return;
        }
      m_reports.Status(message,false,none,true,NEVER_SENT,answer);
      Stage(STAGED_SAY,answer);
     }

   void              Do(const SStaged &staged)
     {
      SOrderRequest order;
      SCancelRequest request;
      switch(staged.kind)
        {
         case STAGED_SAY:
            Say(staged.message);
            break;
         case STAGED_SUBMIT:
            ReadOrder(staged.message,order);
            m_venue_ptr.Submit(order,m_now_ns);
            break;
         case STAGED_REPLACE:
            ReadOrder(staged.message,order);
            m_venue_ptr.Replace(order,m_now_ns);
            break;
         case STAGED_CANCEL:
            ReadCancel(staged.message,request);
            m_venue_ptr.Cancel(request,m_now_ns);
            break;
         case STAGED_LOOK_UP:
            m_venue_ptr.LookUp(Remember(staged.message),staged.message.Get(TAG_ClOrdID),m_now_ns);
            break;
         default:
            Question(staged.message);
        }
     }
   void              Question(const SFixMessage &message)
     {
      string type=message.msg_type;
      if(type=="AF")
         m_venue_ptr.OpenOrders(Remember(message),m_now_ns);
      else
         if(type=="AD")
           {
            long since_ns=m_account.SinceOf(message);
            m_venue_ptr.FillsSince(Remember(message),since_ns,m_now_ns);
            m_venue_ptr.LedgerEntries("",since_ns,m_now_ns);
           }
         else
            if(type=="AN")
               m_venue_ptr.Positions(Remember(message),m_now_ns);
            else
               if(type=="BB")
                  m_venue_ptr.Balances(Remember(message),m_now_ns);
               else
                  if(type=="x")
                     m_venue_ptr.Instruments(Remember(message),m_now_ns);
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
      Say(answer);
     }

   string            Remember(const SFixMessage &message)
     {
      if(ArraySize(m_asks)>=PENDING_MAX)
         ArrayRemove(m_asks,0,1);
      int size=ArraySize(m_asks);
      m_ask_count++;
      ArrayResize(m_asks,size+1,64);
      m_asks[size].ask=IntegerToString(m_ask_count);
      m_asks[size].message=message;
      return m_asks[size].ask;
     }
   bool              TakeAsk(const string ask,SFixMessage &message)
     {
      for(int i=0; i<ArraySize(m_asks); i++)
         if(m_asks[i].ask==ask)
           {
            message=m_asks[i].message;
            ArrayRemove(m_asks,i,1);
            return true;
           }
      return false;
     }
  };

#endif
