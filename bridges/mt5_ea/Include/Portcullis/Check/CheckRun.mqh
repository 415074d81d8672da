//+------------------------------------------------------------------+
//| The self-check: one step after the other, and the account as it  |
//| was before.                                                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKRUN_MQH
#define PORTCULLIS_CHECKRUN_MQH

#include "CheckClocks.mqh"
#include "CheckCloseBy.mqh"
#include "CheckDeals.mqh"
#include "CheckLocked.mqh"
#include "CheckMarket.mqh"
#include "CheckOrders.mqh"
#include "CheckReading.mqh"
#include "CheckSettle.mqh"
#include "CheckSockets.mqh"
#include "CheckStop.mqh"
#include "CheckStore.mqh"
#include "CheckTimer.mqh"
#include "CheckTurns.mqh"

#define CHECK_FILE "portcullis-check.txt"
#define CHECK_VERSION "0.10"

class CCheckRun
  {
   CCheckReport      m_report;
   CCheckTrade       m_trade;
   CCheckTrail       m_trail;
   CCheckClocks      m_clocks;
   CCheckTimer       m_timer;
   CCheckTurns       m_turns;
   CCheckReading     m_reading;
   CCheckSockets     m_sockets;
   CCheckStore       m_store;
   CCheckMarket      m_market;
   CCheckOrders      m_orders;
   CCheckLocked      m_locked;
   CCheckDeals       m_deals;
   CCheckCloseBy     m_close_by;
   CCheckStop        m_stop;
   CCheckSettle      m_settle;
   CCheckStep       *m_steps_ptr[];
   int               m_at;
   bool              m_is_begun;    // the step

public:
                     CCheckRun(void) { m_at=0; m_is_begun=false; }
   //--- false, with the reason, when nothing may be checked here
   bool              Begin(const string symbol,const string only,const bool real_money,
                           const SCheckSettings &settings,string &problem)
     {
      m_report.Begin(CHECK_FILE,only);
      ArrayResize(m_steps_ptr,0);
      Add(GetPointer(m_clocks),settings);
      Add(GetPointer(m_timer),settings);
      Add(GetPointer(m_turns),settings);
      Add(GetPointer(m_reading),settings);
      Add(GetPointer(m_sockets),settings);
      Add(GetPointer(m_store),settings);
      Add(GetPointer(m_market),settings);
      Add(GetPointer(m_orders),settings);
      Add(GetPointer(m_locked),settings);
      Add(GetPointer(m_deals),settings);
      Add(GetPointer(m_close_by),settings);
      Add(GetPointer(m_stop),settings);
      Add(GetPointer(m_settle),settings);
      m_at=0;
      m_is_begun=false;
      if(!MayCheck(symbol,real_money,problem))
        {
         m_report.Fact("problem",problem);
         return false;
        }
      Facts();
      return true;
     }
   //--- at each timer; false when all is done
   bool              Step(void)
     {
      while(m_at<ArraySize(m_steps_ptr) && !IsWanted(m_steps_ptr[m_at].Names()))
         m_at++;
      if(m_at>=ArraySize(m_steps_ptr))
        {
         End();
         return false;
        }
      if(!m_is_begun)
        {
         Print("checking: ",m_steps_ptr[m_at].Names());
         m_steps_ptr[m_at].Begin();
         m_is_begun=true;
        }
      if(m_steps_ptr[m_at].More())
         return true;
      SayTheRest(m_steps_ptr[m_at].Names());
      if(m_steps_ptr[m_at].Trades())
         m_trade.CleanUp();
      m_is_begun=false;
      m_at++;
      return true;
     }
   //--- the program is taken off its chart
   void              Break(void)
     {
      if(m_at>=ArraySize(m_steps_ptr))
         return;
      m_trade.CleanUp();
      m_report.Fact("problem","the Expert Advisor was removed before the end");
     }
   void              OnEvent(const int id,const long value)
     {
      if(m_is_begun && m_at<ArraySize(m_steps_ptr))
         m_steps_ptr[m_at].OnEvent(id,value);
     }
   void              OnTransaction(const MqlTradeTransaction &trans,
                                   const MqlTradeRequest &request,const MqlTradeResult &result)
     {
      m_trail.OnTransaction(trans,request,result);
     }

private:
   void              Add(CCheckStep *step_ptr,const SCheckSettings &settings)
     {
      int at=ArraySize(m_steps_ptr);
      ArrayResize(m_steps_ptr,at+1);
      m_steps_ptr[at]=step_ptr;
      step_ptr.Open(GetPointer(m_report),GetPointer(m_trade),GetPointer(m_trail),settings);
     }
   bool              MayCheck(const string symbol,const bool real_money,string &problem)
     {
      CStanding standing;
      if(TerminalInfoInteger(TERMINAL_CONNECTED)==0)
        {
         problem="the terminal is not connected to its trade server";
         return false;
        }
      if(AccountInfoInteger(ACCOUNT_TRADE_MODE)!=ACCOUNT_TRADE_MODE_DEMO && !real_money)
        {
         problem="this is no demo account: log in to one, or set the input RealMoney";
         return false;
        }
      if(!standing.MayTrade(problem))
         return false;
      if(!m_trade.Open(symbol) || SymbolInfoDouble(symbol,SYMBOL_BID)<=0)
        {
         problem=m_trade.rules.problem!="" ? m_trade.rules.problem :
                 symbol+" has no price: is its market open, and is it in Market Watch?";
         return false;
        }
      if(!m_trade.IsTaken())
         return true;
      problem="there are orders or a position in "+symbol+": close them, or name another symbol";
      return false;
     }
   void              Facts(void)
     {
      int mode=(int)AccountInfoInteger(ACCOUNT_TRADE_MODE);
      int margin=(int)AccountInfoInteger(ACCOUNT_MARGIN_MODE);
      m_report.Fact("PortcullisCheck",CHECK_VERSION);
      m_report.Fact("terminal build",IntegerToString(TerminalInfoInteger(TERMINAL_BUILD)));
      m_report.Fact("account",(mode==ACCOUNT_TRADE_MODE_DEMO ? "demo" :
                               mode==ACCOUNT_TRADE_MODE_CONTEST ? "contest" : "real")+
                    (string)(margin==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING ? ", hedging" :
                             margin==ACCOUNT_MARGIN_MODE_EXCHANGE ? ", exchange" : ", netting"));
      m_report.Fact("symbol",m_trade.rules.name);
     }
   bool              IsWanted(const string names) const
     {
      string parts[];
      int count=StringSplit(names,' ',parts);
      for(int i=0; i<count; i++)
         if(m_report.IsWanted(parts[i]))
            return true;
      return false;
     }
   //--- what a step could not try: a reason stands in another line of it
   void              SayTheRest(const string names)
     {
      string parts[];
      int count=StringSplit(names,' ',parts);
      for(int i=0; i<count; i++)
         m_report.Say(parts[i],CHECK_OPEN,"an earlier part of the same step has failed");
     }
   void              End(void)
     {
      int left=m_trade.CleanUp();
      m_report.Fact("left behind",IntegerToString(left));
      m_report.Fact("end","yes");
      Print("the check is done: ",CHECK_FILE," in MQL5/Files has what was found");
     }
  };

#endif
