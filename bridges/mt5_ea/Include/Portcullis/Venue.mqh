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

#include "Answers.mqh"
#include "Checks.mqh"
#include "Feed.mqh"
#include "Flights.mqh"
#include "Requests.mqh"

#define RETRY_NS ((long)1000000000)
#define PLACE_SOON_NS ((long)10000000000)
#define COMMAND_PATIENCE_NS ((long)60000000000)
#define MAX_COMMANDS 10000
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

enum ENUM_COMMAND
  {
   COMMAND_SUBMIT,
   COMMAND_REPLACE,
   COMMAND_CANCEL,
   COMMAND_LOOK_UP,
   COMMAND_OPEN_ORDERS,
   COMMAND_FILLS,
   COMMAND_POSITIONS,
   COMMAND_BALANCES,
   COMMAND_LEDGER,
   COMMAND_INSTRUMENTS
  };

struct SCommand
  {
   ENUM_COMMAND      kind;
   SOrderRequest     order;
   SCancelRequest    cancel;
   string            ask;
   string            name;
   long              since_ns;
   long              asked_ns;
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
   CAnswers          m_answers;
   CRequests         m_requests;
   CChecks           m_checks;
   CRetcodes         m_retcodes;
   CFlights          m_flights;
   CFeed             m_feed;
   SCommand          m_commands[];
   bool              m_is_dirty;
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
      m_is_dirty=true;
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
      m_is_dirty=true;
      m_was_up=false;
      m_was_connected=false;
      m_said="";
      m_walked_ns=0;
      ArrayResize(m_commands,0);
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
      m_walk.Open(GetPointer(m_book),m_store_ptr,GetPointer(m_standing),GetPointer(m_symbols),
                  listener_ptr,m_settings.history_days);
      m_answers.Open(GetPointer(m_book),GetPointer(m_walk),GetPointer(m_standing),
                     GetPointer(m_symbols),listener_ptr);
      m_requests.Open(GetPointer(m_standing),m_settings.deviation,m_settings.ioc_at_market);
      m_flights.Open(m_settings.async);
      m_feed.Open(GetPointer(m_symbols),GetPointer(m_standing),listener_ptr);
      m_standing.Look(now_ns);
      return true;
     }
   //--- what at least one symbol allows
   virtual void      Capabilities(SCapabilities &capabilities)
     {
      int orders=0,times=0;
      bool post_only=false,hedges=m_standing.IsHedging();
      for(int i=0; i<m_symbols.Count(); i++)
        {
         SSymbolRules rules;
         m_symbols.Rules(i,rules);
         orders|=rules.order_mode;
         times|=rules.expiration;
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
      Word(words,"GTD",(times&SYMBOL_EXPIRATION_SPECIFIED)!=0);
      Word(words,"IOC",true);
      Word(words,"FOK",true);
      Word(words,"POST_ONLY",post_only);
      Word(words,"REDUCE_ONLY",hedges);
      Word(words,"STOP_LOSS",(orders&SYMBOL_ORDER_SL)!=0);
      Word(words,"TAKE_PROFIT",(orders&SYMBOL_ORDER_TP)!=0);
      Word(words,"HEDGING",hedges);
      Word(words,"REPLACE",true);
      Word(words,"LOOKUP",true);
      capabilities.words=words;
      capabilities.absence_after_ms=m_settings.absence_after_ms;
     }
   virtual bool      Connected(void) { return m_was_up; }

   virtual void      Submit(const SOrderRequest &order,const long now_ns)
     {
      QueueOrder(COMMAND_SUBMIT,order,now_ns);
     }
   virtual void      Replace(const SOrderRequest &order,const long now_ns)
     {
      QueueOrder(COMMAND_REPLACE,order,now_ns);
     }
   virtual void      Cancel(const SCancelRequest &request,const long now_ns)
     {
      int at=Queue(COMMAND_CANCEL,"",now_ns);
      if(at>=0)
         m_commands[at].cancel=request;
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
   virtual void      LookUp(const string ask,const string cl_ord_id,const long now_ns)
     {
      int at=Queue(COMMAND_LOOK_UP,ask,now_ns);
      if(at>=0)
         m_commands[at].name=cl_ord_id;
     }
   virtual void      OpenOrders(const string ask,const long now_ns)
     {
      Queue(COMMAND_OPEN_ORDERS,ask,now_ns);
     }
   virtual void      FillsSince(const string ask,const long since_ns,const long now_ns)
     {
      int at=Queue(COMMAND_FILLS,ask,now_ns);
      if(at>=0)
         m_commands[at].since_ns=since_ns;
     }
   virtual void      Positions(const string ask,const long now_ns)
     {
      Queue(COMMAND_POSITIONS,ask,now_ns);
     }
   virtual void      Balances(const string ask,const long now_ns)
     {
      Queue(COMMAND_BALANCES,ask,now_ns);
     }
   virtual void      LedgerEntries(const string ask,const long since_ns,const long now_ns)
     {
      int at=Queue(COMMAND_LEDGER,ask,now_ns);
      if(at>=0)
         m_commands[at].since_ns=since_ns;
     }
   virtual void      Instruments(const string ask,const long now_ns)
     {
      Queue(COMMAND_INSTRUMENTS,ask,now_ns);
     }

   virtual void      OnTradeTransaction(const MqlTradeTransaction &transaction,
                                        const MqlTradeRequest &request,
                                        const MqlTradeResult &result)
     {
      if(transaction.type==TRADE_TRANSACTION_REQUEST)
         m_flights.Hear(request,result);
      m_is_dirty=true;
     }
   virtual void      OnTick(void) {}
   virtual void      OnBookEvent(const string symbol) { m_feed.OnBookEvent(symbol); }
   virtual void      Close(void) { m_feed.Close(); }

   virtual void      Step(const long now_ns)
     {
      LookAtLink(now_ns);
      if(!m_store_ptr.IsAlive())
         return;
      if(m_is_dirty || ArraySize(m_commands)>0 ||
         now_ns-m_walked_ns>=(long)m_settings.walk_ms*MS_NS)
         Walk(now_ns);
      Land(now_ns);
      Settle();
      GoOn(now_ns);
      DoCommands(now_ns);
      m_store_ptr.Commit();
      if(m_was_connected)
         m_feed.Step(now_ns);
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
      bool connected=m_standing.Look(now_ns);
      if(connected && !m_was_connected)
        {
         m_store_ptr.Mark(LOGIN_MARK,m_standing.Login());
         m_walk.LookBack();
         m_feed.Lost();
         m_is_dirty=true;
        }
      m_was_connected=connected;
      string text="";
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
   void              Walk(const long now_ns)
     {
      m_is_dirty=false;
      m_walked_ns=now_ns;
      m_walk.Do(now_ns);
     }

   //--- the queue

   int               Queue(const ENUM_COMMAND kind,const string ask,const long now_ns)
     {
      int at=ArraySize(m_commands);
      if(at>=MAX_COMMANDS)
         return -1;
      ArrayResize(m_commands,at+1,64);
      m_commands[at].kind=kind;
      m_commands[at].ask=ask;
      m_commands[at].name="";
      m_commands[at].since_ns=0;
      m_commands[at].asked_ns=now_ns;
      return at;
     }
   void              QueueOrder(const ENUM_COMMAND kind,const SOrderRequest &order,
                                const long now_ns)
     {
      int at=Queue(kind,"",now_ns);
      if(at>=0)
         m_commands[at].order=order;
     }
   //--- what cannot be done yet stays, in its order
   void              DoCommands(const long now_ns)
     {
      SCommand commands[];
      ArraySwap(commands,m_commands);
      for(int i=0; i<ArraySize(commands); i++)
        {
         if(Do(commands[i],now_ns) || now_ns-commands[i].asked_ns>COMMAND_PATIENCE_NS)
            continue;
         int at=ArraySize(m_commands);
         ArrayResize(m_commands,at+1,64);
         m_commands[at]=commands[i];
        }
     }
   bool              Do(const SCommand &command,const long now_ns)
     {
      switch(command.kind)
        {
         case COMMAND_SUBMIT:
            DoSubmit(command.order,now_ns);
            return true;
         case COMMAND_REPLACE:
            return DoReplace(command.order,now_ns);
         case COMMAND_CANCEL:
            return DoCancel(command.cancel,now_ns);
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
            m_answers.Positions(command.ask,now_ns);
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

   //--- new orders

   void              DoSubmit(const SOrderRequest &order,const long now_ns)
     {
      long number=WireNumber(order.cl_ord_id);
      SRefusal refusal;
      if(number<=0)
        {
         SChain nobody;
         SVenueOrder told;
         nobody.Begin(order,0,now_ns);
         nobody.End(FIX_ORD_STATUS_REJECTED);
         nobody.Tell(told);
         m_listener_ptr.OnRejected(told,FIX_ORD_REJ_REASON_OTHER,
                                   "CL_ORD_ID: expected 13 characters of 0-9 and A-Z below 2^63");
         return;
        }
      if(m_book.ByName(number)!=NOBODY)
         return;
      int at=m_book.Add(order,number,now_ns);
      MqlTradeRequest request={};
      if(!MaySend(now_ns,refusal))
        {
         m_walk.Refused(at,refusal.reason,refusal.text);
         return;
        }
      if(IsAtServer(number))
        {
         m_book.Save(at);
         m_is_dirty=true;
         return;
        }
      if(!Prepare(order,order.order_qty,request,refusal))
        {
         m_walk.Refused(at,refusal.reason,refusal.text);
         return;
        }
      Send(at,order.cl_ord_id,request,now_ns);
     }
   bool              Prepare(const SOrderRequest &order,const SDecimal &qty,
                             MqlTradeRequest &request,SRefusal &refusal)
     {
      int index=m_symbols.Find(order.symbol);
      if(index<0 || !m_symbols.Refresh(index))
         return refusal.Set(FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL,"SYMBOL: "+order.symbol+
                            " is not traded here; the input Symbols names what is");
      SSymbolRules rules;
      SDecimal bound;
      m_symbols.Rules(index,rules);
      return m_requests.Place(order,qty,rules,request,bound,refusal) &&
             m_checks.Finish(rules,bound,request,refusal);
     }
   bool              MaySend(const long now_ns,SRefusal &refusal)
     {
      string text="";
      if(!m_standing.Look(now_ns) || !m_standing.IsClean(now_ns) || !m_walk.HasWalked())
        {
         text=m_standing.Why(now_ns);
         return refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,
                            text!="" ? text : "NOT_CONNECTED: the history was not read yet");
        }
      return m_standing.MayTrade(text) ? true
             : refusal.Set(FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,text);
     }
   //--- the last look before an order is sent: is its magic there already
   bool              IsAtServer(const long number)
     {
      if(m_walk.IsKnownMagic(number))
         return true;
      int count=OrdersTotal();
      for(int i=0; i<count; i++)
         if(OrderGetTicket(i)!=0 && OrderGetInteger(ORDER_MAGIC)==number)
            return true;
      return false;
     }
   //--- what must survive is durable before the trade server is called
   void              Send(const int at,const string name,const MqlTradeRequest &request,
                          const long now_ns)
     {
      m_book.chains[at].tried_ns=now_ns;
      m_book.Save(at);
      if(!m_store_ptr.Commit())
         return;
      m_book.chains[at].flights++;
      m_flights.Send(request,at,name,now_ns);
     }

   //--- cancels

   bool              DoCancel(const SCancelRequest &cancel,const long now_ns)
     {
      int at=m_book.ByName(WireNumber(cancel.orig_cl_ord_id));
      if(at==NOBODY)
        {
         RefuseUnknown(cancel.cl_ord_id,cancel.orig_cl_ord_id,"1");
         return true;
        }
      if(m_book.chains[at].stage==STAGE_ENDED)
        {
         m_walk.Refuse(at,cancel.cl_ord_id,"1",FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL,"TOO_LATE");
         return true;
        }
      if(IsBusy(at) || !m_standing.IsClean(now_ns))
         return false;
      if(m_book.chains[at].stage==STAGE_SENT)
        {
         RefuseUnknown(cancel.cl_ord_id,cancel.orig_cl_ord_id,"1");
         return true;
        }
      string text="";
      SRefusal refusal;
      SOrderRow row;
      if(!m_standing.MayTrade(text))
        {
         m_walk.Refuse(at,cancel.cl_ord_id,"1",FIX_CXL_REJ_REASON_BROKER,text);
         return true;
        }
      if(!ReadOpenOrder(m_book.chains[at].ticket,row))
        {
         m_is_dirty=true;
         return false;
        }
      MqlTradeRequest request={};
      if(!PrepareRemove(row,request,refusal))
        {
         m_walk.Refuse(at,cancel.cl_ord_id,"1",FIX_CXL_REJ_REASON_BROKER,refusal.text);
         return true;
        }
      m_book.chains[at].cancel_name=cancel.cl_ord_id;
      Send(at,cancel.cl_ord_id,request,now_ns);
      return true;
     }
   bool              PrepareRemove(const SOrderRow &row,MqlTradeRequest &request,
                                   SRefusal &refusal)
     {
      SDecimal no_bound;
      SSymbolRules rules;
      int index=m_symbols.FindTerminal(row.symbol);
      m_requests.Remove(row,request);
      if(index<0)
         return true;
      m_symbols.Rules(index,rules);
      return m_checks.Finish(rules,no_bound,request,refusal);
     }
   //--- a request is under way, or a new order of a replace is in doubt
   bool              IsBusy(const int at) const
     {
      return m_book.chains[at].flights>0 || m_book.chains[at].is_missing ||
             m_book.chains[at].asked_step==ASKED_PLACE;
     }
   void              RefuseUnknown(const string request_id,const string orig,
                                   const string response_to)
     {
      SCancelRefused refused;
      refused.request_id=request_id;
      refused.orig_cl_ord_id=orig;
      refused.response_to=response_to;
      refused.reason=FIX_CXL_REJ_REASON_UNKNOWN_ORDER;
      refused.text="";
      refused.known=false;
      m_listener_ptr.OnCancelRefused(refused);
     }

   //--- replaces

   bool              DoReplace(const SOrderRequest &order,const long now_ns)
     {
      int at=m_book.ByName(WireNumber(order.orig_cl_ord_id));
      long number=WireNumber(order.cl_ord_id);
      if(at==NOBODY || number<=0)
        {
         RefuseUnknown(order.cl_ord_id,order.orig_cl_ord_id,"2");
         return true;
        }
      if(m_book.chains[at].stage==STAGE_ENDED)
        {
         m_walk.Refuse(at,order.cl_ord_id,"2",FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL,"TOO_LATE");
         return true;
        }
      if(IsBusy(at) || !m_standing.IsClean(now_ns))
         return false;
      if(m_book.chains[at].stage==STAGE_SENT)
        {
         RefuseUnknown(order.cl_ord_id,order.orig_cl_ord_id,"2");
         return true;
        }
      SRefusal refusal;
      SOrderRow row;
      bool may=MaySend(now_ns,refusal);
      if(may && !ReadOpenOrder(m_book.chains[at].ticket,row))
        {
         m_is_dirty=true;
         return false;
        }
      m_book.Name(at,number);
      if(!may || !BeginReplace(at,order,row,refusal,now_ns))
         m_walk.Refuse(at,order.cl_ord_id,"2",FIX_CXL_REJ_REASON_OTHER,refusal.text);
      return true;
     }
   //--- prices only: the order is changed. The quantity too: it is removed, and placed anew
   bool              BeginReplace(const int at,const SOrderRequest &order,const SOrderRow &row,
                                  SRefusal &refusal,const long now_ns)
     {
      MqlTradeRequest request={};
      SSymbolRules rules;
      SDecimal no_bound;
      STerms live;
      int index=m_symbols.Find(m_book.chains[at].symbol);
      if(index<0 || !m_symbols.Refresh(index))
         return refusal.Set(FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL,"SYMBOL: it is not traded here");
      m_symbols.Rules(index,rules);
      if(order.ord_type!=m_book.chains[at].ord_type || order.side!=m_book.chains[at].side)
         return refusal.Set(WRONG,"NOT_SUPPORTED: a replace changes quantity, prices and expiry");
      m_book.chains[at].LiveTerms(row,rules,m_standing.OffsetS(),live);
      m_book.chains[at].asked.Take(order);
      bool same=IsSame(live.qty,order.order_qty);
      if(same && live.HasPricesOf(m_book.chains[at].asked))
        {
         m_book.chains[at].Ask(order.cl_ord_id,ASKED_MODIFY);
         m_walk.Changed(at);
         return true;
        }
      bool fits;
      if(same)
         fits=m_requests.Modify(order,row,rules,request,refusal) &&
              m_checks.Finish(rules,no_bound,request,refusal);
      else
         fits=CanPlaceAnew(at,order,rules,refusal) && PrepareRemove(row,request,refusal);
      if(!fits)
        {
         m_book.chains[at].Unask();
         return false;
        }
      m_book.chains[at].Ask(order.cl_ord_id,same ? ASKED_MODIFY : ASKED_REMOVE);
      m_book.chains[at].is_removed=false;
      Send(at,order.cl_ord_id,request,now_ns);
      return true;
     }
   //--- nothing is removed for what could not be placed
   bool              CanPlaceAnew(const int at,const SOrderRequest &order,
                                  const SSymbolRules &rules,SRefusal &refusal)
     {
      SDecimal left=order.order_qty;
      left.Subtract(m_book.chains[at].cum);
      if(!left.IsPositive())
         return true;
      MqlTradeRequest request={};
      SDecimal bound;
      return m_requests.Place(order,left,rules,request,bound,refusal);
     }
   void              PlaceAnew(const int at,const long now_ns)
     {
      SOrderRequest order;
      Asked(at,order);
      SDecimal left=order.order_qty;
      left.Subtract(m_book.chains[at].cum);
      if(!left.IsPositive())
        {
         m_walk.ReplacedByLess(at);
         return;
        }
      MqlTradeRequest request={};
      SRefusal refusal;
      if(IsAtServer(WireNumber(order.cl_ord_id)) || !MaySend(now_ns,refusal) ||
         !Prepare(order,left,request,refusal))
        {
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,refusal.text,now_ns);
         return;
        }
      m_book.chains[at].Ask(order.cl_ord_id,ASKED_PLACE);
      Send(at,order.cl_ord_id,request,now_ns);
     }
   void              Asked(const int at,SOrderRequest &order) const
     {
      order.cl_ord_id=m_book.chains[at].asked_name;
      order.orig_cl_ord_id=m_book.chains[at].name;
      order.symbol=m_book.chains[at].symbol;
      order.side=m_book.chains[at].side;
      order.ord_type=m_book.chains[at].ord_type;
      order.time_in_force=m_book.chains[at].asked.force;
      order.order_qty=m_book.chains[at].asked.qty;
      order.price=m_book.chains[at].asked.price;
      order.stop_px=m_book.chains[at].asked.stop_px;
      order.stop_loss_px=m_book.chains[at].asked.sl;
      order.take_profit_px=m_book.chains[at].asked.tp;
      order.expire_ns=m_book.chains[at].asked.expire_ns;
      order.post_only=m_book.chains[at].post_only;
      order.reduce_only=m_book.chains[at].reduce_only;
      order.position_id=m_book.chains[at].position_id;
      order.account="";
      order.strategy="";
     }
   //--- the old order is gone and no new one follows: refused, and the order has ended
   void              GiveUpReplace(const int at,const string reason,const string text,
                                   const long now_ns)
     {
      m_walk.Refuse(at,m_book.chains[at].asked_name,"2",reason,text);
      m_walk.Finish(at,FIX_ORD_STATUS_CANCELED,now_ns,text);
     }

   //--- what the trade server has answered

   //--- what the account shows already needs no answer
   bool              IsSettled(const SFlight &flight) const
     {
      int at=flight.chain;
      if(m_book.chains[at].stage==STAGE_ENDED)
         return true;
      if(flight.action==TRADE_ACTION_MODIFY)
         return m_book.chains[at].asked_name!=flight.name;
      if(flight.action==TRADE_ACTION_REMOVE)
         return m_book.chains[at].is_removed;
      return m_book.chains[at].stage==STAGE_OPEN &&
             (m_book.chains[at].asked_step!=ASKED_PLACE ||
              m_book.chains[at].asked_name!=flight.name);
     }
   void              Settle(void)
     {
      for(int i=m_flights.Count()-1; i>=0; i--)
        {
         SFlight flight;
         m_flights.Get(i,flight);
         if(!IsSettled(flight))
            continue;
         m_flights.Drop(i);
         m_book.chains[flight.chain].flights--;
        }
     }
   void              Land(const long now_ns)
     {
      SFlight flight;
      bool walked=false;
      while(m_flights.Take(now_ns,flight))
        {
         if(!walked)
            Walk(now_ns);
         walked=true;
         int at=flight.chain;
         m_book.chains[at].flights--;
         m_is_dirty=true;
         if(m_book.chains[at].stage==STAGE_ENDED)
            continue;
         if(flight.action==TRADE_ACTION_MODIFY)
            LandModify(at,flight);
         else
            if(flight.action==TRADE_ACTION_REMOVE)
               LandRemove(at,flight,now_ns);
            else
               LandPlace(at,flight,now_ns);
        }
     }
   string            Words(const SFlight &flight) const
     {
      return m_retcodes.Name(flight.retcode)+": "+flight.comment;
     }
   void              LandPlace(const int at,const SFlight &flight,const long now_ns)
     {
      if(m_retcodes.Proof(flight.retcode)!=PROOF_REFUSED)
         return;
      bool next=m_book.chains[at].asked_step==ASKED_PLACE &&
                m_book.chains[at].asked_name==flight.name;
      if(next)
         GiveUpReplace(at,m_retcodes.CancelReason(flight.retcode),Words(flight),now_ns);
      else
         if(m_book.chains[at].stage==STAGE_SENT)
            m_walk.Refused(at,m_retcodes.RejectReason(flight.retcode),Words(flight));
     }
   void              LandModify(const int at,const SFlight &flight)
     {
      if(m_book.chains[at].asked_name!=flight.name)
         return;
      ENUM_PROOF proof=m_retcodes.Proof(flight.retcode);
      if(proof==PROOF_DONE)
         m_walk.Changed(at);
      if(proof==PROOF_REFUSED)
         m_walk.Refuse(at,flight.name,"2",m_retcodes.CancelReason(flight.retcode),Words(flight));
     }
   void              LandRemove(const int at,const SFlight &flight,const long now_ns)
     {
      ENUM_PROOF proof=m_retcodes.Proof(flight.retcode);
      bool replaces=m_book.chains[at].asked_step==ASKED_REMOVE &&
                    m_book.chains[at].asked_name==flight.name;
      if(proof!=PROOF_REFUSED || flight.name=="")
         return;
      string reason=m_retcodes.CancelReason(flight.retcode);
      if(replaces)
         m_walk.Refuse(at,flight.name,"2",reason,Words(flight));
      else
         if(m_book.chains[at].cancel_name==flight.name)
            m_walk.Refuse(at,flight.name,"1",reason,Words(flight));
     }

   //--- what goes on by itself

   void              GoOn(const long now_ns)
     {
      int count=m_book.LiveCount();
      for(int i=0; i<count; i++)
        {
         int at=m_book.Live(i);
         if(m_book.chains[at].flights>0)
            continue;
         if(m_book.chains[at].asked_step==ASKED_REMOVE && m_book.chains[at].is_removed)
            Removed(at,now_ns);
         else
            if(m_book.chains[at].asked_step==ASKED_PLACE)
               Doubt(at,now_ns);
            else
               if(IsUnwanted(at))
                  Doomed(at,m_book.chains[at].ticket,now_ns);
        }
      for(int i=0; i<ArraySize(m_walk.strays); i++)
        {
         int at=m_book.ByTicket(m_walk.strays[i]);
         SOrderRow row;
         if(at==NOBODY && ReadOpenOrder(m_walk.strays[i],row))
            at=m_book.ByName(row.magic);
         if(at!=NOBODY && m_book.chains[at].flights==0)
            Doomed(at,m_walk.strays[i],now_ns);
        }
     }
   //--- what rests of an order that is immediate is removed: not every server does that
   bool              IsUnwanted(const int at) const
     {
      return m_book.chains[at].stage==STAGE_OPEN &&
             (m_book.chains[at].doom!="" || IsAtOnce(m_book.chains[at].terms.force));
     }
   void              Removed(const int at,const long now_ns)
     {
      SRefusal refusal;
      long tried_ns=m_book.chains[at].tried_ns;
      bool soon=tried_ns!=0 && now_ns-tried_ns<PLACE_SOON_NS;
      bool wanted=m_book.chains[at].cancel_name=="" && m_book.chains[at].doom=="";
      if(soon && wanted && !MaySend(now_ns,refusal))
         return;
      if(soon && wanted)
         PlaceAnew(at,now_ns);
      else
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,"REPLACE: the order was removed, and it was"
                       " too late to place the new one",now_ns);
     }
   //--- the new order of a replace is nowhere: after the time in which it may still turn up it is
   //--- absent, and the order has ended
   void              Doubt(const int at,const long now_ns)
     {
      if(!m_standing.IsClean(now_ns) || !m_walk.HasWalked())
         m_book.chains[at].tried_ns=now_ns;
      long patience_ns=2*m_settings.absence_after_ms*MS_NS;
      if(now_ns-m_book.chains[at].tried_ns>patience_ns)
         GiveUpReplace(at,FIX_CXL_REJ_REASON_OTHER,"NOT_RECEIVED: the new order never came",
                       now_ns);
     }
   void              Doomed(const int at,const ulong ticket,const long now_ns)
     {
      if(now_ns-m_book.chains[at].tried_ns<RETRY_NS || !m_standing.IsConnected())
         return;
      string text="";
      SOrderRow row;
      SRefusal refusal;
      MqlTradeRequest request={};
      m_book.chains[at].tried_ns=now_ns;
      if(m_standing.MayTrade(text) && ReadOpenOrder(ticket,row) &&
         PrepareRemove(row,request,refusal))
         Send(at,"",request,now_ns);
     }
  };

#endif
