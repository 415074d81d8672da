//+------------------------------------------------------------------+
//| What MetaTrader's kinds of orders and deals are in FIX, and      |
//| back. Tables, and nothing else.                                  |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ORDERKINDS_MQH
#define PORTCULLIS_ORDERKINDS_MQH

#include "FixTables.mqh"

#define DAY_S 86400

#define NO_KIND (-1)
#define FORCE_IOC FIX_TIME_IN_FORCE_IMMEDIATE_OR_CANCEL
#define FORCE_FOK FIX_TIME_IN_FORCE_FILL_OR_KILL

//--- the eight types that one party can place alone; NO_KIND of anything else
int OrderTypeOf(const string ord_type,const string side)
  {
   int sells=side==FIX_SIDE_SELL ? 1 : 0;
   if(ord_type==FIX_ORD_TYPE_MARKET)
      return ORDER_TYPE_BUY+sells;
   if(ord_type==FIX_ORD_TYPE_LIMIT)
      return ORDER_TYPE_BUY_LIMIT+sells;
   if(ord_type==FIX_ORD_TYPE_STOP)
      return ORDER_TYPE_BUY_STOP+sells;
   if(ord_type==FIX_ORD_TYPE_STOP_LIMIT)
      return ORDER_TYPE_BUY_STOP_LIMIT+sells;
   return NO_KIND;
  }

//--- a close-by is told as a market order
string FixTypeOf(const int type)
  {
   if(type==ORDER_TYPE_BUY_LIMIT || type==ORDER_TYPE_SELL_LIMIT)
      return FIX_ORD_TYPE_LIMIT;
   if(type==ORDER_TYPE_BUY_STOP || type==ORDER_TYPE_SELL_STOP)
      return FIX_ORD_TYPE_STOP;
   if(type==ORDER_TYPE_BUY_STOP_LIMIT || type==ORDER_TYPE_SELL_STOP_LIMIT)
      return FIX_ORD_TYPE_STOP_LIMIT;
   return FIX_ORD_TYPE_MARKET;
  }

string FixSideOf(const int type)
  {
   return type!=ORDER_TYPE_CLOSE_BY && type%2==1 ? FIX_SIDE_SELL : FIX_SIDE_BUY;
  }

//--- the flag of SYMBOL_ORDER_MODE that a type needs
int OrderFlagOf(const string ord_type)
  {
   if(ord_type==FIX_ORD_TYPE_MARKET)
      return SYMBOL_ORDER_MARKET;
   if(ord_type==FIX_ORD_TYPE_LIMIT)
      return SYMBOL_ORDER_LIMIT;
   return ord_type==FIX_ORD_TYPE_STOP ? SYMBOL_ORDER_STOP : SYMBOL_ORDER_STOP_LIMIT;
  }

//--- is it to be executed at once, or not at all
bool IsAtOnce(const string force) { return force==FORCE_IOC || force==FORCE_FOK; }

//--- how long a pending order lives, and the flag of SYMBOL_EXPIRATION_MODE that this needs
int TimeTypeOf(const string force,int &flag)
  {
   flag=SYMBOL_EXPIRATION_GTC;
   if(force==FIX_TIME_IN_FORCE_GOOD_TILL_CANCEL || IsAtOnce(force))
      return ORDER_TIME_GTC;
   flag=SYMBOL_EXPIRATION_DAY;
   if(force==FIX_TIME_IN_FORCE_DAY)
      return ORDER_TIME_DAY;
   flag=SYMBOL_EXPIRATION_SPECIFIED;
   return force==FIX_TIME_IN_FORCE_GOOD_TILL_DATE ? (int)ORDER_TIME_SPECIFIED : NO_KIND;
  }

//--- the end of a day of the trade server, by its last second or whichever of it is shown
long DayEndS(const long shown_s) { return (shown_s+DAY_S-1)/DAY_S*DAY_S; }

string FixForceOf(const int time_type,const int filling)
  {
   if(filling==ORDER_FILLING_IOC)
      return FORCE_IOC;
   if(filling==ORDER_FILLING_FOK)
      return FORCE_FOK;
   if(time_type==ORDER_TIME_DAY)
      return FIX_TIME_IN_FORCE_DAY;
   return time_type==ORDER_TIME_GTC ? FIX_TIME_IN_FORCE_GOOD_TILL_CANCEL
                                    : FIX_TIME_IN_FORCE_GOOD_TILL_DATE;
  }

//--- is an open order with the trade server, accepted
bool IsAccepted(const int state)
  {
   return state==ORDER_STATE_PLACED || state==ORDER_STATE_PARTIAL ||
          state==ORDER_STATE_REQUEST_MODIFY || state==ORDER_STATE_REQUEST_CANCEL;
  }

//--- 39 of an order in the history; PARTIAL there is one whose rest is gone
string FixEndOf(const int state)
  {
   if(state==ORDER_STATE_FILLED)
      return FIX_ORD_STATUS_FILLED;
   if(state==ORDER_STATE_REJECTED)
      return FIX_ORD_STATUS_REJECTED;
   return state==ORDER_STATE_EXPIRED ? FIX_ORD_STATUS_EXPIRED : FIX_ORD_STATUS_CANCELED;
  }

