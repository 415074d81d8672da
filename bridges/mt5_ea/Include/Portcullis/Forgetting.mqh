//+------------------------------------------------------------------+
//| Forgets what is long over, once a day: chains with their names   |
//| and tickets, their ids, and what memory holds of the past.       |
//|                                                                  |
//| A chain goes when it ended a day before the oldest thing that    |
//| any walk reads, by the broker's clock and by ours, and so long   |
//| before what the gateway has reconciled: then no fill, no end and |
//| no question of it can come. One that is not over, that an order  |
//| at the server or a request under way belongs to, or that made a  |
//| position which is still open stays, whatever its age.            |
//|                                                                  |
//| Its ids are below a floor from then on (Floors), by the same     |
//| commit: asked for, nobody knows; sent again, nothing is done.    |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FORGETTING_MQH
#define PORTCULLIS_FORGETTING_MQH

#include "Sender.mqh"

#define FORGET_EVERY_NS ((long)86400000000000)
//--- the history is read whole for it: it waits so long for a moment in which nothing is under way
#define FORGET_LATE_NS ((long)21600000000000)
//--- chains of one commit: no order waits long for it
#define FORGET_AT_ONCE 100

class CForgetting
  {
   CBook            *m_book_ptr;
   CStore           *m_store_ptr;
   CStanding        *m_standing_ptr;
   CWalk            *m_walk_ptr;
   CSender          *m_sender_ptr;
   long              m_since_ns;    // the gateway asks for fills from then on; 0: it has not asked
   long              m_begun_ns;
   long              m_due[];       // roots of chains that are old enough

public:
                     CForgetting(void) { m_book_ptr=NULL; m_store_ptr=NULL; }
   void              Open(CBook *book_ptr,CStore *store_ptr,CStanding *standing_ptr,
                          CWalk *walk_ptr,CSender *sender_ptr)
     {
      m_book_ptr=book_ptr;
      m_store_ptr=store_ptr;
      m_standing_ptr=standing_ptr;
      m_walk_ptr=walk_ptr;
      m_sender_ptr=sender_ptr;
      m_since_ns=0;
      m_begun_ns=0;
      ArrayResize(m_due,0);
     }
   //--- the gateway has reconciled what was before this
   void              Heard(const long since_ns) { m_since_ns=since_ns; }
   void              Step(const long now_ns,const bool is_idle)
     {
      bool is_begun=ArraySize(m_due)>0;
      long wait_ns=FORGET_EVERY_NS+(is_idle ? 0 : FORGET_LATE_NS);
      bool is_early=m_begun_ns!=0 && now_ns-m_begun_ns<wait_ns;
      if((!is_begun && is_early) || m_since_ns==0 || !m_walk_ptr.IsCertain(now_ns))
         return;
      if(!is_begun && !Begin(now_ns))
         return;
      long roots[];
      if(!Take(roots,now_ns))
         return;
      m_book_ptr.Forget(roots);
      int places[];
      m_book_ptr.Unload(places);
      m_sender_ptr.flights.Renumber(places);
      m_store_ptr.Commit();
     }

private:
   bool              Begin(const long now_ns)
     {
      if(!m_walk_ptr.Renew())
         return false;
      long unused[];
      long from_s=MathMin((long)TimeCurrent(),m_standing_ptr.ServerSeconds(m_since_ns));
      m_store_ptr.Rows("SELECT root,0 FROM ends WHERE server_s<?1",
                       m_walk_ptr.ForgottenS(from_s)-DAY_S,m_due,unused);
      m_begun_ns=now_ns;
      return true;
     }
   //--- some of what is due and free to go; false when the terminal cannot say what is
   bool              Take(long &roots[],const long now_ns)
     {
      CLongMap held;
      Hold(held);
      if(!m_standing_ptr.Look(now_ns))
         return false;
      int left=MathMax(ArraySize(m_due)-FORGET_AT_ONCE,0);
      for(int i=left; i<ArraySize(m_due); i++)
        {
         int at=m_book_ptr.ByRoot(m_due[i]);
         if(at==NOBODY || !IsOver(at) || held.Has(m_due[i]))
            continue;
         int last=ArraySize(roots);
         ArrayResize(roots,last+1,FORGET_AT_ONCE);
         roots[last]=m_due[i];
        }
      ArrayResize(m_due,left);
      return true;
     }
   bool              IsOver(const int at) const
     {
      return m_book_ptr.chains[at].stage==STAGE_ENDED && m_book_ptr.chains[at].flights==0 &&
             m_book_ptr.chains[at].asked_name=="" && m_book_ptr.chains[at].cancel_name=="";
     }
   //--- the roots of what is still at the server: orders, and what made the positions
   void              Hold(CLongMap &held)
     {
      CAccount now;
      now.ReadOpen();
      for(int i=0; i<ArraySize(now.open); i++)
         HoldChain(m_walk_ptr.presence.Whose(now.open[i]),held);
      SPositionRow rows[];
      ReadPositions(rows);
      CStrangers *strangers_ptr=m_walk_ptr.Strangers();
      for(int i=0; i<ArraySize(rows); i++)
        {
         HoldChain(m_book_ptr.ByTicket((ulong)rows[i].identifier),held);
         HoldChain(m_book_ptr.ByName(rows[i].magic),held);
         HoldChain(m_book_ptr.ByName(WireNumber(strangers_ptr.Parent(0,rows[i].identifier))),held);
        }
     }
   void              HoldChain(const int at,CLongMap &held) const
     {
      if(at!=NOBODY)
         held.Set(m_book_ptr.chains[at].root,1);
     }
  };

#endif
