//+------------------------------------------------------------------+
//| The rules of one symbol as the terminal has them now; units and  |
//| lots, converted by what a lot is, exactly or not at all. A lot   |
//| is as many units as it earns, in the currency of its profits,    |
//| when its price rises by 1: then quantity times price is money.   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_SYMBOLRULES_MQH
#define PORTCULLIS_SYMBOLRULES_MQH

#include "Doubles.mqh"
#include "FixTables.mqh"
#include "Port.mqh"

//--- why a request is not sent: 103 and 58; nothing of it has left. Empty: it may be
struct SRefusal
  {
   string            reason;
   string            text;

                     SRefusal(void) { reason=""; text=""; }
   //--- returns false, for `return refusal.Set(...)`
   bool              Set(const string why,const string words)
     {
      reason=why;
      text=words;
      return false;
     }
  };

struct SSymbolRules
  {
   string            name;          // the terminal's
   string            symbol;        // ours
   SDecimal          point;
   SDecimal          tick;
   SDecimal          contract;      // units of a lot
   SDecimal          volume_min;
   SDecimal          volume_max;
   SDecimal          volume_step;
   int               trade_mode;
   int               execution;
   int               filling;       // flags
   int               order_mode;    // flags
   int               expiration;    // flags
   int               gtc_mode;      // what of GTC, and of levels, outlives the day
   int               stops_level;   // points
   int               freeze_level;  // points
   int               book_depth;
   string            base;
   string            currency;
   //--- why no order may open anything; empty: one may
   string            problem;

   //--- false when the terminal does not know the symbol
   bool              Read(const string terminal_name,const string our_name)
     {
      name=terminal_name;
      symbol=our_name;
      long mode=0;
      if(!SymbolInfoInteger(name,SYMBOL_TRADE_MODE,mode))
         return false;
      trade_mode=(int)mode;
      execution=(int)SymbolInfoInteger(name,SYMBOL_TRADE_EXEMODE);
      filling=(int)SymbolInfoInteger(name,SYMBOL_FILLING_MODE);
      order_mode=(int)SymbolInfoInteger(name,SYMBOL_ORDER_MODE);
      expiration=(int)SymbolInfoInteger(name,SYMBOL_EXPIRATION_MODE);
      gtc_mode=(int)SymbolInfoInteger(name,SYMBOL_ORDER_GTC_MODE);
      stops_level=(int)SymbolInfoInteger(name,SYMBOL_TRADE_STOPS_LEVEL);
      freeze_level=(int)SymbolInfoInteger(name,SYMBOL_TRADE_FREEZE_LEVEL);
      book_depth=(int)SymbolInfoInteger(name,SYMBOL_TICKS_BOOKDEPTH);
      SetExactPrice(point,SymbolInfoDouble(name,SYMBOL_POINT));
      SetExactPrice(tick,SymbolInfoDouble(name,SYMBOL_TRADE_TICK_SIZE));
      if(!tick.IsPositive())
         tick=point;
      SetExact(volume_min,SymbolInfoDouble(name,SYMBOL_VOLUME_MIN));
      SetExact(volume_max,SymbolInfoDouble(name,SYMBOL_VOLUME_MAX));
      SetExact(volume_step,SymbolInfoDouble(name,SYMBOL_VOLUME_STEP));
      base=SymbolInfoString(name,SYMBOL_CURRENCY_BASE);
      currency=SymbolInfoString(name,SYMBOL_CURRENCY_PROFIT);
      SetLot((int)SymbolInfoInteger(name,SYMBOL_TRADE_CALC_MODE));
      return true;
     }
   //--- is it known what a lot is
   bool              IsKnown(void) const { return contract.IsPositive(); }

   bool              Units(const SDecimal &lots,SDecimal &units) const
     {
      units=lots;
      return units.Multiply(contract);
     }

   //--- false, with the reason: not a volume that this symbol takes
   bool              Lots(const SDecimal &units,SDecimal &lots,SRefusal &refusal) const
     {
      string wrong=FIX_ORD_REJ_REASON_INCORRECT_QUANTITY;
      SDecimal step,low,high;
      if(!Units(volume_step,step) || !Units(volume_min,low) || !Units(volume_max,high))
         return refusal.Set(wrong,"QTY_STEP: the contract size of "+name+" has no exact steps");
      if(!units.IsPositive() || !units.IsMultipleOf(step))
         return refusal.Set(wrong,"QTY_STEP: received "+units.Text()+
                            ", expected a positive multiple of "+step.Text()+" ("+
                            volume_step.Text()+" lots of "+contract.Text()+")");
      if(units.Compare(low)<0 || units.Compare(high)>0)
         return refusal.Set(wrong,"QTY_RANGE: received "+units.Text()+", expected "+low.Text()+
                            " to "+high.Text());
      lots=units;
      if(!lots.Divide(contract))
         return refusal.Set(wrong,"QTY_STEP: "+units.Text()+" is no exact number of lots");
      return true;
     }

   //--- a price must be a positive multiple of the tick; one that is absent may be
   bool              IsOnTick(const string field,const SDecimal &price,SRefusal &refusal) const
     {
      if(!price.is_set || (price.IsPositive() && price.IsMultipleOf(tick)))
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_OTHER,"PRICE_TICK: received "+field+" "+
                         price.Text()+", expected a positive multiple of "+tick.Text());
     }

   //--- a level that the symbol takes, and does not drop with the day
   bool              KeepsLevel(const int flag) const
     {
      return (order_mode&flag)!=0 && gtc_mode!=SYMBOL_ORDERS_DAILY;
     }
   bool              TakesLevel(const string field,const int flag,SRefusal &refusal) const
     {
      if(KeepsLevel(flag))
         return true;
      return refusal.Set(FIX_ORD_REJ_REASON_UNSUPPORTED_CHARACTERISTIC,"NOT_SUPPORTED: "+field+
                         " for this symbol"+((order_mode&flag)==0 ? "" :
                         ": it drops levels with the day (SYMBOL_ORDERS_DAILY)"));
     }
   //--- flags of how long orders may live: where GTC ends with the day it is DAY
   int               Lives(void) const
     {
      if(gtc_mode==SYMBOL_ORDERS_GTC || (expiration&SYMBOL_EXPIRATION_GTC)==0)
         return expiration;
      return (expiration-SYMBOL_EXPIRATION_GTC)|SYMBOL_EXPIRATION_DAY;
     }
   int               LifeOf(const int time_type) const
     {
      return time_type==ORDER_TIME_GTC && gtc_mode!=SYMBOL_ORDERS_GTC ? (int)ORDER_TIME_DAY
                                                                      : time_type;
     }
   //--- can an order end at a named moment: at any, or with a day. Where it could go without an
   //--- end, the gateway's own expiry is the better one than days
   bool              TakesDates(void) const
     {
      if((expiration&SYMBOL_EXPIRATION_SPECIFIED)!=0)
         return true;
      return (expiration&SYMBOL_EXPIRATION_SPECIFIED_DAY)!=0 &&
             (Lives()&SYMBOL_EXPIRATION_GTC)==0;
     }
   //--- so many points as a difference of prices
   void              Points(const int count,SDecimal &distance) const
     {
      distance.SetWhole(count);
      distance.Multiply(point);
     }

   //--- the part of its worth that a small position blocks, as the terminal reckons it now; a
   //--- hundred times the smallest, lest the cents be rounded away
   void              MarginRate(SDecimal &rate) const
     {
      rate.Clear();
      double ask=SymbolInfoDouble(name,SYMBOL_ASK);
      double lots=MathMin(100*volume_min.ToDouble(),volume_max.ToDouble());
      double blocked=0,worth=0;
      if(ask<=0 || !OrderCalcMargin(ORDER_TYPE_BUY,name,lots,ask,blocked) ||
         !OrderCalcProfit(ORDER_TYPE_BUY,name,lots,ask,2*ask,worth) || blocked<=0 || worth<=0)
         return;
      SetExact(rate,blocked/worth);
     }

   //--- docs: ENUM_SYMBOL_CALC_MODE. Currencies, CFDs and shares go by the contract size, futures
   //--- by what a tick is worth
   void              SetLot(const int mode)
     {
      problem="";
      contract.Clear();
      switch(mode)
        {
         case SYMBOL_CALC_MODE_FUTURES:
         case SYMBOL_CALC_MODE_EXCH_FUTURES:
         case SYMBOL_CALC_MODE_EXCH_FUTURES_FORTS:
            SetLotByTicks();
            break;
         case SYMBOL_CALC_MODE_FOREX:
         case SYMBOL_CALC_MODE_FOREX_NO_LEVERAGE:
         case SYMBOL_CALC_MODE_CFD:
         case SYMBOL_CALC_MODE_CFDINDEX:
         case SYMBOL_CALC_MODE_CFDLEVERAGE:
         case SYMBOL_CALC_MODE_EXCH_STOCKS:
         case SYMBOL_CALC_MODE_EXCH_STOCKS_MOEX:
            SetExact(contract,SymbolInfoDouble(name,SYMBOL_TRADE_CONTRACT_SIZE));
            if(!contract.IsPositive())
               problem="CONTRACT_SIZE: the terminal tells no contract size of "+name;
            break;
         default:
            problem="CALC_MODE: profits of "+name+" are reckoned by mode "+IntegerToString(mode)+
                    " of SYMBOL_TRADE_CALC_MODE; currencies, CFDs, shares and futures are traded,"
                    " nothing else";
        }
      if(!tick.IsPositive())
         problem="TICK_SIZE: the terminal tells no tick of "+name;
      else
         if(!volume_step.IsPositive())
            problem="VOLUME_STEP: the terminal tells no step of volumes of "+name;
      if(problem!="")
         contract.Clear();
     }
   //--- what a tick is worth is told in the account's currency, by a rate that moves where profits
   //--- are in another one: then no number of units is right
   void              SetLotByTicks(void)
     {
      string account=AccountInfoString(ACCOUNT_CURRENCY);
      SDecimal worth;
      SetExact(worth,SymbolInfoDouble(name,SYMBOL_TRADE_TICK_VALUE));
      contract=worth;
      if(currency!=account)
         problem="TICK_VALUE: profits of "+name+" are in "+currency+", what a tick is worth is told"
                 " in "+(account=="" ? "no currency yet" : account)+", the account's: what a lot"
                 " is cannot be known";
      else
         if(!worth.IsPositive() || !contract.Divide(tick))
            problem="TICK_VALUE: the terminal says that a tick of "+name+", "+tick.Text()+
                    ", is worth "+worth.Text()+": that is no exact number of units a lot";
     }

   //--- no terminal tells commissions beforehand: the operator says what a trade costs
   void              Tell(const SDecimal &fee_rate,SInstrument &out) const
     {
      out.symbol=symbol;
      out.base=base;
      out.currency=currency;
      out.price_tick=tick;
      Units(volume_step,out.qty_step);
      Units(volume_min,out.min_qty);
      Units(volume_max,out.max_qty);
      out.min_notional.SetWhole(0);
      out.contract_multiplier=contract;
      out.maker_fee=fee_rate;
      out.taker_fee=fee_rate;
      MarginRate(out.margin_rate);
     }
  };

