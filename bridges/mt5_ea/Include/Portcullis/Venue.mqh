//+------------------------------------------------------------------+
//| The account of this terminal as a venue: the port, put together. |
//|                                                                  |
//| Commands wait in a queue until Step; a step looks at the link,   |
//| walks the account, weighs the answers of the trade server, then  |
//| does what was asked. An order with a request under way is left   |
//| alone: what is asked of it waits. What must survive is committed |
//| before the trade server is called, and it is called once.        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_VENUE_MQH
#define PORTCULLIS_VENUE_MQH

#include "Aftermath.mqh"
#include "Answers.mqh"
#include "Commands.mqh"
#include "Deeds.mqh"
#include "Feed.mqh"
#include "Forgetting.mqh"
#include "Protect.mqh"

#define LOGIN_MARK "login"

struct SVenueSettings
  {
   string            symbols;          // "EURUSD,BTC/USDT=BTCUSDT.x"
   long              login;            // 0: the account that the database knows, else the first
   string            server;           // empty: any
   int               settle_ms;        // after a connection until lists are believed
   int               walk_ms;          // the account is walked at least so often
   bool              async;            // OrderSendAsync; else OrderSend, which waits
   int               deviation;        // points, in instant execution
   bool              ioc_at_market;
   string            fee_rate;         // what a trade costs, as a part of its worth
   long              absence_after_ms;
   int               history_days;
  };

