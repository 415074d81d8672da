//+------------------------------------------------------------------+
//| The clocks of the terminal against its microsecond counter.      |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKCLOCKS_MQH
#define PORTCULLIS_CHECKCLOCKS_MQH

#include "CheckStep.mqh"

#define CLOCK_SECONDS 4
#define CLOCK_PATIENCE_MS 8000
#define CLOCK_LOOK_MS 2
//--- a second may seem so much longer or shorter: the timer of Windows
#define CLOCK_LOOSE_MS 100.0
#define CLOCK_APART_S 60

class CCheckClocks : public CCheckStep
  {
public:
   virtual string    Names(void) override { return "time-gmt clock-quarter"; }
   virtual bool      More(void) override
     {
      Seconds();
      Quarter();
      return false;
     }

private:
   //--- TimeGMT moves once a second of the counter, and the other clocks with it
   void              Seconds(void)
     {
      SFigures lengths;
      lengths.Clear();
      long last_s=(long)TimeGMT();
      long zone_s=(long)(TimeLocal()-TimeGMT()),server_s=(long)(TimeTradeServer()-TimeGMT());
      ulong changed_us=0;
      bool is_apart=false;
      int waited=0;
      for(; waited<CLOCK_PATIENCE_MS && lengths.Count()<CLOCK_SECONDS; waited+=CLOCK_LOOK_MS)
        {
         Sleep(CLOCK_LOOK_MS);
         long now_s=(long)TimeGMT();
         if(now_s==last_s)
            continue;
         ulong now_us=GetMicrosecondCount();
         is_apart=is_apart || MathAbs((double)(TimeLocal()-TimeGMT()-zone_s))>1 ||
                  MathAbs((double)(TimeTradeServer()-TimeGMT()-server_s))>1;
         if(changed_us!=0)
            lengths.Add((double)(now_us-changed_us)/1000.0/(double)(now_s-last_s));
         if(now_s-last_s!=1)
            lengths.Add((double)(now_s-last_s)*1000.0);
         changed_us=now_us;
         last_s=now_s;
        }
      bool is_good=lengths.Count()>0 && lengths.Percentile(0)>1000.0-CLOCK_LOOSE_MS &&
                   lengths.Percentile(100)<1000.0+CLOCK_LOOSE_MS && !is_apart;
      m_report_ptr.Judge("time-gmt",is_good,"a second of TimeGMT is "+lengths.Text("ms")+
                         " of the counter"+
                         (is_apart ? "; TimeLocal or TimeTradeServer moves otherwise" : ""));
     }
   void              Quarter(void)
     {
      long apart_s=(long)(TimeTradeServer()-TimeGMT());
      long rest_s=apart_s-(long)MathRound((double)apart_s/QUARTER_S)*QUARTER_S;
      m_report_ptr.Judge("clock-quarter",MathAbs((double)rest_s)<CLOCK_APART_S,
                         "TimeTradeServer is "+IntegerToString(apart_s)+" s from TimeGMT, "+
                         IntegerToString(rest_s)+" s beside a quarter of an hour");
     }
  };

#endif
