//+------------------------------------------------------------------+
//| Everything between one account and one gateway: the link, the    |
//| session, the venue, market data out, and the dead man's hand     |
//| (bridges/bridge.py).                                             |
//|                                                                  |
//| A step: hear the gateway, let the venue act, say what came of    |
//| it. When the gateway has been gone for dead_man_ms everything of |
//| ours that rests is cancelled; the program stays and tries on.    |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BRIDGE_MQH
#define PORTCULLIS_BRIDGE_MQH

#include "GatewayLink.mqh"
#include "Publisher.mqh"
#include "Reader.mqh"

#define DEAD_MAN_TEXT "DEAD_MAN: the gateway is gone"

struct SBridgeSettings
  {
   SEndpoint         venues;           // the gateway's endpoint for bridges
   SEndpoint         feeds;            // and for market data; port 0 is none
   SIdentity         identity;
   string            account;
   long              dead_man_ms;      // 0: never
   ENUM_READING      reading;
   int               timer_ms;
   int               duty_percent;
   uint              wait_ms;
  };

class CBridge
  {
private:
   CUtcClock         m_clock;
   CBridgeSession    m_session;
   CGatewayLink      m_link;
   CPublisher        m_publisher;
   CReader           m_reader;
   CVenue           *m_venue_ptr;
   long              m_dead_man_ns;
   bool              m_struck;

public:
                     CBridge(void)
     {
      m_venue_ptr=NULL;
      m_dead_man_ns=0;
      m_struck=false;
     }
   //--- nothing can wait in a socket with TLS: a turn that waits would come at once, and spin
   ENUM_READING      ReadingOf(const SBridgeSettings &settings) const
     {
      bool is_tls=settings.venues.tls_name!="" || settings.venues.port==TLS_PORT;
      return is_tls && settings.reading==READ_WAITING ? READ_BY_EVENTS : settings.reading;
     }
   //--- false when the venue cannot work here, and text says why
   bool              Begin(const SBridgeSettings &settings,CVenue *venue_ptr,CIdNotes *notes_ptr,
                           string &text)
     {
      long now_ns=m_clock.Now();
      m_venue_ptr=venue_ptr;
      m_struck=false;
      m_dead_man_ns=settings.dead_man_ms*NS_PER_MS;
      m_publisher.Begin(settings.feeds);
      m_session.Begin(settings.identity.comp_id,settings.account,venue_ptr,notes_ptr,
                      m_publisher.IsUsed(),now_ns);
      m_link.Begin(settings.venues,settings.identity,GetPointer(m_session),GetPointer(m_clock),
                   now_ns);
      m_reader.Begin(ReadingOf(settings),settings.timer_ms,settings.duty_percent,settings.wait_ms);
      return m_venue_ptr.Connect(GetPointer(m_session.outbox),now_ns,text);
     }
   //--- the notes of ids cannot be written: nothing may be sent any more
   bool              IsDead(void) const { return m_link.is_dead; }
   bool              IsLive(void) const { return m_link.IsLive(); }

   void              OnTimer(void)
     {
      ulong began_us=GetMicrosecondCount();
      m_reader.BeginPeriod();
      Step(0);
      KeepPublisher(m_clock.Now());
      m_reader.End(IsLive(),GetMicrosecondCount()-began_us);
     }
   //--- an event of the chart; only our own is of interest
   void              OnChartEvent(const int id)
     {
      if(id!=CHARTEVENT_CUSTOM+READER_EVENT)
         return;
      ulong began_us=GetMicrosecondCount();
      m_reader.BeginTurn();
      Step(m_reader.WaitMs(IsLive()));
      m_reader.End(IsLive(),GetMicrosecondCount()-began_us);
     }
   //--- hints: the venue looks for itself what has happened
   void              OnTradeTransaction(const MqlTradeTransaction &transaction,
                                        const MqlTradeRequest &request,
                                        const MqlTradeResult &result)
     {
      m_venue_ptr.OnTradeTransaction(transaction,request,result);
      m_reader.Nudge();
     }
   void              OnTick(void) { m_reader.Nudge(); }
   void              OnBookEvent(const string symbol)
     {
      m_venue_ptr.OnBookEvent(symbol);
      m_reader.Nudge();
     }
   //--- what is known cannot be kept any more, and soon nobody is here: the dead man's hand at once
   void              Abandon(void)
     {
      if(m_dead_man_ns==0)
         Print("warning: what rests stays: DeadManMs is 0");
      else
         Print("warning: what rests is cancelled: ",m_venue_ptr.RemoveAll(m_clock.Now())," orders");
     }
   void              Close(const string text)
     {
      long now_ns=m_clock.Now();
      m_link.LogOut(text,now_ns);
      m_publisher.Close();
      m_venue_ptr.Close();
     }

private:
   void              Step(const uint wait_ms)
     {
      m_link.Receive(m_clock.Now(),wait_ms);
      if(m_link.is_dead)
         return;
      long now_ns=m_clock.Now();
      m_venue_ptr.Step(now_ns);
      m_link.Step(now_ns);
      CheckDeadMan(now_ns);
      StepMarket(now_ns);
     }
   //--- last in a turn, so that no tick delays an order
   void              StepMarket(const long now_ns)
     {
      if(m_link.IsQuiet())
         m_venue_ptr.StepTicks(now_ns);
      STopic topics[];
      if(m_publisher.IsUsed() &&
         m_session.outbox.quotes.Topics(now_ns,m_venue_ptr.Connected(),topics)>0)
        {
         m_publisher.Publish(topics);
         KeepPublisher(now_ns);
        }
     }
   //--- its attempts to connect block: only with a gateway there, and while nothing is under way
   void              KeepPublisher(const long now_ns)
     {
      if(!IsLive())
         m_publisher.Forget();
      m_publisher.Step(now_ns,IsLive() && m_link.IsQuiet() && m_venue_ptr.IsIdle(now_ns));
     }
   void              CheckDeadMan(const long now_ns)
     {
      if(m_link.down_since_ns==0)
         m_struck=false;
      if(m_link.down_since_ns==0 || m_struck || m_dead_man_ns==0)
         return;
      if(now_ns-m_link.down_since_ns<m_dead_man_ns)
         return;
      Print("warning: the gateway is gone: what rests is cancelled");
      m_struck=true;
      m_venue_ptr.CancelAll(DEAD_MAN_TEXT,now_ns);
      m_venue_ptr.Step(now_ns);
     }
  };

#endif
