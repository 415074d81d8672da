//+------------------------------------------------------------------+
//| Portcullis: what is believed of MetaTrader, tried on this        |
//| terminal with orders of the smallest size.                       |
//|                                                                  |
//| Attach it to one chart of a demo account. It says in the tab     |
//| Experts what it does, writes MQL5/Files/portcullis-check.txt,    |
//| takes its orders away again, and goes. `portcullis mt5 check`    |
//| takes the file into its report.                                  |
//+------------------------------------------------------------------+
#property copyright "Portcullis"
#property version   "0.10"
#property description "Checks what the Portcullis bridge believes of a terminal, on a demo account"

#include <Portcullis/Check/CheckRun.mqh>

input string CheckSymbol = "";           // Symbol to trade, empty: the chart's
input bool RealMoney = false;            // Go on if this is no demo account
input int StopSeconds = 0;               // Wait so long for a stop-loss to be hit, 0: do not
input int CutSeconds = 0;                // Wait so long for you to cut the network, 0: do not
input string Only = "";                  // Names to check, separated by commas, empty: all
input int PeerPort = 5579;               // Port of `portcullis mt5 check`, 0: no peer
input string PeerHost = "127.0.0.1";     // Its address
input int Rounds = 20;                   // Commits of which the time is taken

CCheckRun         g_run;
bool              g_is_running=false;

int OnInit(void)
  {
   if(PeerPort<0 || PeerPort>65535 || Rounds<1 || StopSeconds<0 || CutSeconds<0)
     {
      Print("error: inputs: expected PeerPort 0 to 65535, Rounds above 0, and no time below 0");
      return INIT_PARAMETERS_INCORRECT;
     }
   g_is_running=false;
   return EventSetMillisecondTimer(CHECK_TIMER_MS) ? INIT_SUCCEEDED : INIT_FAILED;
  }

void OnDeinit(const int reason)
  {
   EventKillTimer();
   if(g_is_running)
      g_run.Break();
   g_is_running=false;
  }

bool Begin(void)
  {
   SCheckSettings settings;
   string problem="";
   settings.host=PeerHost;
   settings.port=(uint)PeerPort;
   settings.stop_s=StopSeconds;
   settings.cut_s=CutSeconds;
   settings.rounds=Rounds;
   if(g_run.Begin(CheckSymbol=="" ? _Symbol : CheckSymbol,Only,RealMoney,settings,problem))
      return true;
   Print("error: ",problem);
   return false;
  }

void OnTimer(void)
  {
   if(!g_is_running)
     {
      g_is_running=Begin();
      if(!g_is_running)
         ExpertRemove();
      return;
     }
   if(g_run.Step())
      return;
   g_is_running=false;
   ExpertRemove();
  }

void OnTick(void)
  {
  }

void OnChartEvent(const int id,const long &lparam,const double &dparam,const string &sparam)
  {
   if(g_is_running)
      g_run.OnEvent(id,lparam);
  }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   if(g_is_running)
      g_run.OnTransaction(trans,request,result);
  }
