//| A whole bridge with a venue of a few lines: limit orders rest, market orders fill at 1.1, what
//| costs 13 is refused. It trades nowhere: for tests of the wire (test_bridge.py, test_gateway.py).
#include <Portcullis/Bridge.mqh>

input string Host="127.0.0.1";
input int Port=5571;
input int FeedsPort=0;
input string VenueId="MT5";
input string Token="";
input string TlsName="";
input int Reading=0;
input int TimerMs=10;
input int DutyPercent=50;
input int WaitMs=2;
input int DeadManMs=0;
input bool NotesFail=false;

class CMemoryNotes : public CIdNotes
  {
   string m_sent;
   string m_buried;
   string m_held;
public:
   CMemoryNotes(void) { m_sent=" "; m_buried=" "; m_held=""; }
   virtual bool WasSent(const string id) { return StringFind(m_sent+m_held," "+id+" ")>=0; }
   virtual bool Covers(const string id) { return true; }
   virtual bool IsBuried(const string id) { return StringFind(m_buried," "+id+" ")>=0; }
   virtual void Hold(const string id) { m_held+=" "+id+" "; }
   virtual void Bury(const string id) { m_buried+=id+" "; }
   virtual bool Commit(void)
     {
      if(NotesFail)
         return false;
      m_sent+=m_held;
      m_held="";
      return true;
     }
  };

