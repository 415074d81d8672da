//+------------------------------------------------------------------+
//| Exact decimal numbers: 18 digits on each side of the point.      |
//|                                                                  |
//| Prices and quantities of the wire never pass through a double. A |
//| double of the terminal becomes a decimal by its digits, at once, |
//| and a decimal becomes a double only in the trade request.        |
//| What does not fit, or would have to be rounded, is refused: the  |
//| operation returns false and the number is not set.               |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_DECIMAL_MQH
#define PORTCULLIS_DECIMAL_MQH

#define DECIMAL_DIGITS 18
#define DECIMAL_LIMBS 4
#define DECIMAL_BASE 1000000000

//--- is the text one of the wire's numbers: -?(\d+\.?\d*|\.\d+), at most 18 digits a side
bool IsDecimalText(const string text)
  {
   int at=0,whole=0,fraction=0;
   int size=StringLen(text);
   if(size>0 && StringGetCharacter(text,0)=='-')
      at=1;
   for(; at<size && StringGetCharacter(text,at)>='0' && StringGetCharacter(text,at)<='9'; at++)
      whole++;
   if(at<size && StringGetCharacter(text,at)=='.')
     {
      at++;
      for(; at<size && StringGetCharacter(text,at)>='0' && StringGetCharacter(text,at)<='9'; at++)
         fraction++;
      if(whole==0 && fraction==0)
         return false;
     }
   else
      if(whole==0)
         return false;
   return at==size && whole<=DECIMAL_DIGITS && fraction<=DECIMAL_DIGITS;
  }

