//+------------------------------------------------------------------+
//| Portcullis: this terminal's account as a venue of the gateway.   |
//|                                                                  |
//| No DLL, no files but its own database and the token's. It        |
//| connects out to the gateway by the terminal's socket functions:  |
//| put the gateway's address into the list of allowed ones (Tools > |
//| Options > Expert Advisors) and allow algorithmic trading. Attach |
//| it to one chart of any symbol.                                   |
//+------------------------------------------------------------------+
#property copyright "Portcullis"
#property version   "0.10"
#property description "The MetaTrader 5 bridge of the Portcullis order gateway"

#include <Portcullis/Bridge.mqh>
#include <Portcullis/IdNotes.mqh>
#include <Portcullis/InstanceLock.mqh>
#include <Portcullis/Store.mqh>
#include <Portcullis/TokenFile.mqh>
#include <Portcullis/Venue.mqh>

input group "The gateway"
input string VenueId = "MT5";            // Venue id, as in the gateway's config
input string Host = "127.0.0.1";         // Address of the gateway
input int VenuesPort = 5571;             // Port for bridges
input int FeedsPort = 5573;              // Port for market data, 0: none
input string GatewayId = "GATEWAY";      // CompID of the gateway
input string TokenFile = "";             // File in MQL5/Files with the token, if there is one
input string TlsName = "";               // Name in the certificate, behind a TLS terminator
input int HeartBtInt = 1;                // Heartbeat interval, seconds
input int DeadManMs = 30000;             // Gateway gone so long: cancel what rests, 0: never

input group "Trading"
input string Symbols = "EURUSD";         // Symbols, as EURUSD or BTC/USDT=BTCUSDT.x
input long Login = 0;                    // Account that must be logged in, 0: the first one
input string Server = "";                // Its trade server, empty: any
input bool Async = true;                 // Send without waiting for the answer
input int Deviation = 0;                 // Slippage in points, for instant execution
input bool IocAtMarket = false;          // A limit IOC or FOK may slip where no price is bound
input string FeeRate = "0";              // What a trade costs, as a part of its worth
input int AbsenceAfterMs = 60000;        // An order unknown for so long stays unknown
input int SettleMs = 2000;               // After a connection lists are believed so much later
input int WalkMs = 500;                  // The account is walked at least so often
input int HistoryDays = 30;              // How far back history is read

input group "Reading"
input ENUM_READING Reading = READ_WAITING; // How the gateway's messages are read
input int TimerMs = 10;                  // Period of the timer
input int DutyPercent = 50;              // READ_BY_EVENTS: share of a core
input int WaitMs = 2;                    // READ_WAITING: longest wait of one turn

CStore            g_store;
CIdTable          g_notes;
CTerminalVenue    g_venue;
CBridge           g_bridge;
CInstanceLock     g_lock;
bool              g_is_running=false;
string            g_said="";

//--- say something once, until it is something else
void SayOnce(const string text)
  {
   if(text!=g_said)
      Print(text);
   g_said=text;
  }

//--- the token is in a file, not in an input: inputs are shown to whoever sees the chart
bool ReadToken(string &token)
  {
   string why="";
   token="";
   if(TokenFile=="" || ReadTokenFile(TokenFile,token,why))
      return true;
   Print("error: TokenFile: ",why);
   return false;
  }

bool AreInputsSound(void)
  {
   string wrong="";
   if(!IsFixName(VenueId))
      wrong="VenueId: received '"+VenueId+"', expected a name without blanks";
   if(VenuesPort<1 || VenuesPort>65535)
      wrong="VenuesPort: received "+IntegerToString(VenuesPort)+", expected 1 to 65535";
   if(FeedsPort<0 || FeedsPort>65535)
      wrong="FeedsPort: received "+IntegerToString(FeedsPort)+", expected 0 to 65535";
   if(HeartBtInt<1 || HeartBtInt>3600)
      wrong="HeartBtInt: received "+IntegerToString(HeartBtInt)+", expected 1 to 3600 s";
   if(TimerMs<1 || TimerMs>1000)
      wrong="TimerMs: received "+IntegerToString(TimerMs)+", expected 1 to 1000";
   if(DutyPercent<1 || DutyPercent>100)
      wrong="DutyPercent: received "+IntegerToString(DutyPercent)+", expected 1 to 100";
   if(WaitMs<1 || WaitMs>100)
      wrong="WaitMs: received "+IntegerToString(WaitMs)+", expected 1 to 100";
   if(AbsenceAfterMs<5000 || AbsenceAfterMs>3600000)
      wrong="AbsenceAfterMs: received "+IntegerToString(AbsenceAfterMs)+
            ", expected 5000 to 3600000";
   if(DeadManMs<0 || SettleMs<0 || WalkMs<1 || HistoryDays<1)
      wrong="received a time below zero, expected none";
   if(wrong!="")
      Print("error: input ",wrong);
   return wrong=="";
  }