class CSmallVenue : public CVenue
  {
   CVenueListener *m_listener_ptr;
   SVenueOrder m_orders[];
   SVenueOrder m_news[];
   string m_asks[];
   long m_now_ns;
   bool m_up;

   int Find(const string id)
     {
      for(int i=0; i<ArraySize(m_orders); i++)
         if(m_orders[i].cl_ord_id==id || m_orders[i].orig_cl_ord_id==id)
            return i;
      return -1;
     }
   void Ask(const string what)
     {
      int size=ArraySize(m_asks);
      ArrayResize(m_asks,size+1);
      m_asks[size]=what;
     }
   void Answer(const string asked)
     {
      string words[];
      StringSplit(asked,' ',words);
      string ask=words[1];
      SVenueOrder none;
      SVenueOrder open[];
      if(words[0]=="look")
        {
         int at=Find(words[2]);
         if(at>=0)
            m_listener_ptr.OnFound(ask,true,m_orders[at],m_up);
         else
            m_listener_ptr.OnFound(ask,false,none,m_up);
        }
      if(words[0]=="open")
        {
         for(int i=0; i<ArraySize(m_orders); i++)
            if(m_orders[i].status=="0")
              {
               int size=ArraySize(open);
               ArrayResize(open,size+1);
               open[size]=m_orders[i];
              }
         m_listener_ptr.OnOpenOrders(ask,open,m_up);
        }
      if(words[0]=="fills")
        {
         SFill fills[];
         for(int i=0; i<ArraySize(m_orders); i++)
            if(m_orders[i].status=="2")
              {
               int size=ArraySize(fills);
               ArrayResize(fills,size+1);
               FillOf(m_orders[i],fills[size]);
              }
         m_listener_ptr.OnFills(ask,fills,m_up);
        }
      if(words[0]=="positions")
        {
         SPosition positions[1];
         positions[0].symbol="EURUSD";
         positions[0].currency="USD";
         positions[0].qty.Parse("-1000");
         positions[0].avg_px.Parse("1.1");
         positions[0].realized_pnl.SetWhole(0);
         positions[0].position_id="77";
         m_listener_ptr.OnPositions(ask,positions,m_up);
        }
      if(words[0]=="balances")
        {
         SBalance balances[1];
         balances[0].currency="USD";
         balances[0].total.Parse("10000.50");
         balances[0].free.Parse("9000");
         m_listener_ptr.OnBalances(ask,balances,m_up);
        }
      if(words[0]=="ledger")
        {
         SLedgerEntry entries[1];
         entries[0].entry_id="SWAP-1";
         entries[0].kind="SWAP";
         entries[0].currency="USD";
         entries[0].amount.Parse("-0.7");
         entries[0].transact_ns=m_now_ns;
         m_listener_ptr.OnLedgerEntries("",entries,m_up);
        }
      if(words[0]=="instruments")
         TellInstruments(ask);
     }
   void TellInstruments(const string ask)
     {
      SInstrument all[];
      ArrayResize(all,1);
      all[0].symbol="EURUSD";
      all[0].base="EUR";
      all[0].currency="USD";
      all[0].price_tick.Parse("0.00001");
      all[0].qty_step.Parse("1000");
      all[0].min_qty.Parse("1000");
      all[0].max_qty.Parse("50000000");
      all[0].min_notional.SetWhole(0);
      all[0].contract_multiplier.Parse("100000");
      all[0].maker_fee.SetWhole(0);
      all[0].taker_fee.SetWhole(0);
      m_listener_ptr.OnInstruments(ask,all,m_up);
     }
   void FillOf(const SVenueOrder &order,SFill &fill)
     {
      fill.trade_id="T"+order.cl_ord_id;
      fill.order_id=order.order_id;
      fill.cl_ord_id=order.cl_ord_id;
      fill.symbol=order.symbol;
      fill.side=order.side;
      fill.last_qty=order.order_qty;
      fill.last_px=order.avg_px;
      fill.commission.Parse("0.35");
      fill.comm_currency="USD";
      fill.transact_ns=order.transact_ns;
     }
   void Keep(const SOrderRequest &request,const long now_ns)
     {
      int at=ArraySize(m_news);
      ArrayResize(m_news,at+1);
      m_news[at].order_id="V"+request.cl_ord_id;
      m_news[at].cl_ord_id=request.cl_ord_id;
      m_news[at].orig_cl_ord_id=request.orig_cl_ord_id;
      m_news[at].symbol=request.symbol;
      m_news[at].side=request.side;
      m_news[at].ord_type=request.ord_type;
      m_news[at].time_in_force=request.time_in_force;
      m_news[at].order_qty=request.order_qty;
      m_news[at].leaves_qty=request.order_qty;
      m_news[at].cum_qty.SetWhole(0);
      m_news[at].price=request.price;
      m_news[at].status="0";
      m_news[at].transact_ns=now_ns;
      m_news[at].expire_ns=0;
     }
   void Settle(SVenueOrder &order)
     {
      if(order.price.is_set && order.price.Text()=="13")
        {
         order.status="8";
         order.leaves_qty.SetWhole(0);
         m_listener_ptr.OnRejected(order,"99","10015 Invalid price");
        }
      else
         if(order.orig_cl_ord_id!="")
            m_listener_ptr.OnReplaced(order);
         else
            m_listener_ptr.OnAccepted(order);
      if(order.ord_type=="1")
        {
         SFill fill;
         order.status="2";
         order.cum_qty=order.order_qty;
         order.leaves_qty.SetWhole(0);
         order.avg_px.Parse("1.1");
         FillOf(order,fill);
         m_listener_ptr.OnFilled(order,fill);
        }
      int at=order.orig_cl_ord_id!="" ? Find(order.orig_cl_ord_id) : -1;
      if(at<0)
        {
         at=ArraySize(m_orders);
         ArrayResize(m_orders,at+1);
        }
      m_orders[at]=order;
     }

public:
   CSmallVenue(void) { m_listener_ptr=NULL; m_now_ns=0; m_up=true; }
   virtual void Capabilities(SCapabilities &able)
     {
      able.words="MARKET LIMIT GTC DAY IOC REPLACE LOOKUP";
      able.absence_after_ms=1000;
     }
   virtual bool Connected(void) { return m_up; }
   virtual bool Connect(CVenueListener *listener_ptr,const long now_ns,string &text)
     {
      m_listener_ptr=listener_ptr;
      return true;
     }
   virtual void Submit(const SOrderRequest &order,const long now_ns)
     {
      Print("submit ",order.cl_ord_id);
      Keep(order,now_ns);
     }
   virtual void Replace(const SOrderRequest &order,const long now_ns) { Keep(order,now_ns); }
   virtual void Cancel(const SCancelRequest &request,const long now_ns)
     {
      Ask("cancel "+request.cl_ord_id+" "+request.orig_cl_ord_id);
     }
   virtual void Protect(const SLevelsRequest &asked,const long now_ns)
     {
      Print("protect ",asked.request_id);
     }
   virtual int RemoveAll(const long now_ns) { return 0; }
   virtual void CancelAll(const string text,const long now_ns) { Print("cancel all: ",text); }
   virtual void Recognise(const long instance) {}
   virtual bool MayKnow(const string id,const string order_id) { return false; }
   virtual void LookUp(const string ask,const string id,const long now_ns)
     {
      Ask("look "+ask+" "+id);
     }
   virtual void OpenOrders(const string ask,const long now_ns) { Ask("open "+ask); }
   virtual void FillsSince(const string ask,const long since_ns,const long now_ns)
     {
      Ask("fills "+ask);
     }
   virtual void Positions(const string ask,const long now_ns) { Ask("positions "+ask); }
   virtual void Balances(const string ask,const long now_ns) { Ask("balances "+ask); }
   virtual void LedgerEntries(const string ask,const long since_ns,const long now_ns)
     {
      Ask("ledger x");
     }
   virtual void Instruments(const string ask,const long now_ns) { Ask("instruments "+ask); }
   virtual bool IsIdle(const long now_ns) { return true; }
   virtual void StepTicks(const long now_ns) {}
   virtual void Step(const long now_ns)
     {
      m_now_ns=now_ns;
      for(int i=0; i<ArraySize(m_news); i++)
         Settle(m_news[i]);
      ArrayResize(m_news,0);
      for(int i=0; i<ArraySize(m_asks); i++)
        {
         string words[];
         StringSplit(m_asks[i],' ',words);
         if(words[0]=="cancel")
            Off(words[1],words[2]);
         else
            Answer(m_asks[i]);
        }
      ArrayResize(m_asks,0);
     }
   void Off(const string request_id,const string id)
     {
      int at=Find(id);
      if(at>=0 && m_orders[at].status=="0")
        {
         m_orders[at].status="4";
         m_orders[at].leaves_qty.SetWhole(0);
         m_listener_ptr.OnCanceled(m_orders[at],request_id,"","");
         return;
        }
      SCancelRefused refused;
      refused.request_id=request_id;
      refused.orig_cl_ord_id=id;
      refused.response_to="1";
      refused.reason="0";
      refused.text="too late";
      refused.known=at>=0;
      if(at>=0)
         refused.order=m_orders[at];
      m_listener_ptr.OnCancelRefused(refused);
     }
   virtual void OnTradeTransaction(const MqlTradeTransaction &transaction,
                                   const MqlTradeRequest &request,const MqlTradeResult &result)
     {
     }
   void Quote(void)
     {
      SBook book;
      ArrayResize(book.bids,1);
      ArrayResize(book.asks,1);
      book.symbol="EURUSD";
      book.bids[0].price.Parse("1.1");
      book.bids[0].size.Parse("1000000");
      book.asks[0].price.Parse("1.1001");
      book.asks[0].size.Parse("1000000");
      book.transact_ns=m_now_ns>0 ? m_now_ns : 1;
      book.gaps=0;
      m_listener_ptr.OnBook(book);
     }
   //--- a quote ("tick"), a warning, or the terminal's link goes ("down") and comes
   virtual void OnBookEvent(const string symbol)
     {
      if(symbol=="tick")
        {
         Quote();
         return;
        }
      if(symbol=="warn")
        {
         m_listener_ptr.OnRateWarned(1500,true);
         return;
        }
      m_up=symbol!="down";
      m_listener_ptr.OnLink(m_up,m_up ? "" : "no connection to the trade server");
     }
   virtual void Close(void) { Print("closed"); }
  };