struct SDecimal
  {
   bool              is_set;
   bool              negative;
   //--- the number times 10^18, in steps of 10^9, the lowest first
   uint              limbs[4];

                     SDecimal(void) { Clear(); }
   void              Clear(void) { is_set=false; Zero(); }
   void              Zero(void)
     {
      negative=false;
      for(int i=0; i<DECIMAL_LIMBS; i++)
         limbs[i]=0;
     }

   bool              IsZero(void) const
     {
      return limbs[0]==0 && limbs[1]==0 && limbs[2]==0 && limbs[3]==0;
     }
   bool              IsPositive(void) const { return is_set && !negative && !IsZero(); }

   void              SetWhole(const long value)
     {
      Zero();
      is_set=true;
      negative=value<0;
      ulong rest=negative ? (ulong)(-(value+1))+1 : (ulong)value;
      limbs[2]=(uint)(rest%DECIMAL_BASE);
      limbs[3]=(uint)(rest/DECIMAL_BASE%DECIMAL_BASE);
     }

   //--- read the wire's text
   bool              Parse(const string text)
     {
      Clear();
      if(!IsDecimalText(text))
         return false;
      bool minus=StringGetCharacter(text,0)=='-';
      string digits=minus ? StringSubstr(text,1) : text;
      int point=StringFind(digits,".");
      string whole=point<0 ? digits : StringSubstr(digits,0,point);
      string fraction=point<0 ? "" : StringSubstr(digits,point+1);
      while(StringLen(whole)<DECIMAL_DIGITS)
         whole="0"+whole;
      while(StringLen(fraction)<DECIMAL_DIGITS)
         fraction+="0";
      limbs[3]=(uint)StringToInteger(StringSubstr(whole,0,9));
      limbs[2]=(uint)StringToInteger(StringSubstr(whole,9,9));
      limbs[1]=(uint)StringToInteger(StringSubstr(fraction,0,9));
      limbs[0]=(uint)StringToInteger(StringSubstr(fraction,9,9));
      is_set=true;
      negative=minus && !IsZero();
      return true;
     }

   //--- take a double of the terminal's, which is meant to have so many digits
   bool              SetDouble(const double value,const int digits)
     {
      Clear();
      if(!MathIsValidNumber(value) || digits<0 || digits>15 || MathAbs(value)>=1e15)
         return false;
      return Parse(DoubleToString(value,digits));
     }
   //--- the double nearest to it, for a trade request
   double            ToDouble(void) const { return StringToDouble(Text()); }

   //--- plain text without zeros at the end
   string            Text(void) const
     {
      string whole=StringFormat("%u%09u",limbs[3],limbs[2]);
      string fraction=StringFormat("%09u%09u",limbs[1],limbs[0]);
      int lead=0;
      while(lead<StringLen(whole)-1 && StringGetCharacter(whole,lead)=='0')
         lead++;
      int last=StringLen(fraction);
      while(last>0 && StringGetCharacter(fraction,last-1)=='0')
         last--;
      string out=(negative ? "-" : "")+StringSubstr(whole,lead);
      if(last>0)
         out+="."+StringSubstr(fraction,0,last);
      return out;
     }

   int               CompareSize(const SDecimal &other) const
     {
      for(int i=DECIMAL_LIMBS-1; i>=0; i--)
         if(limbs[i]!=other.limbs[i])
            return limbs[i]<other.limbs[i] ? -1 : 1;
      return 0;
     }
   //--- -1, 0 or 1 as this is less than, equal to or greater than the other
   int               Compare(const SDecimal &other) const
     {
      if(negative!=other.negative)
         return negative ? -1 : 1;
      return negative ? -CompareSize(other) : CompareSize(other);
     }

   void              Negate(void) { negative=!negative && !IsZero(); }

   //--- add the other to this; false when it does not fit
   bool              Add(const SDecimal &other)
     {
      if(!is_set || !other.is_set)
         return Fail();
      if(negative==other.negative)
         return AddSize(other);
      if(CompareSize(other)>=0)
         SubtractSize(limbs,other.limbs);
      else
        {
         uint larger[4];
         ArrayCopy(larger,other.limbs);
         SubtractSize(larger,limbs);
         ArrayCopy(limbs,larger);
         negative=other.negative;
        }
      if(IsZero())
         negative=false;
      return true;
     }
   bool              Subtract(const SDecimal &other)
     {
      SDecimal opposite=other;
      opposite.Negate();
      return Add(opposite);
     }

   //--- this times the other; false when it does not fit exactly
   bool              Multiply(const SDecimal &other)
     {
      if(!is_set || !other.is_set)
         return Fail();
      ulong product[8];
      ArrayInitialize(product,0);
      for(int i=0; i<DECIMAL_LIMBS; i++)
        {
         ulong carry=0;
         for(int k=0; k<DECIMAL_LIMBS; k++)
           {
            ulong sum=product[i+k]+(ulong)limbs[i]*other.limbs[k]+carry;
            product[i+k]=sum%DECIMAL_BASE;
            carry=sum/DECIMAL_BASE;
           }
         product[i+DECIMAL_LIMBS]+=carry;
        }
      if(product[0]!=0 || product[1]!=0 || product[6]!=0 || product[7]!=0)
         return Fail();
      bool minus=negative!=other.negative;
      for(int i=0; i<DECIMAL_LIMBS; i++)
         limbs[i]=(uint)product[i+2];
      negative=minus && !IsZero();
      return true;
     }

   //--- this divided by the other; false when the quotient has no end within 18 digits
   bool              Divide(const SDecimal &other)
     {
      if(!is_set || !other.is_set || other.IsZero())
         return Fail();
      //--- digit by digit: the dividend's 36 digits and 18 zeros for those behind the point
      string digits=StringFormat("%09d%09d%09u%09u",limbs[3],limbs[2],limbs[1],limbs[0]);
      string quotient="";
      uint rest[5];
      uint divisor[5];
      ArrayInitialize(rest,0);
      ArrayInitialize(divisor,0);
      for(int i=0; i<DECIMAL_LIMBS; i++)
         divisor[i]=other.limbs[i];
      for(int at=0; at<54; at++)
        {
         TimesTenPlus(rest,at<36 ? (uint)(StringGetCharacter(digits,at)-'0') : 0);
         int digit=0;
         while(!IsLess(rest,divisor))
           {
            SubtractSize(rest,divisor);
            digit++;
           }
         quotient+=IntegerToString(digit);
        }
      for(int i=0; i<5; i++)
         if(rest[i]!=0)
            return Fail();
      for(int at=0; at<18; at++)
         if(StringGetCharacter(quotient,at)!='0')
            return Fail();
      bool minus=negative!=other.negative;
      for(int i=0; i<DECIMAL_LIMBS; i++)
         limbs[DECIMAL_LIMBS-1-i]=(uint)StringToInteger(StringSubstr(quotient,18+9*i,9));
      negative=minus && !IsZero();
      return true;
     }
   //--- is this a whole number of steps
   bool              IsMultipleOf(const SDecimal &step) const
     {
      SDecimal count;
      count.is_set=is_set;
      count.negative=negative;
      ArrayCopy(count.limbs,limbs);
      return count.Divide(step) && count.limbs[0]==0 && count.limbs[1]==0;
     }

private:
   bool              Fail(void)
     {
      Clear();
      return false;
     }
   bool              AddSize(const SDecimal &other)
     {
      uint carry=0;
      for(int i=0; i<DECIMAL_LIMBS; i++)
        {
         uint sum=limbs[i]+other.limbs[i]+carry;
         carry=sum>=DECIMAL_BASE ? 1 : 0;
         limbs[i]=carry>0 ? sum-DECIMAL_BASE : sum;
        }
      return carry==0 ? true : Fail();
     }
   //--- larger -= smaller
   void              SubtractSize(uint &larger[],const uint &smaller[]) const
     {
      uint borrow=0;
      for(int i=0; i<ArraySize(larger); i++)
        {
         uint take=smaller[i]+borrow;
         borrow=larger[i]<take ? 1 : 0;
         larger[i]=borrow>0 ? larger[i]+DECIMAL_BASE-take : larger[i]-take;
        }
     }
   void              TimesTenPlus(uint &number[],const uint digit) const
     {
      ulong carry=digit;
      for(int i=0; i<ArraySize(number); i++)
        {
         ulong product=(ulong)number[i]*10+carry;
         number[i]=(uint)(product%DECIMAL_BASE);
         carry=product/DECIMAL_BASE;
        }
     }
   bool              IsLess(const uint &a[],const uint &b[]) const
     {
      for(int i=ArraySize(a)-1; i>=0; i--)
         if(a[i]!=b[i])
            return a[i]<b[i];
      return false;
     }
  };

#endif
