//+------------------------------------------------------------------+
//| Whether the positions follow from the deals that were seen.      |
//|                                                                  |
//| The history may come later than the positions, and no function   |
//| tells when it is whole: what is held, moved by each deal, has to |
//| be what the positions say. What goes on differing for STUBBORN_S |
//| is the server's own doing, and is believed.                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_HOLDINGS_MQH
#define PORTCULLIS_HOLDINGS_MQH

#include "OrderKinds.mqh"
#include "Rows.mqh"
#include "Standing.mqh"

#define STUBBORN_S 60

class CHoldings
  {
   string            m_symbols[];
   SDecimal          m_lots[];      // signed
   bool              m_known;
   long              m_differs_ns;  // since when; 0 while nothing does

   void              Move(const string symbol,const SDecimal &lots,const bool sells)
     {
      SDecimal moved=lots;
      if(sells)
         moved.Negate();
      int at=0;
      while(at<ArraySize(m_symbols) && m_symbols[at]!=symbol)
         at++;
      if(at==ArraySize(m_symbols))
        {
         ArrayResize(m_symbols,at+1);
         ArrayResize(m_lots,at+1);
         m_symbols[at]=symbol;
         m_lots[at].SetWhole(0);
        }
      m_lots[at].Add(moved);
     }
   void              Take(const SPositionRow &rows[],const bool away)
     {
      for(int i=0; i<ArraySize(rows); i++)
         Move(rows[i].symbol,rows[i].volume,rows[i].IsLong()==away);
     }
   bool              IsNothing(void) const
     {
      for(int i=0; i<ArraySize(m_lots); i++)
         if(!m_lots[i].IsZero())
            return false;
      return true;
     }

public:
                     CHoldings(void) { Forget(); }
   void              Forget(void)
     {
      ArrayResize(m_symbols,0);
      ArrayResize(m_lots,0);
      m_known=false;
      m_differs_ns=0;
     }
   //--- do they follow, as far as it is known
   bool              IsSteady(void) const { return m_differs_ns==0; }
   //--- a deal that was seen now; `back` takes one that was seen back
   void              Deal(const SDealRow &deal,const bool back)
     {
      if(IsTrade(deal.type) || IsBusted(deal.type))
         Move(deal.symbol,deal.volume,(DealSideOf(deal.type)==FIX_SIDE_SELL)!=back);
     }
   //--- hold what is there now, read before the deals were, against what follows from them
   void              Judge(const SPositionRow &rows[],const long now_ns)
     {
      Take(rows,true);
      bool follows=m_known && IsNothing();
      if(!follows && m_differs_ns==0)
         m_differs_ns=now_ns;
      if(follows || !m_known || now_ns-m_differs_ns>=(long)STUBBORN_S*1000*MS_NS)
        {
         Forget();
         m_known=true;
        }
      Take(rows,false);
     }
  };

#endif