//+------------------------------------------------------------------+
//| The symbols that are traded, by our names and the terminal's.    |
//+------------------------------------------------------------------+
class CSymbols
  {
   SSymbolRules      m_rules[];

public:
   //--- "EURUSD,BTC/USDT=BTCUSDT.x": ours, and the terminal's where it differs
   bool              Open(const string list,string &problem)
     {
      string parts[];
      int count=StringSplit(list,',',parts);
      ArrayResize(m_rules,0);
      for(int i=0; i<count; i++)
        {
         string ours=parts[i];
         StringTrimLeft(ours);
         StringTrimRight(ours);
         if(ours=="")
            continue;
         int equals=StringFind(ours,"=");
         string theirs=equals<0 ? ours : StringSubstr(ours,equals+1);
         if(equals>=0)
            ours=StringSubstr(ours,0,equals);
         int at=ArraySize(m_rules);
         ArrayResize(m_rules,at+1);
         if(!SymbolSelect(theirs,true) || !m_rules[at].Read(theirs,ours))
           {
            problem="SYMBOL: the terminal does not know "+theirs+
                    "; look it up in Market Watch and correct the input Symbols";
            return false;
           }
        }
      if(ArraySize(m_rules)>0)
         return true;
      problem="SYMBOL: the input Symbols names none";
      return false;
     }
   //--- is it known of every symbol what a lot is; if not, text says why
   bool              AreKnown(string &text)
     {
      for(int i=0; i<ArraySize(m_rules); i++)
        {
         if(m_rules[i].IsKnown() || (Refresh(i) && m_rules[i].IsKnown()))
            continue;
         text=m_rules[i].problem;
         return false;
        }
      return true;
     }
   //--- read all rules anew: brokers change them while the terminal runs
   bool              Refresh(void)
     {
      bool whole=true;
      for(int i=0; i<ArraySize(m_rules); i++)
         whole=Refresh(i) && whole;
      return whole;
     }
   //--- what a lot is stays, or what is open would have other quantities: while it is not known
   //--- any more, or is another, nothing is opened
   bool              Refresh(const int at)
     {
      SSymbolRules fresh;
      if(!fresh.Read(m_rules[at].name,m_rules[at].symbol))
         return false;
      bool same=fresh.problem=="" && fresh.contract.Compare(m_rules[at].contract)==0;
      if(same || !m_rules[at].IsKnown())
         m_rules[at]=fresh;
      else
         m_rules[at].problem=fresh.problem!="" ? fresh.problem :
                             "LOT: a lot of "+fresh.name+" was "+m_rules[at].contract.Text()+
                             " units, and is "+fresh.contract.Text()+" now: restart the bridge when"
                             " nothing is open in it";
      return true;
     }
   int               Count(void) const { return ArraySize(m_rules); }
   void              Rules(const int at,SSymbolRules &rules) const { rules=m_rules[at]; }
   //--- -1 of a symbol that is not traded here
   int               Find(const string symbol) const
     {
      for(int i=0; i<ArraySize(m_rules); i++)
         if(m_rules[i].symbol==symbol)
            return i;
      return -1;
     }
   int               FindTerminal(const string name) const
     {
      for(int i=0; i<ArraySize(m_rules); i++)
         if(m_rules[i].name==name)
            return i;
      return -1;
     }
  };

#endif
