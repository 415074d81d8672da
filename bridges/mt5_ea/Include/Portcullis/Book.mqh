//+------------------------------------------------------------------+
//| All chains of orders, found by any name that they ever had and   |
//| by any order that they had at the trade server; kept in the      |
//| store, so that a restart knows them too, until they are          |
//| forgotten (Forgetting).                                          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_BOOK_MQH
#define PORTCULLIS_BOOK_MQH

#include "Chain.mqh"
#include "Floors.mqh"
#include "LongMap.mqh"
#include "WireId.mqh"

#define NOBODY (-1)
#define INSTANCE_MARK "instance"
#define FORGOTTEN "FORGOTTEN: orders as old as this id are not kept here, so nobody knows"

class CBook
  {
   CStore           *m_store_ptr;
   long              m_instance;      // of our gateway, from 1 on; 0: it is not known
   CLongMap          m_by_root;
   CLongMap          m_by_name;
   CLongMap          m_by_ticket;
   int               m_live[];

public:
   //--- public, since MQL5 has no references to elements: change one, then Save it
   SChain            chains[];

                     CBook(void) { m_store_ptr=NULL; m_instance=0; }
   //--- load what has not ended
   bool              Open(CStore *store_ptr)
     {
      m_store_ptr=store_ptr;
      m_instance=m_store_ptr.Marked(INSTANCE_MARK);
      ArrayResize(chains,0);
      ClearIndex();
      m_store_ptr.Put("INSERT INTO ends SELECT root,?1 FROM chains WHERE live=0"
                      " AND root NOT IN (SELECT root FROM ends)",NowS());
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
      int at=ArraySize(chains);
      ArrayResize(chains,at+1,256);
      chains[at].Begin(order,number,now_ns);
      Enter(at,number);
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
   int               ByRoot(const long root) { return Load(root); }
   //--- our gateway has said which ids are its own; durable after the store's Commit
   void              Recognise(const long instance)
     {
      if(m_instance!=instance+1)
         m_store_ptr.Mark(INSTANCE_MARK,instance+1);
      m_instance=instance+1;
     }
   //--- has our gateway given a magic
   bool              IsOurs(const long magic) const
     {
      return IsWireMagic(magic) && WireInstance(magic)+1==m_instance;
     }
   //--- may the id be one of a chain that was forgotten
   bool              IsForgotten(const long number)
     {
      return IsBelowFloor(*m_store_ptr,number) && ByName(number)==NOBODY;
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
      if(!live)
         m_store_ptr.Put("INSERT OR REPLACE INTO ends VALUES(?1,?2)",chains[at].root,NowS());
     }
   //--- chains that ended go from the store, with all that names them; durable after its Commit
   void              Forget(const long &roots[])
     {
      long names[];
      long unused[];
      for(int i=0; i<ArraySize(roots); i++)
        {
         int count=m_store_ptr.Rows("SELECT id,0 FROM names WHERE root=?1",roots[i],names,unused);
         for(int k=0; k<count; k++)
            RaiseFloor(*m_store_ptr,names[k]);
         m_store_ptr.Put("DELETE FROM names WHERE root=?1",roots[i]);
         m_store_ptr.Put("DELETE FROM tickets WHERE root=?1",roots[i]);
         m_store_ptr.Put("DELETE FROM chains WHERE root=?1",roots[i]);
         m_store_ptr.Put("DELETE FROM ends WHERE root=?1",roots[i]);
        }
     }
   //--- let go of what has ended: the store has it when it is asked for. `places` says where each
   //--- chain is now, NOBODY for one that went
   void              Unload(int &places[])
     {
      int count=ArraySize(chains);
      int kept=0;
      ArrayResize(places,count);
      ClearIndex();
      for(int i=0; i<count; i++)
        {
         places[i]=NOBODY;
         if(chains[i].stage==STAGE_ENDED && chains[i].flights==0)
            continue;
         places[i]=kept;
         chains[kept]=chains[i];
         Index(kept);
         kept++;
        }
      ArrayResize(chains,kept);
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
   //--- the server's time, which is not before its last quote whatever our clock says
   long              NowS(void) const
     {
      return MathMax((long)TimeTradeServer(),(long)TimeCurrent());
     }
   void              ClearIndex(void)
     {
      ArrayResize(m_live,0);
      m_by_root.Clear();
      m_by_name.Clear();
      m_by_ticket.Clear();
     }
   void              Enter(const int at,const long root)
     {
      m_by_root.Set(root,at);
      int last=ArraySize(m_live);
      ArrayResize(m_live,last+1,256);
      m_live[last]=at;
     }
   //--- what the store knows of a chain's names and tickets leads to its place
   void              Index(const int at)
     {
      long root=chains[at].root;
      long names[];
      long tickets[];
      long unused[];
      Enter(at,root);
      int count=m_store_ptr.Rows("SELECT id,0 FROM names WHERE root=?1",root,names,unused);
      for(int i=0; i<count; i++)
         m_by_name.Set(names[i],at);
      count=m_store_ptr.Rows("SELECT ticket,0 FROM tickets WHERE root=?1",root,tickets,unused);
      for(int i=0; i<count; i++)
         m_by_ticket.Set(tickets[i],at);
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
      int at=ArraySize(chains);
      ArrayResize(chains,at+1,256);
      chains[at]=chain;
      Index(at);
      return at;
     }
  };

#endif