//--- 5015 of what the server has made of an order of ours; empty of what somebody has ordered
string OriginOf(const int reason)
  {
   if(reason==ORDER_REASON_SL)
      return "STOP_LOSS";
   if(reason==ORDER_REASON_TP)
      return "TAKE_PROFIT";
   return reason==ORDER_REASON_SO ? "STOP_OUT" : "";
  }

bool IsTrade(const int deal_type)
  {
   return deal_type==DEAL_TYPE_BUY || deal_type==DEAL_TYPE_SELL;
  }
//--- was it a trade that has been taken back
bool IsBusted(const int deal_type)
  {
   return deal_type==DEAL_TYPE_BUY_CANCELED || deal_type==DEAL_TYPE_SELL_CANCELED;
  }
string DealSideOf(const int deal_type)
  {
   return deal_type==DEAL_TYPE_SELL || deal_type==DEAL_TYPE_SELL_CANCELED ? FIX_SIDE_SELL
                                                                          : FIX_SIDE_BUY;
  }

//--- 5031 of a deal that is no trade
string LedgerKindOf(const int deal_type)
  {
   switch(deal_type)
     {
      case DEAL_TYPE_BALANCE:
      case DEAL_TYPE_CREDIT:
      case DEAL_TYPE_BONUS:
         return "DEPOSIT";
      case DEAL_TYPE_INTEREST:
         return "SWAP";
      case DEAL_TYPE_CHARGE:
      case DEAL_TYPE_COMMISSION:
      case DEAL_TYPE_COMMISSION_DAILY:
      case DEAL_TYPE_COMMISSION_MONTHLY:
      case DEAL_TYPE_COMMISSION_AGENT_DAILY:
      case DEAL_TYPE_COMMISSION_AGENT_MONTHLY:
      case DEAL_TAX:
         return "FEE";
     }
   return "CORRECTION";
  }

//+------------------------------------------------------------------+
//| What type_filling says, or NO_KIND if the symbol does not allow  |
//| what is asked. The flags of a symbol are not the numbers of a    |
//| request: RETURN has no flag, it is allowed always but in market  |
//| execution. In instant and request execution FOK and IOC are      |
//| allowed whatever the flags say. A pending order is not executed  |
//| when it is sent: it says RETURN, and on an exchange what was     |
//| asked. docs/constants/tradingconstants/orderproperties           |
//+------------------------------------------------------------------+
bool IsFillingAllowed(const int filling,const int execution,const int flags)
  {
   bool by_flags=execution==SYMBOL_TRADE_EXECUTION_MARKET ||
                 execution==SYMBOL_TRADE_EXECUTION_EXCHANGE;
   if(filling==ORDER_FILLING_FOK)
      return !by_flags || (flags&SYMBOL_FILLING_FOK)!=0;
   if(filling==ORDER_FILLING_IOC)
      return !by_flags || (flags&SYMBOL_FILLING_IOC)!=0;
   if(filling==ORDER_FILLING_RETURN)
      return execution!=SYMBOL_TRADE_EXECUTION_MARKET;
   return execution==SYMBOL_TRADE_EXECUTION_EXCHANGE && (flags&SYMBOL_FILLING_BOC)!=0;
  }

int FillingOf(const int execution,const int flags,const string ord_type,const string force,
              const bool post_only)
  {
   int wanted=force==FORCE_IOC ? (int)ORDER_FILLING_IOC : (int)ORDER_FILLING_FOK;
   if(ord_type==FIX_ORD_TYPE_MARKET)
     {
      if(IsAtOnce(force))
         return IsFillingAllowed(wanted,execution,flags) ? wanted : NO_KIND;
      if(IsFillingAllowed(ORDER_FILLING_IOC,execution,flags))
         return ORDER_FILLING_IOC;
      if(IsFillingAllowed(ORDER_FILLING_FOK,execution,flags))
         return ORDER_FILLING_FOK;
      return IsFillingAllowed(ORDER_FILLING_RETURN,execution,flags) ? (int)ORDER_FILLING_RETURN
                                                                    : NO_KIND;
     }
   if(post_only)
     {
      bool may=(ord_type==FIX_ORD_TYPE_LIMIT || ord_type==FIX_ORD_TYPE_STOP_LIMIT) &&
               !IsAtOnce(force);
      return may && IsFillingAllowed(ORDER_FILLING_BOC,execution,flags) ? (int)ORDER_FILLING_BOC
                                                                        : NO_KIND;
     }
   if(!IsAtOnce(force))
      return ORDER_FILLING_RETURN;
   bool may=ord_type==FIX_ORD_TYPE_LIMIT && execution==SYMBOL_TRADE_EXECUTION_EXCHANGE;
   return may && IsFillingAllowed(wanted,execution,flags) ? wanted : NO_KIND;
  }

#endif
