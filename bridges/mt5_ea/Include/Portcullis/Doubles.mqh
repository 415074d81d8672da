//+------------------------------------------------------------------+
//| A double of the terminal's becomes a decimal: 15 digits in all,  |
//| at most 8 of them behind the point. So much survives a double,   |
//| and no volume or amount of MetaTrader has more. A price has more |
//| of them where its first 13 digits do, since symbols of 9 and     |
//| more digits exist.                                               |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_DOUBLES_MQH
#define PORTCULLIS_DOUBLES_MQH

#include "Decimal.mqh"

void SetExact(SDecimal &decimal,const double value)
  {
   int places=8;
   double size=MathAbs(value);
   while(places>0 && size>=10000000)
     {
      size/=10;
      places--;
     }
   decimal.SetDouble(value,places);
  }

void SetExactPrice(SDecimal &decimal,const double value)
  {
   int places=8;
   for(double size=MathAbs(value); places<15 && size<10000; size*=10)
      places++;
   if(places>8)
      decimal.SetDouble(value,places);
   else
      SetExact(decimal,value);
  }

//--- a price that may be absent: the terminal says 0
void SetPrice(SDecimal &decimal,const double value)
  {
   decimal.Clear();
   if(value!=0)
      SetExactPrice(decimal,value);
  }

//--- 0 of what is not set
double DoubleOf(const SDecimal &decimal) { return decimal.is_set ? decimal.ToDouble() : 0; }

bool IsSame(const SDecimal &a,const SDecimal &b)
  {
   if(!a.is_set || !b.is_set)
      return a.is_set==b.is_set;
   return a.Compare(b)==0;
  }

#endif
