//+------------------------------------------------------------------+
//| All chains of orders, found by any name that they ever had and   |
//| by any order that they had at the trade server; kept in the      |
//| store, so that a restart knows them too.                         |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BOOK_MQH
#define PORTCULLIS_BOOK_MQH

#include "Chain.mqh"
#include "LongMap.mqh"
#include "Store.mqh"
#include "WireId.mqh"

#define NOBODY (-1)

class CBook
  {
   CStore           *m_store_ptr;
   CLongMap          m_by_root;
   CLongMap          m_by_name;
   CLongMap          m_by_ticket;
   int               m_live[];

public:
   //--- public, since MQL5 has no references to elements: change one, then Save it
   SChain            chains[];

                     CBook(void) { m_store_ptr=NULL; }
   //--- load what has not ended
   bool              Open(CStore *store_ptr)
     {
      m_store_ptr=store_ptr;
      ArrayResize(chains,0);
      ArrayResize(m_live,0);
      m_by_root.Clear();
      m_by_name.Clear();
      m_by_ticket.Clear();
      long roots[];
      long unused[];
      int count=m_store_ptr.Rows("SELECT root,0 FROM chains WHERE live=?1",1,roots,unused);
      for(int i=0; i<count; i++)
         if(Load(roots[i])==NOBODY)
            return false;
      return m_store_ptr.IsAlive();
     }

   int               Add(const SOrderRequest &order,const long number,const long now_ns)
     {
      int at=Append(number);
      chains[at].Begin(order,number,now_ns);
      Name(at,number);
      return at;
     }
   //--- the chain that ever had this id, or NOBODY
   int               ByName(const long number)
     {
      if(number<=0)
         return NOBODY;
      long at=m_by_name.Get(number,NOBODY);
      if(at!=NOBODY)
         return (int)at;
      long root=m_store_ptr.Number("SELECT root FROM names WHERE id=?1",number,0);
      return root==0 ? NOBODY : Load(root);
     }
   int               ByTicket(const ulong ticket)
     {
      if(ticket==0)
         return NOBODY;
      long at=m_by_ticket.Get((long)ticket,NOBODY);
      if(at!=NOBODY)
         return (int)at;
      long root=m_store_ptr.Number("SELECT root FROM tickets WHERE ticket=?1",(long)ticket,0);
      return root==0 ? NOBODY : Load(root);
     }
   void              Name(const int at,const long number)
     {
      m_by_name.Set(number,at);
      m_store_ptr.Put("INSERT OR REPLACE INTO names VALUES(?1,?2)",number,chains[at].root);
     }
   void              Ticket(const int at,const ulong ticket)
     {
      if(m_by_ticket.Get((long)ticket,NOBODY)==at)
         return;
      m_by_ticket.Set((long)ticket,at);
      m_store_ptr.Put("INSERT OR REPLACE INTO tickets VALUES(?1,?2)",(long)ticket,
                      chains[at].root);
     }
   //--- durable after the store's Commit
   void              Save(const int at)
     {
      bool live=chains[at].stage!=STAGE_ENDED;
      m_store_ptr.PutText("INSERT OR REPLACE INTO chains VALUES(?1,?2,?3)",chains[at].root,
                          live ? 1 : 0,chains[at].Content());
     }

   //--- those that have not ended
   int               LiveCount(void)
     {
      int kept=0;
      for(int i=0; i<ArraySize(m_live); i++)
        {
         int at=m_live[i];
         if(chains[at].stage!=STAGE_ENDED)
            m_live[kept++]=at;
        }
      ArrayResize(m_live,kept);
      return kept;
     }
   int               Live(const int number) const { return m_live[number]; }

private:
   int               Append(const long root)
     {
      int at=ArraySize(chains);
      ArrayResize(chains,at+1,256);
      m_by_root.Set(root,at);
      int last=ArraySize(m_live);
      ArrayResize(m_live,last+1,256);
      m_live[last]=at;
      return at;
     }
   int               Load(const long root)
     {
      long known=m_by_root.Get(root,NOBODY);
      if(known!=NOBODY)
         return (int)known;
      string content=m_store_ptr.Text("SELECT content FROM chains WHERE root=?1",root);
      SChain chain;
      if(!chain.Restore(root,content))
         return NOBODY;
      int at=Append(root);
      chains[at]=chain;
      long names[];
      long tickets[];
      long unused[];
      int count=m_store_ptr.Rows("SELECT id,0 FROM names WHERE root=?1",root,names,unused);
      for(int i=0; i<count; i++)
         m_by_name.Set(names[i],at);
      count=m_store_ptr.Rows("SELECT ticket,0 FROM tickets WHERE root=?1",root,tickets,unused);
      for(int i=0; i<count; i++)
         m_by_ticket.Set(tickets[i],at);
      return at;
     }
  };

#endif