bool Begin(void)
  {
   SBridgeSettings settings;
   SVenueSettings venue;
   string text="";
   settings.venues.host=Host;
   settings.venues.port=(uint)VenuesPort;
   settings.venues.tls_name=TlsName;
   settings.venues.connect_ms=500;
   settings.feeds=settings.venues;
   settings.feeds.port=(uint)FeedsPort;
   settings.identity.comp_id=VenueId;
   settings.identity.peer_comp_id=GatewayId;
   settings.identity.heart_bt_int=HeartBtInt;
   settings.account=VenueId;
   settings.dead_man_ms=DeadManMs;
   settings.reading=Reading;
   settings.timer_ms=TimerMs;
   settings.duty_percent=DutyPercent;
   settings.wait_ms=(uint)WaitMs;
   venue.symbols=Symbols;
   venue.login=Login;
   venue.server=Server;
   venue.fee_rate=FeeRate;
   venue.settle_ms=SettleMs;
   venue.walk_ms=WalkMs;
   venue.async=Async;
   venue.deviation=Deviation;
   venue.ioc_at_market=IocAtMarket;
   venue.absence_after_ms=AbsenceAfterMs;
   venue.history_days=HistoryDays;
   if(!ReadToken(settings.identity.token))
      return false;
   if(!g_store.Open("Portcullis."+VenueId+".sqlite"))
     {
      Print("error: ",g_store.WhyDead());
      return false;
     }
   g_notes.Open(GetPointer(g_store));
   g_venue.Open(GetPointer(g_store),venue);
   if(!g_bridge.Begin(settings,GetPointer(g_venue),GetPointer(g_notes),text))
     {
      Print("error: ",text);
      return false;
     }
   return true;
  }

int OnInit(void)
  {
   if(!AreInputsSound())
      return INIT_PARAMETERS_INCORRECT;
   g_is_running=false;
   g_lock.Begin(VenueId);
   return EventSetMillisecondTimer(TimerMs) ? INIT_SUCCEEDED : INIT_FAILED;
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
   if(g_is_running)
      g_bridge.Close(g_store.IsAlive() ? "the Expert Advisor is removed, reason "+
                     IntegerToString(reason) : g_store.WhyDead());
   g_is_running=false;
   g_store.Close();
   g_lock.Release();
  }

void OnTimer(void)
  {
   if(!g_lock.Keep())
     {
      SayOnce("another Expert Advisor on this terminal has the venue id "+VenueId+
              ": waiting for it to go");
      if(g_is_running)
         ExpertRemove();
      return;
     }
   if(!g_is_running && !Begin())
     {
      ExpertRemove();
      return;
     }
   g_is_running=true;
   g_bridge.OnTimer();
   if(g_bridge.IsDead() || !g_store.IsAlive())
     {
      Print("error: ",g_store.WhyDead());
      g_bridge.Abandon();
      ExpertRemove();
     }
  }

void OnTick(void)
  {
   if(g_is_running)
      g_bridge.OnTick();
  }

void OnBookEvent(const string &symbol)
  {
   if(g_is_running)
      g_bridge.OnBookEvent(symbol);
  }

void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   if(g_is_running && g_lock.IsHeld())
      g_bridge.OnChartEvent(id);
  }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   if(g_is_running)
      g_bridge.OnTradeTransaction(trans,request,result);
  }
