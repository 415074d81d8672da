//+------------------------------------------------------------------+
//| What the venue says, as messages for the gateway: they wait here |
//| until the link takes them (bridges/session.py, on_event).        |
//|                                                                  |
//| A question is remembered until the venue answers it, since its   |
//| answer repeats its ids. While nobody is logged on what happens   |
//| is not kept: the gateway asks for all of it afterwards.          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_OUTBOX_MQH
#define PORTCULLIS_OUTBOX_MQH

#include "AccountReports.mqh"
#include "QuoteBoard.mqh"

#define PENDING_MAX 1000

//--- a question that the venue has not answered
struct SAsk
  {
   string            ask;
   SFixMessage       message;
  };

class COutbox : public CVenueListener
  {
private:
   string            m_venue_id;
   CVenue           *m_venue_ptr;
   CAccountReports   m_account;
   SAsk              m_asks[];
   long              m_ask_count;
   long              m_asked_ns;
   bool              m_is_open;

public:
   SFixMessage       messages[];
   CReports          reports;
   CQuoteBoard       quotes;

                     COutbox(void)
     {
      m_venue_ptr=NULL;
      m_ask_count=0;
      m_asked_ns=0;
      m_is_open=false;
     }
   void              Begin(const string venue_id,const string account,CVenue *venue_ptr,
                           const bool publishes,const long now_ns)
     {
      m_venue_id=venue_id;
      m_venue_ptr=venue_ptr;
      reports.Begin(venue_id+"-"+IntegerToString(now_ns/NS_PER_MS));
      m_account.Begin(venue_id,account);
      quotes.Begin(venue_id,now_ns/NS_PER_SECOND,publishes);
      Close();
     }
   bool              IsOpen(void) const { return m_is_open; }
   //--- the gateway is logged on: tell it first how the terminal's link stands
   void              Open(void)
     {
      m_is_open=true;
      quotes.ForgetSaid();
      OnLink(m_venue_ptr.Connected(),"");
     }
   void              Close(void)
     {
      m_is_open=false;
      ArrayResize(m_asks,0);
      ArrayResize(messages,0);
     }

   void              Say(const SFixMessage &message)
     {
      if(!m_is_open)
         return;
      int size=ArraySize(messages);
      ArrayResize(messages,size+1,64);
      messages[size]=message;
     }
   //--- the answer to an AL that was seen before
   void              Unsure(const SFixMessage &message,const long now_ns,SFixMessage &answer)
     {
      SLevelsRequest asked;
      SDecimal none;
      ReadLevels(message,asked);
      m_account.Levels(asked,FIX_POS_MAINT_STATUS_ACCEPTED,none,none,DUPLICATE,reports.NextId(),
                       now_ns,answer);
     }
   //--- keep a question until its answer comes; its name among the venue's questions
   string            Remember(const SFixMessage &message,const long now_ns)
     {
      if(ArraySize(m_asks)>=PENDING_MAX)
         ArrayRemove(m_asks,0,1);
      int size=ArraySize(m_asks);
      m_ask_count++;
      m_asked_ns=now_ns;
      ArrayResize(m_asks,size+1,64);
      m_asks[size].ask=IntegerToString(m_ask_count);
      m_asks[size].message=message;
      return m_asks[size].ask;
     }
   //--- the conflated quotes whose turn has come
   void              SayQuotes(const long now_ns)
     {
      if(!m_is_open || !m_venue_ptr.Connected())
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
      reports.Triggered(order,message);
      Say(message);
     }
   virtual void      OnRejected(const SVenueOrder &order,const string reason,
                                const string text) override
     {
      SFixMessage message;
      reports.Rejected(order,reason,text,message);
      Say(message);
     }
   virtual void      OnFilled(const SVenueOrder &order,const SFill &fill) override
     {
      SFixMessage message;
      reports.Fill(order,fill,FIX_EXEC_TYPE_TRADE,message);
      Say(message);
     }
   virtual void      OnBusted(const SVenueOrder &order,const SFill &fill) override
     {
      SFixMessage message;
      reports.Fill(order,fill,FIX_EXEC_TYPE_TRADE_CANCEL,message);
      Say(message);
     }
   virtual void      OnCanceled(const SVenueOrder &order,const string request_id,
                                const string reason,const string text) override
     {
      SFixMessage message;
      reports.Canceled(order,request_id,reason,text,message);
      Say(message);
     }
   virtual void      OnCancelRefused(const SCancelRefused &refused) override
     {
      SFixMessage message;
      reports.CancelRefused(refused,message);
      Say(message);
     }

   virtual void      OnLevels(const SLevelsRequest &asked,const string status,
                              const SDecimal &stop,const SDecimal &profit,const string text,
                              const long now_ns) override
     {
      SFixMessage message;
      m_account.Levels(asked,status,stop,profit,text,reports.NextId(),now_ns,message);
      Say(message);
     }

   virtual void      OnFound(const string ask,const bool found,const SVenueOrder &order,
                             const bool complete) override
     {
      SFixMessage asked;
      SFixMessage message;
      if(!TakeAsk(ask,asked))
         return;
      reports.Status(asked,found,order,complete,asked.msg_type=="H" ? "" : DUPLICATE,message);
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
         reports.NoOpenOrder(asked,complete,message);
         Say(message);
        }
      int at=0;
      for(int i=0; i<ArraySize(orders); i++)
        {
         if(symbol!="" && orders[i].symbol!=symbol)
            continue;
         at++;
         reports.OpenOrder(asked,orders[i],at,total,complete,message);
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
         m_account.Position(asked,positions[i],total,m_asked_ns,message);
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
   void              SayOrder(const SVenueOrder &order,const string exec_type)
     {
      SFixMessage message;
      reports.Order(order,exec_type,message);
      Say(message);
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
