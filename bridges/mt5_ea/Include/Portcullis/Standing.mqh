//+------------------------------------------------------------------+
//| Whether what the terminal says can be relied on, and what its    |
//| clock means.                                                     |
//|                                                                  |
//| - An empty list of a terminal that is not connected, or not for  |
//|   long enough to have its lists, is no clean read. No function   |
//|   tells when the lists are those of the server: SettleMs is      |
//|   waited for after each connection.                              |
//| - Nothing of another account is ever read or sent.               |
//| - The server's wall clock is UTC and an offset of whole quarters |
//|   of an hour, which changes twice a year. Only the present one   |
//|   is known: an older time may be an hour off, and the history is |
//|   asked for, and taken, with SLACK_NS to spare.                  |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_STANDING_MQH
#define PORTCULLIS_STANDING_MQH

#include "Doubles.mqh"
#include "UtcTime.mqh"

#define QUARTER_S 900
#define MS_NS 1000000
//--- more than any clock is put forward or back by
#define SLACK_NS ((long)7200000000000)
#define HOUR_S 3600

class CStanding
  {
   long              m_login;
   string            m_server;
   long              m_settle_ns;
   long              m_connected_ns;   // since when; 0 while it is not
   long              m_looked_ns;      // the last look
   long              m_begun_ns;       // since when the offset is known; 0: it is not
   long              m_offset_s;
   long              m_changed_ns;     // when it was last another one
   long              m_before_s;       // the least that it was before that
   string            m_why;
   string            m_wait;           // why somebody else does not rely on it

   void              SetOffset(const long offset_s,const long now_ns)
     {
      if(m_begun_ns==0)
         m_begun_ns=now_ns;
      else
         if(offset_s!=m_offset_s)
           {
            m_before_s=m_changed_ns==0 ? m_offset_s : MathMin(m_before_s,m_offset_s);
            m_changed_ns=now_ns;
           }
      m_offset_s=offset_s;
     }
   bool              IsConnectedNow(void)
     {
      if(TerminalInfoInteger(TERMINAL_CONNECTED)==0)
        {
         m_why="NOT_CONNECTED: the terminal is not connected to its trade server";
         return false;
        }
      long login=AccountInfoInteger(ACCOUNT_LOGIN);
      string server=AccountInfoString(ACCOUNT_SERVER);
      if(m_login==0)
         m_login=login;
      if(login!=0 && login==m_login && (m_server=="" || server==m_server))
         return true;
      m_why="WRONG_ACCOUNT: the terminal is logged in as "+IntegerToString(login)+" at "+server+
            ", expected "+IntegerToString(m_login)+(m_server=="" ? "" : " at "+m_server)+
            "; each account has a terminal and a database of its own";
      return false;
     }

public:
                     CStanding(void)
     {
      m_login=0;
      m_server="";
      m_settle_ns=0;
      m_connected_ns=0;
      m_looked_ns=0;
      m_begun_ns=0;
      m_offset_s=0;
      m_changed_ns=0;
      m_before_s=0;
      m_why="";
      m_wait="";
     }
   //--- a login of 0 is that of the first account; it stays so
   void              Open(const long login,const string server,const int settle_ms)
     {
      m_login=login;
      m_server=server;
      m_settle_ns=(long)settle_ms*MS_NS;
      m_connected_ns=0;
     }
   long              Login(void) const { return m_login; }

   //--- look again; each read is between two looks
   bool              Look(const long now_ns)
     {
      m_looked_ns=now_ns;
      bool connected=IsConnectedNow();
      if(connected && m_wait!="")
         m_why=m_wait;
      if(!connected || m_wait!="")
        {
         m_connected_ns=0;
         return false;
        }
      if(m_connected_ns==0)
         m_connected_ns=now_ns;
      long apart_s=TimeTradeServer()-TimeGMT();
      SetOffset((long)MathRound((double)apart_s/QUARTER_S)*QUARTER_S,now_ns);
      return true;
     }
   //--- connected, to our account, for long enough
   bool              IsClean(const long now_ns) const
     {
      return m_connected_ns!=0 && now_ns-m_connected_ns>=m_settle_ns;
     }
   //--- not to be relied on, for a reason that somebody else has; empty: there is none
   void              Wait(const string why) { m_wait=why; }
   bool              IsConnected(void) const { return m_connected_ns!=0; }
   string            Why(const long now_ns) const
     {
      if(m_connected_ns==0)
         return m_why;
      return IsClean(now_ns) ? "" : "NOT_CONNECTED: the terminal has only just connected";
     }

   //--- may a program trade; if not, text says which switch is off
   bool              MayTrade(string &text) const
     {
      text="";
      if(TerminalInfoInteger(TERMINAL_TRADE_ALLOWED)==0)
         text="the button Algo Trading of the terminal is off";
      else
         if(MQLInfoInteger(MQL_TRADE_ALLOWED)==0)
            text="Algo Trading is not allowed in the properties of the Expert Advisor";
         else
            if(AccountInfoInteger(ACCOUNT_TRADE_ALLOWED)==0)
               text="the account may not trade";
            else
               if(AccountInfoInteger(ACCOUNT_TRADE_EXPERT)==0)
                  text="the server lets no Expert Advisor trade on this account";
      if(text=="")
         return true;
      text="TRADE_NOT_ALLOWED: "+text;
      return false;
     }
   //--- no real money for certain: it is connected, to our account
   bool              IsDemo(void) const
     {
      return IsConnected() && AccountInfoInteger(ACCOUNT_TRADE_MODE)==ACCOUNT_TRADE_MODE_DEMO;
     }
   bool              IsHedging(void) const
     {
      return AccountInfoInteger(ACCOUNT_MARGIN_MODE)==ACCOUNT_MARGIN_MODE_RETAIL_HEDGING;
     }

   //--- the server's wall clock
   long              OffsetS(void) const { return m_offset_s; }
   long              ServerSeconds(const long utc_ns) const
     {
      return utc_ns/1000/MS_NS+m_offset_s;
     }
   //--- the first second that it cannot show before a moment to come
   long              LatestSeconds(const long utc_ns) const
     {
      return ServerSeconds(utc_ns)+(MayGoForward(m_looked_ns,utc_ns) ? HOUR_S : 0);
     }
   //--- is it past a moment, by the server's own clock
   bool              IsPast(const long utc_ns) const
     {
      return UtcNs((long)TimeTradeServer()*1000)>=utc_ns;
     }
   long              UtcNs(const long server_msc) const
     {
      return (server_msc-m_offset_s*1000)*MS_NS;
     }
   //--- is a time of the server's at or after a moment; in doubt it is
   bool              IsSince(const long server_msc,const long since_ns) const
     {
      long least_s=since_ns<m_changed_ns ? MathMin(m_before_s,m_offset_s) : m_offset_s;
      long slack_ns=since_ns<m_begun_ns ? SLACK_NS : 0;
      return (server_msc-least_s*1000)*MS_NS+slack_ns>=since_ns;
     }
  };

#endif
