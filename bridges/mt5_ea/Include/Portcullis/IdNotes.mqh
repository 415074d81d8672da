//+------------------------------------------------------------------+
//| Which ids were ever sent, and which never may be: id_log.py, in  |
//| the terminal's own database.                                     |
//|                                                                  |
//| 1. Hold and Bury note; Commit makes every note durable. An id    |
//|    whose note was lost was never sent.                           |
//| 2. A held id is never sent again; a buried one never at all.     |
//| 3. Ids only grow: what a gateway gave before the first that is   |
//|    noted of it may have been in notes that are lost.             |
//| 4. What is below a floor counts as held: it is refused and never |
//|    declared absent. A floor rises when orders are forgotten      |
//|    (Forgetting), and above MAX_IDS over the older half.          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_IDNOTES_MQH
#define PORTCULLIS_IDNOTES_MQH

#include "Floors.mqh"
#include "Port.mqh"
#include "WireId.mqh"

#define MAX_IDS 1000000

class CIdTable : public CIdNotes
  {
   CStore           *m_store_ptr;

   long              Kind(const string cl_ord_id)
     {
      long id=WireNumber(cl_ord_id);
      return id<0 ? -1 : m_store_ptr.Number("SELECT buried FROM ids WHERE id=?1",id,-1);
     }

public:
                     CIdTable(void) { m_store_ptr=NULL; }
   void              Open(CStore *store_ptr)
     {
      m_store_ptr=store_ptr;
      long count=m_store_ptr.Number("SELECT count(*) FROM ids WHERE id>?1",0,0);
      if(count>MAX_IDS)
         Halve(count/2);
     }
   virtual bool      WasSent(const string cl_ord_id)
     {
      return Kind(cl_ord_id)==0 || IsBelowFloor(*m_store_ptr,WireNumber(cl_ord_id));
     }
   virtual bool      Covers(const string cl_ord_id)
     {
      long id=WireNumber(cl_ord_id);
      return id<0 ||
             m_store_ptr.Number("SELECT 1 FROM floors WHERE instance=?1",WireInstance(id),0)>0 ||
             m_store_ptr.Number("SELECT 1 FROM ids WHERE id>=(?1>>53)<<53 AND id<?1 AND buried=0"
                                " LIMIT 1",id,0)>0;
     }
   virtual bool      IsBuried(const string cl_ord_id) { return Kind(cl_ord_id)==1; }
   virtual void      Hold(const string cl_ord_id) { Note(cl_ord_id,0); }
   virtual void      Bury(const string cl_ord_id)
     {
      if(!IsBuried(cl_ord_id))
         Note(cl_ord_id,1);
     }
   virtual bool      Commit(void) { return m_store_ptr.Commit(); }

private:
   void              Note(const string cl_ord_id,const long buried)
     {
      long id=WireNumber(cl_ord_id);
      if(id>=0)
         m_store_ptr.Put("INSERT OR REPLACE INTO ids VALUES(?1,?2)",id,buried);
     }
   void              Halve(const long count)
     {
      long bound=m_store_ptr.Number("SELECT id FROM ids ORDER BY id LIMIT 1 OFFSET ?1",count,0);
      m_store_ptr.Put("INSERT OR REPLACE INTO floors SELECT id>>53,max(id) FROM ids"
                      " WHERE id<=?1 GROUP BY id>>53",bound);
      m_store_ptr.Put("DELETE FROM ids WHERE id<=?1",bound);
      m_store_ptr.Commit();
     }
  };

#endif