class CTerminalVenue : public CVenue
  {
   SVenueSettings    m_settings;
   CStore           *m_store_ptr;
   CVenueListener   *m_listener_ptr;
   CSymbols          m_symbols;
   CStanding         m_standing;
   CBook             m_book;
   CWalk             m_walk;
   CAdoption         m_adoption;
   CAnswers          m_answers;
   CTelling          m_telling;
   CSender           m_sender;
   CDeeds            m_deeds;
   CProtect          m_protect;
   CAftermath        m_aftermath;
   CForgetting       m_forgetting;
   CTicks            m_ticks;
   CFeed             m_feed;
   CCommands         m_commands;
   bool              m_was_up;
   bool              m_was_connected;
   string            m_said;
   SDecimal          m_fee_rate;
   long              m_walked_ns;

public:
                     CTerminalVenue(void)
     {
      m_store_ptr=NULL;
      m_listener_ptr=NULL;
      m_was_up=false;
      m_was_connected=false;
      m_said="";
      m_walked_ns=0;
     }
   void              Open(CStore *store_ptr,const SVenueSettings &settings)
     {
      m_store_ptr=store_ptr;
      m_settings=settings;
     }

   virtual bool      Connect(CVenueListener *listener_ptr,const long now_ns,string &text)
     {
      m_listener_ptr=listener_ptr;
      m_was_up=false;
      m_was_connected=false;
      m_said="";
      m_walked_ns=0;
      m_commands.Clear();
      if(!m_symbols.Open(m_settings.symbols,text))
         return false;
      if(!m_fee_rate.Parse(m_settings.fee_rate))
        {
         text="INPUT: FeeRate must be a number such as 0.00002, received "+m_settings.fee_rate;
         return false;
        }
      long login=m_settings.login!=0 ? m_settings.login : m_store_ptr.Marked(LOGIN_MARK);
      m_standing.Open(login,m_settings.server,m_settings.settle_ms);
      if(!m_book.Open(m_store_ptr))
        {
         text="DATABASE: "+m_store_ptr.WhyDead();
         return false;
        }
      m_telling.Open(GetPointer(m_book),listener_ptr);
      m_walk.Open(GetPointer(m_book),m_store_ptr,GetPointer(m_standing),GetPointer(m_symbols),
                  listener_ptr,GetPointer(m_telling),m_settings.history_days,
                  m_settings.absence_after_ms);
      m_adoption.Open(GetPointer(m_book),GetPointer(m_standing),GetPointer(m_symbols),
                      GetPointer(m_walk));
      m_answers.Open(GetPointer(m_book),GetPointer(m_walk),GetPointer(m_adoption),
                     GetPointer(m_standing),GetPointer(m_symbols),listener_ptr);
      m_sender.Open(GetPointer(m_book),m_store_ptr,GetPointer(m_standing),GetPointer(m_symbols),
                    GetPointer(m_walk),m_settings.async,m_settings.deviation,
                    m_settings.ioc_at_market);
      m_deeds.Open(GetPointer(m_book),GetPointer(m_standing),GetPointer(m_symbols),
                   GetPointer(m_walk),GetPointer(m_adoption),GetPointer(m_telling),
                   GetPointer(m_sender),listener_ptr);
      m_protect.Open(GetPointer(m_standing),GetPointer(m_symbols),GetPointer(m_sender),
                     GetPointer(m_telling),listener_ptr,m_settings.absence_after_ms);
      m_aftermath.Open(GetPointer(m_book),GetPointer(m_standing),GetPointer(m_walk),
                       GetPointer(m_telling),GetPointer(m_sender),m_settings.absence_after_ms);
      m_forgetting.Open(GetPointer(m_book),m_store_ptr,GetPointer(m_standing),
                        GetPointer(m_walk),GetPointer(m_sender));
      m_ticks.Open(GetPointer(m_symbols),GetPointer(m_standing),listener_ptr);
      m_feed.Open(GetPointer(m_symbols),GetPointer(m_standing),GetPointer(m_ticks),listener_ptr);
      m_standing.Look(now_ns);
      return true;
     }
   //--- what at least one symbol allows
   virtual void      Capabilities(SCapabilities &capabilities)
     {
      int orders=0,times=0;
      bool post_only=false,gtd=false,stops=false,profits=false,hedges=m_standing.IsHedging();
      for(int i=0; i<m_symbols.Count(); i++)
        {
         SSymbolRules rules;
         m_symbols.Rules(i,rules);
         orders|=rules.order_mode;
         times|=rules.Lives();
         stops=stops || rules.KeepsLevel(SYMBOL_ORDER_SL);
         profits=profits || rules.KeepsLevel(SYMBOL_ORDER_TP);
         gtd=gtd || rules.TakesDates();
         if(IsFillingAllowed(ORDER_FILLING_BOC,rules.execution,rules.filling))
            post_only=true;
        }
      string words="";
      Word(words,"MARKET",(orders&SYMBOL_ORDER_MARKET)!=0);
      Word(words,"LIMIT",(orders&SYMBOL_ORDER_LIMIT)!=0);
      Word(words,"STOP",(orders&SYMBOL_ORDER_STOP)!=0);
      Word(words,"STOP_LIMIT",(orders&SYMBOL_ORDER_STOP_LIMIT)!=0);
      Word(words,"DAY",(times&SYMBOL_EXPIRATION_DAY)!=0);
      Word(words,"GTC",(times&SYMBOL_EXPIRATION_GTC)!=0);
      Word(words,"GTD",gtd);
      Word(words,"IOC",true);
      Word(words,"FOK",true);
      Word(words,"POST_ONLY",post_only);
      Word(words,"REDUCE_ONLY",hedges);
      Word(words,"STOP_LOSS",stops);
      Word(words,"TAKE_PROFIT",profits);
      Word(words,"HEDGING",hedges);
      Word(words,"REPLACE",true);
      Word(words,"LOOKUP",true);
      Word(words,"PROTECT",(orders&(SYMBOL_ORDER_SL|SYMBOL_ORDER_TP))!=0);
      Word(words,"DEMO",m_standing.IsDemo());
      capabilities.words=words;
      capabilities.absence_after_ms=m_settings.absence_after_ms;
     }
   virtual bool      Connected(void) { return m_was_up; }

   virtual void      Submit(const SOrderRequest &order,const long asked_ns)
     {
      int at=m_commands.Add(COMMAND_SUBMIT,"",asked_ns);
      if(at>=0)
         m_commands.waiting[at].order=order;
     }
   virtual void      Replace(const SOrderRequest &order,const long asked_ns)
     {
      int at=m_commands.Add(COMMAND_REPLACE,"",asked_ns);
      if(at>=0)
         m_commands.waiting[at].order=order;
     }
   virtual void      Cancel(const SCancelRequest &request,const long now_ns)
     {
      int at=m_commands.Add(COMMAND_CANCEL,"",now_ns);
      if(at>=0)
         m_commands.waiting[at].cancel=request;
     }
   virtual void      Protect(const SLevelsRequest &asked,const long asked_ns)
     {
      int at=m_commands.Add(COMMAND_PROTECT,"",asked_ns);
      if(at>=0)
         m_commands.waiting[at].levels=asked;
     }
   virtual void      CancelAll(const string text,const long now_ns)
     {
      int count=m_book.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book.Live(i);
         m_book.chains[at].doom=text;
         m_book.Save(at);
        }
     }
   virtual void      Recognise(const long instance) { m_book.Recognise(instance); }
   virtual bool      MayKnow(const string cl_ord_id,const string order_id)
     {
      return m_adoption.MayKnow(cl_ord_id,order_id);
     }
   virtual int       RemoveAll(const long now_ns)
     {
      int sent=0,count=m_book.LiveCount();
      for(int i=0; i<count; i++)
         if(m_sender.Remove(m_book.Live(i),now_ns))
            sent++;
      return sent;
     }
   virtual void      LookUp(const string ask,const string cl_ord_id,const long now_ns)
     {
      int at=m_commands.Add(COMMAND_LOOK_UP,ask,now_ns);
      if(at>=0)
         m_commands.waiting[at].name=cl_ord_id;
     }
   virtual void      OpenOrders(const string ask,const long now_ns)
     {
      m_commands.Add(COMMAND_OPEN_ORDERS,ask,now_ns);
     }
   virtual void      FillsSince(const string ask,const long since_ns,const long now_ns)
     {
      m_forgetting.Heard(since_ns);
      int at=m_commands.Add(COMMAND_FILLS,ask,now_ns);
      if(at>=0)
         m_commands.waiting[at].since_ns=since_ns;
     }
   virtual void      Positions(const string ask,const long now_ns)
     {
      m_commands.Add(COMMAND_POSITIONS,ask,now_ns);
     }
   virtual void      Balances(const string ask,const long now_ns)
     {
      m_commands.Add(COMMAND_BALANCES,ask,now_ns);
     }
   virtual void      LedgerEntries(const string ask,const long since_ns,const long now_ns)
     {
      int at=m_commands.Add(COMMAND_LEDGER,ask,now_ns);
      if(at>=0)
         m_commands.waiting[at].since_ns=since_ns;
     }
   virtual void      Instruments(const string ask,const long now_ns)
     {
      m_commands.Add(COMMAND_INSTRUMENTS,ask,now_ns);
     }

   virtual void      OnTradeTransaction(const MqlTradeTransaction &transaction,
                                        const MqlTradeRequest &request,
                                        const MqlTradeResult &result)
     {
      if(transaction.type==TRADE_TRANSACTION_REQUEST)
         m_sender.flights.Hear(request,result);
      m_walk.is_wanted=true;
     }
   virtual void      OnBookEvent(const string symbol) { m_feed.OnBookEvent(symbol); }
   virtual void      Close(void) { m_feed.Close(); }

   virtual void      Step(const long now_ns)
     {
      m_sender.BeginStep(now_ns);
      LookAtLink(now_ns);
      if(!m_store_ptr.IsAlive())
         return;
      bool is_whole=false;
      if(m_walk.is_wanted || m_commands.IsAsked() ||
         now_ns-m_walked_ns>=(long)m_settings.walk_ms*MS_NS)
        {
         m_walked_ns=now_ns;
         is_whole=m_walk.Do(now_ns) && m_walk.IsSteady();
         m_adoption.TakeOpen(now_ns);
        }
      m_aftermath.Land(now_ns);
      m_aftermath.Settle();
      m_aftermath.GoOn(now_ns);
      m_protect.Step(now_ns,is_whole);
      DoCommands(now_ns);
      m_store_ptr.Commit();
      if(m_was_connected)
         m_feed.Step(now_ns);
     }
   virtual bool      IsIdle(const long now_ns)
     {
      return m_commands.Count()==0 && m_aftermath.IsIdle(now_ns) && m_protect.IsIdle();
     }
   virtual void      StepTicks(const long now_ns)
     {
      if(!m_was_connected || m_commands.Count()!=0)
         return;
      bool is_idle=IsIdle(now_ns);
      m_forgetting.Step(now_ns,is_idle);
      m_ticks.Step(now_ns,is_idle);
     }

