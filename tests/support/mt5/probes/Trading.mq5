//| The venue without a session: commands and events as text, for tests/support/mt5/ea_trader.py.
//| A record is fields `name=value`, divided by the unit separator; records end in a line feed.
#property strict
#include <Portcullis/IdNotes.mqh>
#include <Portcullis/Venue.mqh>

input string Symbols = "EURUSD";
input int SettleMs = 1000;
input int WalkMs = 500;
input bool Async = true;
input int AbsenceAfterMs = 3000;
input bool IocAtMarket = false;
input int HistoryDays = 30;
input int TimerMs = 10;

string Part(const string name,const string value)
  {
   return value=="" ? "" : ShortToString(31)+name+"="+value;
  }
string Part(const string name,const SDecimal &value)
  {
   return value.is_set ? Part(name,value.Text()) : "";
  }
string Flag(const string name,const bool value) { return Part(name,(string)(value ? "Y" : "")); }
string Whole(const string name,const long value) { return Part(name,IntegerToString(value)); }

class CScribe : public CVenueListener
  {
public:
   string            text;

                     CScribe(void) { text=""; }
   void              Write(const string kind,const string parts) { text+=kind+parts+"\n"; }
   string            Order(const SVenueOrder &o)
     {
      return Part("order_id",o.order_id)+Part("cl_ord_id",o.cl_ord_id)+
             Part("orig_cl_ord_id",o.orig_cl_ord_id)+Part("symbol",o.symbol)+
             Part("side",o.side)+Part("ord_type",o.ord_type)+
             Part("time_in_force",o.time_in_force)+Part("order_qty",o.order_qty)+
             Part("cum_qty",o.cum_qty)+Part("leaves_qty",o.leaves_qty)+Part("avg_px",o.avg_px)+
             Part("status",o.status)+Part("price",o.price)+Part("stop_px",o.stop_px)+
             Part("stop_loss_px",o.stop_loss_px)+Part("take_profit_px",o.take_profit_px)+
             Whole("expire_ns",o.expire_ns)+Flag("post_only",o.post_only)+
             Flag("triggered",o.triggered)+Part("parent_id",o.parent_id)+
             Part("origin",o.origin)+Part("text",o.text)+Whole("transact_ns",o.transact_ns);
     }
   string            Trade(const SFill &f)
     {
      return Part("trade_id",f.trade_id)+Part("fill_order_id",f.order_id)+
             Part("fill_cl_ord_id",f.cl_ord_id)+Part("fill_symbol",f.symbol)+
             Part("fill_side",f.side)+Part("last_qty",f.last_qty)+Part("last_px",f.last_px)+
             Part("commission",f.commission)+Part("comm_currency",f.comm_currency)+
             Part("liquidity",f.liquidity)+Part("fill_position_id",f.position_id)+
             Part("fill_parent_id",f.parent_id)+Part("fill_origin",f.origin)+
             Whole("fill_ns",f.transact_ns);
     }
   virtual void      OnAccepted(const SVenueOrder &order) { Write("Accepted",Order(order)); }
   virtual void      OnRejected(const SVenueOrder &order,const string reason,const string why)
     {
      Write("Rejected",Order(order)+Part("reason",reason)+Part("why",why));
     }
   virtual void      OnFilled(const SVenueOrder &order,const SFill &fill)
     {
      Write("Filled",Order(order)+Trade(fill));
     }
   virtual void      OnBusted(const SVenueOrder &order,const SFill &fill)
     {
      Write("Busted",Order(order)+Trade(fill));
     }
   virtual void      OnCanceled(const SVenueOrder &order,const string request_id,
                                const string reason,const string why)
     {
      Write("Canceled",Order(order)+Part("request_id",request_id)+Part("reason",reason)+
            Part("why",why));
     }
   virtual void      OnExpired(const SVenueOrder &order) { Write("Expired",Order(order)); }
   virtual void      OnReplaced(const SVenueOrder &order) { Write("Replaced",Order(order)); }
   virtual void      OnTriggered(const SVenueOrder &order) { Write("Triggered",Order(order)); }
   virtual void      OnCancelRefused(const SCancelRefused &r)
     {
      Write("CancelRefused",(r.known ? Order(r.order) : "")+Part("request_id",r.request_id)+
            Part("orig",r.orig_cl_ord_id)+Part("response_to",r.response_to)+
            Part("reason",r.reason)+Part("why",r.text)+Flag("known",r.known));
     }
   virtual void      OnLevels(const SLevelsRequest &asked,const string status,
                              const SDecimal &stop,const SDecimal &profit,const string why,
                              const long now_ns)
     {
      Write("Levels",Part("request_id",asked.request_id)+Part("status",status)+
            Part("stop_loss_px",stop)+Part("take_profit_px",profit)+Part("why",why));
     }
   virtual void      OnFound(const string ask,const bool found,const SVenueOrder &order,
                             const bool complete)
     {
      Write("Found",Part("ask",ask)+Flag("found",found)+(found ? Order(order) : "")+
            Flag("complete",complete));
     }
   virtual void      OnOpenOrders(const string ask,const SVenueOrder &orders[],const bool complete)
     {
      for(int i=0; i<ArraySize(orders); i++)
         Write("Open",Part("ask",ask)+Order(orders[i]));
      Write("OpenOrders",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnFills(const string ask,const SFill &fills[],const bool complete)
     {
      for(int i=0; i<ArraySize(fills); i++)
         Write("Fill",Part("ask",ask)+Trade(fills[i]));
      Write("Fills",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnPositions(const string ask,const SPosition &held[],const bool complete)
     {
      for(int i=0; i<ArraySize(held); i++)
         Write("Position",Part("ask",ask)+Part("symbol",held[i].symbol)+Part("qty",held[i].qty)+
               Part("avg_px",held[i].avg_px)+Part("currency",held[i].currency)+
               Part("position_id",held[i].position_id)+
               Part("stop_loss_px",held[i].stop_loss_px)+
               Part("take_profit_px",held[i].take_profit_px));
      Write("Positions",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnBalances(const string ask,const SBalance &balances[],const bool complete)
     {
      for(int i=0; i<ArraySize(balances); i++)
         Write("Balance",Part("ask",ask)+Part("currency",balances[i].currency)+
               Part("total",balances[i].total)+Part("free",balances[i].free));
      Write("Balances",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnInstruments(const string ask,const SInstrument &all[],const bool complete)
     {
      for(int i=0; i<ArraySize(all); i++)
         Write("Instrument",Part("ask",ask)+Part("symbol",all[i].symbol)+
               Part("base",all[i].base)+Part("currency",all[i].currency)+
               Part("price_tick",all[i].price_tick)+Part("qty_step",all[i].qty_step)+
               Part("min_qty",all[i].min_qty)+Part("max_qty",all[i].max_qty)+
               Part("contract_multiplier",all[i].contract_multiplier)+
               Part("margin_rate",all[i].margin_rate));
      Write("Instruments",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnLedgerEntries(const string ask,const SLedgerEntry &entries[],
                                     const bool complete)
     {
      for(int i=0; i<ArraySize(entries); i++)
         Write("Entry",Part("ask",ask)+Part("entry_id",entries[i].entry_id)+
               Part("ledger_kind",entries[i].kind)+Part("amount",entries[i].amount)+
               Part("currency",entries[i].currency)+Part("symbol",entries[i].symbol));
      if(ask!="")
         Write("Entries",Part("ask",ask)+Flag("complete",complete));
     }
   virtual void      OnBook(const SBook &book)
     {
      string parts=Part("symbol",book.symbol)+Whole("gaps",book.gaps);
      for(int i=0; i<ArraySize(book.bids); i++)
         parts+=Part("bid"+IntegerToString(i),book.bids[i].price.Text()+"x"+
                     book.bids[i].size.Text());
      for(int i=0; i<ArraySize(book.asks); i++)
         parts+=Part("ask"+IntegerToString(i),book.asks[i].price.Text()+"x"+
                     book.asks[i].size.Text());
      Write("Book",parts+Whole("transact_ns",book.transact_ns));
     }
   virtual void      OnTraded(const STrade &trade)
     {
      Write("Traded",Part("symbol",trade.symbol)+Part("price",trade.price)+
            Part("size",trade.size)+Part("aggressor",trade.aggressor)+
            Part("trade_id",trade.trade_id)+Whole("transact_ns",trade.transact_ns));
     }
   virtual void      OnLink(const bool up,const string why)
     {
      Write("Link",Flag("up",up)+Part("why",why));
     }
   virtual void      OnRateWarned(const long back_off_ms,const bool banned)
     {
      Write("RateWarned",Whole("back_off_ms",back_off_ms)+Flag("banned",banned));
     }
  };

CStore         g_store;
CIdTable       g_ids;
CTerminalVenue g_venue;
CScribe        g_scribe;
ulong          g_started_ms=0;
long           g_started_ns=0;

long NowNs(void)
  {
   return g_started_ns+(long)(GetTickCount64()-g_started_ms)*1000000;
  }

int OnInit(void)
  {
   SVenueSettings settings;
   settings.symbols=Symbols;
   settings.login=0;
   settings.server="";
   settings.fee_rate="0";
   settings.settle_ms=SettleMs;
   settings.walk_ms=WalkMs;
   settings.async=Async;
   settings.deviation=10;
   settings.ioc_at_market=IocAtMarket;
   settings.absence_after_ms=AbsenceAfterMs;
   settings.history_days=HistoryDays;
   g_started_ms=GetTickCount64();
   g_started_ns=(long)TimeGMT()*1000000000;
   string text="";
   if(!g_store.Open("portcullis.sqlite"))
      return INIT_FAILED;
   g_ids.Open(GetPointer(g_store));
   g_venue.Open(GetPointer(g_store),settings);
   if(!g_venue.Connect(GetPointer(g_scribe),NowNs(),text))
     {
      Print(text);
      return INIT_FAILED;
     }
   EventSetMillisecondTimer(TimerMs);
   return INIT_SUCCEEDED;
  }
void OnDeinit(const int reason)
  {
   g_venue.Close();
   g_store.Close();
  }
void OnTimer(void)
  {
   g_venue.Step(NowNs());
   g_venue.StepTicks(NowNs());
  }
void OnBookEvent(const string &symbol) { g_venue.OnBookEvent(symbol); }
void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   g_venue.OnTradeTransaction(trans,request,result);
   g_venue.Step(NowNs());
  }

string Field(const string &parts[],const string name)
  {
   for(int i=1; i<ArraySize(parts); i++)
      if(StringFind(parts[i],name+"=")==0)
         return StringSubstr(parts[i],StringLen(name)+1);
   return "";
  }
void ReadOrder(const string &parts[],SOrderRequest &order)
  {
   order.cl_ord_id=Field(parts,"cl_ord_id");
   order.orig_cl_ord_id=Field(parts,"orig_cl_ord_id");
   order.symbol=Field(parts,"symbol");
   order.side=Field(parts,"side");
   order.ord_type=Field(parts,"ord_type");
   order.time_in_force=Field(parts,"time_in_force");
   order.order_qty.Parse(Field(parts,"order_qty"));
   order.price.Parse(Field(parts,"price"));
   order.stop_px.Parse(Field(parts,"stop_px"));
   order.stop_loss_px.Parse(Field(parts,"stop_loss_px"));
   order.take_profit_px.Parse(Field(parts,"take_profit_px"));
   order.expire_ns=StringToInteger(Field(parts,"expire_ns"));
   order.post_only=Field(parts,"post_only")=="Y";
   order.reduce_only=Field(parts,"reduce_only")=="Y";
   order.position_id=Field(parts,"position_id");
   order.account="";
   order.strategy="";
  }

string Told(void)
  {
   string told=g_scribe.text;
   g_scribe.text="";
   return told;
  }

//--- the session's part: an id is noted durably before it is acted upon
void Command(const string &parts[],const long now_ns)
  {
   string what=parts[0];
   string ask=Field(parts,"ask");
   string name=Field(parts,"cl_ord_id");
   long since_ns=StringToInteger(Field(parts,"since_ns"));
   SOrderRequest order;
   SCancelRequest cancel;
   SLevelsRequest levels;
   if(what=="protect")
     {
      levels.request_id=name;
      levels.symbol=Field(parts,"symbol");
      levels.position_id=Field(parts,"position_id");
      levels.stop_loss_px.Parse(Field(parts,"stop_loss_px"));
      levels.take_profit_px.Parse(Field(parts,"take_profit_px"));
      g_venue.Protect(levels,now_ns);
     }
   if(what=="submit" || what=="replace")
     {
      g_ids.Hold(name);
      g_ids.Commit();
      ReadOrder(parts,order);
      if(what=="submit")
         g_venue.Submit(order,now_ns);
      else
         g_venue.Replace(order,now_ns);
     }
   if(what=="cancel")
     {
      cancel.cl_ord_id=name;
      cancel.orig_cl_ord_id=Field(parts,"orig_cl_ord_id");
      cancel.symbol=Field(parts,"symbol");
      cancel.side=Field(parts,"side");
      g_venue.Cancel(cancel,now_ns);
     }
   if(what=="cancel_all")
      g_venue.CancelAll("DEAD_MAN: the gateway is gone",now_ns);
   if(what=="look_up")
      g_venue.LookUp(ask,name,now_ns);
   if(what=="open_orders")
      g_venue.OpenOrders(ask,now_ns);
   if(what=="fills_since")
      g_venue.FillsSince(ask,since_ns,now_ns);
   if(what=="positions")
      g_venue.Positions(ask,now_ns);
   if(what=="balances")
      g_venue.Balances(ask,now_ns);
   if(what=="ledger_entries")
      g_venue.LedgerEntries(ask,since_ns,now_ns);
   if(what=="instruments")
      g_venue.Instruments(ask,now_ns);
  }

string Note(const string what,const string name)
  {
   if(what=="was_sent")
      return g_ids.WasSent(name) ? "Y" : "N";
   if(what=="is_buried")
      return g_ids.IsBuried(name) ? "Y" : "N";
   if(what=="hold")
      g_ids.Hold(name);
   if(what=="bury")
      g_ids.Bury(name);
   return g_ids.Commit() ? "Y" : "N";
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string said="";
   string text=CharArrayToString(in,0,ArraySize(in),CP_UTF8);
   string parts[];
   SCapabilities able;
   if(command=="told")
      said=Told();
   else
      if(command=="capabilities")
        {
         g_venue.Capabilities(able);
         said=able.words;
        }
      else
         if(command=="note")
           {
            StringSplit(text,31,parts);
            said=Note(parts[0],parts[1]);
           }
         else
           {
            StringSplit(text,31,parts);
            Command(parts,NowNs());
            g_venue.Step(NowNs());
           }
   int size=StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8);
   ArrayResize(out,size-1);
  }
