//+------------------------------------------------------------------+
//| Times: ns since the epoch inside, FIX's UTCTimestamp outside.    |
//|                                                                  |
//| The terminal tells UTC in whole seconds (TimeGMT) and has a      |
//| counter of microseconds. CUtcClock reads the first once and      |
//| moves by the counter only: whatever becomes of the computer's    |
//| clock, all waits here are as long as they should be. How far UTC |
//| is ahead of that by now is read anew when it is asked for: it is |
//| for SendingTime (52) alone.                                      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_UTCTIME_MQH
#define PORTCULLIS_UTCTIME_MQH

#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define NS_PER_SECOND 1000000000

class CUtcClock
  {
private:
   bool              m_started;
   ulong             m_last_us;
   long              m_now_ns;
   long              m_second_ns;   // so much may still be missing of the first second
   long              m_ahead_ns;

   long              Gmt(void) const { return (long)TimeGMT()*NS_PER_SECOND; }

public:
                     CUtcClock(void)
     {
      m_started=false;
      m_last_us=0;
      m_now_ns=0;
      m_second_ns=0;
      m_ahead_ns=0;
     }
   //--- ns since the epoch, as the computer's clock was at the start
   long              Now(void)
     {
      ulong counter_us=GetMicrosecondCount();
      if(!m_started)
        {
         m_started=true;
         m_now_ns=Gmt();
         m_second_ns=NS_PER_SECOND-1;
        }
      else
         m_now_ns+=(long)(counter_us-m_last_us)*NS_PER_US;
      m_last_us=counter_us;
      if(m_second_ns>0)
         FindSecond();
      return m_now_ns;
     }
   //--- how far UTC is ahead of Now, read anew
   long              Ahead(void)
     {
      long off_ns=Gmt()-Now()-m_ahead_ns;
      if(off_ns>0 || off_ns<=-NS_PER_SECOND)
         m_ahead_ns+=off_ns;
      return m_ahead_ns;
     }

private:
   //--- the start was in the middle of a second: when TimeGMT moves we know where
   void              FindSecond(void)
     {
      long missing_ns=Gmt()-m_now_ns;
      if(missing_ns<=0)
         return;
      if(missing_ns<=m_second_ns)
         m_now_ns+=missing_ns;
      m_second_ns=0;
     }
  };

//--- YYYYMMDD-HH:MM:SS.ssssss, the rest cut off
string FormatUtc(const long ns)
  {
   MqlDateTime at;
   TimeToStruct((datetime)(ns/NS_PER_SECOND),at);
   return StringFormat("%04d%02d%02d-%02d:%02d:%02d.%06d",at.year,at.mon,at.day,at.hour,at.min,
                       at.sec,(int)(ns%NS_PER_SECOND/NS_PER_US));
  }
//--- YYYYMMDD
string FormatUtcDate(const long ns)
  {
   return StringSubstr(FormatUtc(ns),0,8);
  }

//--- do so many characters from `at` on stand for digits
bool AreDigits(const string text,const int at,const int count)
  {
   if(at+count>StringLen(text))
      return false;
   for(int i=at; i<at+count; i++)
      if(StringGetCharacter(text,i)<'0' || StringGetCharacter(text,i)>'9')
         return false;
   return true;
  }
bool IsLeapYear(const int year)
  {
   return year%4==0 && (year%100!=0 || year%400==0);
  }
int DaysInMonth(const int year,const int month)
  {
   if(month==2)
      return IsLeapYear(year) ? 29 : 28;
   return month==4 || month==6 || month==9 || month==11 ? 30 : 31;
  }

//--- may a clock be put forward in between: that is done on weekends of spring, north or south
bool MayGoForward(const long from_ns,const long to_ns)
  {
   long day_ns=(long)86400*NS_PER_SECOND;
   long last_ns=MathMin(to_ns,from_ns+366*day_ns);
   for(long at_ns=from_ns-from_ns%day_ns; at_ns<=last_ns; at_ns+=day_ns)
     {
      MqlDateTime at;
      TimeToStruct((datetime)(at_ns/NS_PER_SECOND),at);
      bool spring=at.mon==3 || at.mon==4 || at.mon==9 || at.mon==10;
      if(spring && (at.day_of_week==0 || at.day_of_week==6))
         return true;
     }
   return false;
  }

//--- read a UTCTimestamp of 1970 to 2261, to the second, millisecond or microsecond
bool ParseUtc(const string text,long &ns)
  {
   int size=StringLen(text);
   if(size!=17 && size!=21 && size!=24)
      return false;
   if(!AreDigits(text,0,8) || !AreDigits(text,9,2) || !AreDigits(text,12,2) ||
      !AreDigits(text,15,2) || StringGetCharacter(text,8)!='-' ||
      StringGetCharacter(text,11)!=':' || StringGetCharacter(text,14)!=':')
      return false;
   MqlDateTime at={};
   at.year=(int)StringToInteger(StringSubstr(text,0,4));
   at.mon=(int)StringToInteger(StringSubstr(text,4,2));
   at.day=(int)StringToInteger(StringSubstr(text,6,2));
   at.hour=(int)StringToInteger(StringSubstr(text,9,2));
   at.min=(int)StringToInteger(StringSubstr(text,12,2));
   at.sec=(int)StringToInteger(StringSubstr(text,15,2));
   if(at.year<1970 || at.year>2261 || at.mon<1 || at.mon>12 || at.day<1 ||
      at.day>DaysInMonth(at.year,at.mon) || at.hour>23 || at.min>59 || at.sec>59)
      return false;
   long fraction=0;
   if(size>17)
     {
      if(StringGetCharacter(text,17)!='.' || !AreDigits(text,18,size-18))
         return false;
      fraction=StringToInteger(StringSubstr(text,18))*(size==21 ? NS_PER_MS : NS_PER_US);
     }
   ns=(long)StructToTime(at)*NS_PER_SECOND+fraction;
   return true;
  }

#endif