private:
   void              Word(string &words,const string word,const bool is_so) const
     {
      if(is_so)
         words+=(words=="" ? "" : " ")+word;
     }
   //--- the link

   void              LookAtLink(const long now_ns)
     {
      string text="";
      m_symbols.AreKnown(text);
      m_standing.Wait(text);
      bool connected=m_standing.Look(now_ns);
      if(connected && !m_was_connected)
        {
         m_store_ptr.Mark(LOGIN_MARK,m_standing.Login());
         m_walk.LookBack(now_ns);
         m_feed.Lost();
         m_ticks.Lost();
         m_walk.is_wanted=true;
        }
      m_was_connected=connected;
      bool up=m_standing.IsClean(now_ns) && m_store_ptr.IsAlive();
      if(!up)
         text=m_store_ptr.IsAlive() ? m_standing.Why(now_ns) : m_store_ptr.WhyDead();
      if(up && !m_standing.MayTrade(text))
         up=false;
      if(up==m_was_up && (up || text==m_said))
         return;
      m_was_up=up;
      m_said=text;
      m_listener_ptr.OnLink(up,text);
     }

   //--- what cannot be done yet stays, in its order
   void              DoCommands(const long now_ns)
     {
      SCommand commands[];
      m_commands.Take(commands);
      for(int i=0; i<ArraySize(commands); i++)
        {
         if(Do(commands[i],now_ns))
            continue;
         if(!commands[i].IsOverdue(now_ns))
            m_commands.Keep(commands[i],now_ns);
         else
            if(commands[i].kind==COMMAND_REPLACE)
               m_deeds.LetGo(commands[i].order.cl_ord_id,commands[i].order.orig_cl_ord_id,"2");
            else
               m_deeds.LetGo(commands[i].cancel.cl_ord_id,commands[i].cancel.orig_cl_ord_id,"1");
        }
     }
   bool              Do(const SCommand &command,const long now_ns)
     {
      switch(command.kind)
        {
         case COMMAND_SUBMIT:
            m_deeds.Submit(command.order,command.ready_ns,now_ns);
            return true;
         case COMMAND_REPLACE:
            return m_deeds.Replace(command.order,command.ready_ns,now_ns);
         case COMMAND_CANCEL:
            return m_deeds.Cancel(command.cancel,now_ns);
         case COMMAND_PROTECT:
            m_protect.Begin(command.levels,command.ready_ns,now_ns);
            return true;
         case COMMAND_LOOK_UP:
            m_answers.LookUp(command.ask,command.name,now_ns);
            return true;
         case COMMAND_OPEN_ORDERS:
            m_answers.OpenOrders(command.ask,now_ns);
            return true;
         case COMMAND_FILLS:
            m_answers.FillsSince(command.ask,command.since_ns,now_ns);
            return true;
         case COMMAND_POSITIONS:
            m_answers.Positions(command.ask,!m_protect.IsUnanswered(),now_ns);
            return true;
         case COMMAND_BALANCES:
            m_answers.Balances(command.ask,now_ns);
            return true;
         case COMMAND_LEDGER:
            m_answers.LedgerEntries(command.ask,command.since_ns,now_ns);
            return true;
         default:
            m_answers.Instruments(command.ask,m_fee_rate,now_ns);
        }
      return true;
     }
  };

#endif
