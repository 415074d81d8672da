//+------------------------------------------------------------------+
//| How far back a walk looks, and what is too old to be told.       |
//|                                                                  |
//| - The first walk ever tells nothing: what was before is not ours,|
//|   and is never told, however late it turns up in the history.    |
//| - The history may come later than the connection. Until it must  |
//|   have come, and while deals may be missing, the mark stays      |
//|   where it was, and is gone back to again and again.             |
//| - Marks are the server's wall clock, which is put back once a    |
//|   year, by less than PUT_BACK_S: none is later than the clock.   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_SPAN_MQH
#define PORTCULLIS_SPAN_MQH

#include "Rows.mqh"
#include "Standing.mqh"
#include "Store.mqh"

#define OVERLAP_S 600
#define MARK_EVERY_S 60
#define PUT_BACK_S 7200
#define WALKED_MARK "walked_s"
#define HORIZON_MARK "horizon_s"
#define LATE_HISTORY_NS ((long)60000000000)
#define AUDIT_SOON_NS ((long)15000000000)
#define AUDIT_NS ((long)600000000000)

class CSpan
  {
   CStore           *m_store_ptr;
   long              m_mark_s;      // every deal before it was seen; 0: there was no clean walk
   long              m_near_s;      // the last clean walk
   long              m_kept_s;      // the mark as the database has it
   long              m_whole_s;     // how far back the first walk since the connection has read
   long              m_horizon_s;   // no deal before it is ever told
   long              m_history_s;   // how far back the first walk goes
   long              m_late_ns;     // how long after a connection history may come
   long              m_late_until_ns;
   long              m_audited_ns;
   bool              m_is_quiet;
   bool              m_has_walked;

public:
                     CSpan(void) { m_store_ptr=NULL; }
   void              Open(CStore *store_ptr,const int history_days,const long absence_after_ms)
     {
      m_store_ptr=store_ptr;
      m_history_s=(long)history_days*DAY_S;
      m_mark_s=m_store_ptr.Marked(WALKED_MARK);
      m_near_s=m_mark_s;
      m_kept_s=m_mark_s;
      m_whole_s=m_mark_s;
      m_horizon_s=m_store_ptr.Marked(HORIZON_MARK);
      m_late_ns=absence_after_ms*MS_NS+LATE_HISTORY_NS;
      m_late_until_ns=0;
      m_audited_ns=0;
      m_is_quiet=m_mark_s==0;
      m_has_walked=false;
     }
   //--- was there no clean walk ever, so that nothing is told
   bool              IsQuiet(void) const { return m_is_quiet; }
   //--- has the whole history been walked since the connection
   bool              HasWalked(void) const { return m_has_walked; }
   long              WholeS(void) const { return m_whole_s; }
   //--- every deal before it was seen, as the database knows it too
   long              MarkS(void) const { return m_kept_s; }
   //--- what was before this no walk reads from a moment on
   long              ForgottenS(const long from_s) const { return from_s-m_history_s-OVERLAP_S; }
   //--- was a deal made before what is told, so that it is nobody's news
   bool              IsOld(const SDealRow &deal) const { return deal.time_msc/1000<m_horizon_s; }
   //--- may history still come that was made before the connection
   bool              IsLate(const long now_ns) const { return now_ns<m_late_until_ns; }
   //--- look far back again: after a disconnect nobody knows what was missed
   void              LookBack(const long now_ns)
     {
      m_has_walked=false;
      m_late_until_ns=now_ns+m_late_ns;
     }
   //--- is it time to look further back than to the last walk
   bool              IsAuditDue(const long now_ns,const bool is_in_doubt) const
     {
      return now_ns-m_audited_ns>=(is_in_doubt ? AUDIT_SOON_NS : AUDIT_NS);
     }
   //--- from when on a walk reads; owed_s is that of the oldest order that owes deals, or 0
   long              SinceS(const long server_s,const bool clean,const bool audits,
                            const long owed_s) const
     {
      long mark_s=MarkS(server_s);
      if(clean && !m_has_walked)
         return mark_s-m_history_s;
      if(!audits)
         return NearS(server_s)-OVERLAP_S;
      long since_s=MathMin(mark_s-OVERLAP_S,NearS(server_s)-DAY_S);
      return owed_s>0 ? MathMin(since_s,owed_s-OVERLAP_S) : since_s;
     }
   //--- a walk has read
   void              Read(const long server_s,const long now_ns,const bool clean,
                          const bool audits)
     {
      m_near_s=NearS(server_s);
      m_mark_s=MarkS(server_s);
      if(clean && !m_has_walked)
         m_whole_s=m_mark_s-m_history_s;
      long ahead_s=m_horizon_s-(server_s-OVERLAP_S);
      if(m_is_quiet || (ahead_s>0 && ahead_s<=PUT_BACK_S))
         m_horizon_s=server_s-OVERLAP_S;
      if(audits || (clean && !m_has_walked))
         m_audited_ns=now_ns;
     }
   //--- and has told it, while the lists could be believed
   void              Mark(const long server_s,const bool is_in_doubt)
     {
      m_has_walked=true;
      m_is_quiet=false;
      m_near_s=server_s;
      if(!is_in_doubt)
         m_mark_s=server_s;
      if(m_kept_s!=0 && m_mark_s-m_kept_s<MARK_EVERY_S)
         return;
      m_kept_s=m_mark_s;
      long forgotten_s=ForgottenS(m_mark_s);
      m_horizon_s=MathMax(m_horizon_s,forgotten_s);
      m_store_ptr.Mark(WALKED_MARK,m_mark_s);
      m_store_ptr.Mark(HORIZON_MARK,m_horizon_s);
      m_store_ptr.Put("DELETE FROM deals WHERE msc<?1",forgotten_s*1000);
     }

private:
   //--- the marks, where the server's clock has not been put back
   long              MarkS(const long server_s) const
     {
      return m_mark_s==0 || m_mark_s>server_s ? server_s : m_mark_s;
     }
   long              NearS(const long server_s) const
     {
      long mark_s=MarkS(server_s);
      return m_near_s<mark_s || m_near_s>server_s ? mark_s : m_near_s;
     }
  };

#endif
