//+------------------------------------------------------------------+
//| The trades of the market, out of the terminal's ticks.           |
//|                                                                  |
//| - CopyTicksRange may wait up to 45 s for a symbol's base of      |
//|   ticks, at the first request at least (docs/series/copyticks),  |
//|   and the program has one thread. So it is asked only where      |
//|   there is a last price, one request a turn; one that may wait   |
//|   while nothing is under way. One that was slow or failed is     |
//|   asked again after a pause. No quote waits for any of it.       |
//| - What the first request of a symbol finds was before us. After  |
//|   it the moment of the last tick is asked for again, and as many |
//|   of its ticks as were seen are left out.                        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_TICKS_MQH
#define PORTCULLIS_TICKS_MQH

#include "Port.mqh"
#include "Standing.mqh"
#include "SymbolRules.mqh"

//--- a request that takes so long was not served from the terminal's memory
#define SLOW_MS 100
#define TICKS_PAUSE_MS ((long)1000)
#define TICKS_LONGEST_PAUSE_MS ((long)300000)

struct STickState
  {
   long              msc;           // of the last tick that was read; 0 before the first
   int               same;          // how many of that moment
   long              newest_msc;    // of the newest tick that is known
   bool              is_due;
   bool              is_quick;      // the last request was: the next one will not wait
   long              pause_ms;
   long              not_before_ns;
   long              trades;
  };

class CTicks
  {
   CSymbols         *m_symbols_ptr;
   CStanding        *m_standing_ptr;
   CVenueListener   *m_listener_ptr;
   STickState        m_states[];
   int               m_turn;        // whose turn it is

public:
                     CTicks(void) { m_symbols_ptr=NULL; m_standing_ptr=NULL; m_turn=0; }
   void              Open(CSymbols *symbols_ptr,CStanding *standing_ptr,
                          CVenueListener *listener_ptr)
     {
      m_symbols_ptr=symbols_ptr;
      m_standing_ptr=standing_ptr;
      m_listener_ptr=listener_ptr;
      m_turn=0;
      ArrayResize(m_states,m_symbols_ptr.Count());
      for(int i=0; i<ArraySize(m_states); i++)
        {
         m_states[i].msc=0;
         m_states[i].same=0;
         m_states[i].newest_msc=0;
         m_states[i].is_due=false;
         m_states[i].is_quick=false;
         m_states[i].pause_ms=0;
         m_states[i].not_before_ns=0;
         m_states[i].trades=0;
        }
     }
   //--- a symbol's newest tick is another one; without a last price nothing was traded until then.
   //--- While the server's clock is put back behind the last one, no trades are told: those of the
   //--- hour before have the same times
   void              Moved(const int i,const MqlTick &tick)
     {
      m_states[i].newest_msc=tick.time_msc;
      m_states[i].is_due=tick.last>0;
      if(m_states[i].is_due)
         return;
      m_states[i].msc=tick.time_msc;
      m_states[i].same=0;
     }
   //--- the connection was lost: what was missed has to be fetched
   void              Lost(void)
     {
      for(int i=0; i<ArraySize(m_states); i++)
         m_states[i].is_quick=false;
     }
   //--- tell the trades of one symbol since the last time: requests that are quick each would add
   //--- up. is_idle: nothing is under way that could be late
   void              Step(const long now_ns,const bool is_idle)
     {
      int count=ArraySize(m_states);
      for(int k=0; k<count; k++)
        {
         int i=(m_turn+k)%count;
         bool may=m_states[i].is_quick || is_idle;
         if(!m_states[i].is_due || !may || now_ns<m_states[i].not_before_ns)
            continue;
         m_turn=(i+1)%count;
         Read(i,now_ns);
         return;
        }
     }

private:
   void              Read(const int i,const long now_ns)
     {
      SSymbolRules rules;
      MqlTick ticks[];
      m_symbols_ptr.Rules(i,rules);
      bool is_first=m_states[i].msc==0;
      long since=is_first ? m_states[i].newest_msc : m_states[i].msc;
      ulong began_us=GetMicrosecondCount();
      ResetLastError();
      int count=CopyTicksRange(rules.name,ticks,COPY_TICKS_ALL,(ulong)since,0);
      int error=GetLastError();
      long took_ms=(long)(GetMicrosecondCount()-began_us)/1000;
      bool good=count>=0 && error==0;
      m_states[i].is_quick=good && took_ms<SLOW_MS;
      if(m_states[i].is_quick)
         m_states[i].pause_ms=0;
      else
         Pause(i,rules.name,now_ns,took_ms,error);
      if(!good)
         return;
      m_states[i].is_due=false;
      Take(i,rules,ticks,since,is_first);
     }
   void              Pause(const int i,const string name,const long now_ns,const long took_ms,
                           const int error)
     {
      long pause_ms=2*m_states[i].pause_ms;
      pause_ms=MathMin(MathMax(pause_ms,TICKS_PAUSE_MS),TICKS_LONGEST_PAUSE_MS);
      m_states[i].pause_ms=pause_ms;
      m_states[i].not_before_ns=now_ns+(took_ms+pause_ms)*MS_NS;
      Print("warning: the ticks of ",name," took ",IntegerToString(took_ms)," ms, error ",
            IntegerToString(error),": its trades pause for ",IntegerToString(pause_ms)," ms");
     }
   void              Take(const int i,const SSymbolRules &rules,const MqlTick &ticks[],
                          const long since,const bool is_first)
     {
      int count=ArraySize(ticks);
      int skip=is_first ? count : m_states[i].same;
      for(int k=0; k<count; k++)
        {
         if(ticks[k].time_msc!=since && !is_first)
            skip=0;
         if(skip>0)
            skip--;
         else
            Trade(i,rules,ticks[k]);
        }
      m_states[i].msc=count>0 ? ticks[count-1].time_msc : since;
      m_states[i].same=0;
      for(int k=0; k<count; k++)
         if(ticks[k].time_msc==m_states[i].msc)
            m_states[i].same++;
     }
   void              Trade(const int i,const SSymbolRules &rules,const MqlTick &tick)
     {
      bool traded=(tick.flags&(TICK_FLAG_LAST|TICK_FLAG_VOLUME))!=0 && tick.last>0;
      if(!traded)
         return;
      STrade trade;
      SDecimal lots;
      trade.symbol=rules.symbol;
      SetExactPrice(trade.price,tick.last);
      SetExact(lots,tick.volume_real>0 ? tick.volume_real : (double)tick.volume);
      rules.Units(lots,trade.size);
      bool buys=(tick.flags&TICK_FLAG_BUY)!=0;
      bool sells=(tick.flags&TICK_FLAG_SELL)!=0;
      trade.aggressor=buys && !sells ? FIX_SIDE_BUY : sells && !buys ? FIX_SIDE_SELL : "";
      m_states[i].trades++;
      trade.trade_id=IntegerToString(tick.time_msc)+"."+IntegerToString(m_states[i].trades);
      trade.transact_ns=m_standing_ptr.UtcNs(tick.time_msc);
      m_listener_ptr.OnTraded(trade);
     }
  };

#endif