CBridge g_bridge;
CSmallVenue g_venue;
CMemoryNotes g_notes;

int OnInit(void)
  {
   SBridgeSettings settings;
   string text="";
   settings.venues.host=Host;
   settings.venues.port=(uint)Port;
   settings.venues.tls_name=TlsName;
   settings.venues.connect_ms=500;
   settings.feeds=settings.venues;
   settings.feeds.port=(uint)FeedsPort;
   settings.identity.comp_id=VenueId;
   settings.identity.peer_comp_id="GATEWAY";
   settings.identity.token=Token;
   settings.identity.heart_bt_int=1;
   settings.account=VenueId;
   settings.dead_man_ms=DeadManMs;
   settings.reading=(ENUM_READING)Reading;
   settings.timer_ms=TimerMs;
   settings.duty_percent=DutyPercent;
   settings.wait_ms=(uint)WaitMs;
   if(!g_bridge.Begin(settings,GetPointer(g_venue),GetPointer(g_notes),text))
     {
      Print("error: ",text);
      return INIT_FAILED;
     }
   EventSetMillisecondTimer(TimerMs);
   return INIT_SUCCEEDED;
  }
void OnDeinit(const int reason)
  {
   EventKillTimer();
   g_bridge.Close("removed");
  }
void OnTimer(void)
  {
   g_bridge.OnTimer();
   if(g_bridge.IsDead())
      ExpertRemove();
  }
void OnTick(void) { g_bridge.OnTick(); }
void OnBookEvent(const string &symbol) { g_bridge.OnBookEvent(symbol); }
void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   g_bridge.OnChartEvent(id);
  }
void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   g_bridge.OnTradeTransaction(trans,request,result);
  }
