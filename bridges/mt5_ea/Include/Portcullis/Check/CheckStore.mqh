//+------------------------------------------------------------------+
//| What must survive, and who may run: SQLite's synchronous, the    |
//| time of a commit, and the lock of an Expert Advisor.             |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKSTORE_MQH
#define PORTCULLIS_CHECKSTORE_MQH

#include "CheckStep.mqh"
#include <Portcullis/InstanceLock.mqh>
#include <Portcullis/Store.mqh>

#define CHECK_STORE "PortcullisCheck.sqlite"
#define CHECK_LOCK "PortcullisCheck"
#define CHECK_LOCK_VARIABLE "Portcullis.PortcullisCheck"
#define SYNCHRONOUS_FULL 2

class CCheckStore : public CCheckStep
  {
public:
   virtual string    Names(void) override { return "sqlite global-variables"; }
   virtual bool      More(void) override
     {
      Database();
      Lock();
      return false;
     }

private:
   void              Database(void)
     {
      CStore store;
      SFigures times;
      times.Clear();
      if(!store.Open(CHECK_STORE))
        {
         m_report_ptr.Judge("sqlite",false,store.WhyDead());
         return;
        }
      long level=store.Number("SELECT synchronous FROM pragma_synchronous WHERE ?1=0",0,-1);
      string journal=store.Text("SELECT journal_mode FROM pragma_journal_mode WHERE ?1=0",0);
      long absent=store.Number("SELECT buried FROM ids WHERE id=?1",1,-1);
      for(int i=1; i<=m_settings.rounds; i++)
        {
         ulong start_us=GetMicrosecondCount();
         store.Mark("check",i);
         store.Commit();
         times.Add((double)(GetMicrosecondCount()-start_us)/1000.0);
        }
      bool is_alive=store.IsAlive();
      string why=store.WhyDead();
      store.Close();
      bool is_asked=journal=="wal" && absent==-1;
      bool is_kept=is_alive && store.Open(CHECK_STORE) &&
                   store.Marked("check")==m_settings.rounds;
      store.Close();
      FileDelete(CHECK_STORE);
      m_report_ptr.Judge("sqlite",level>=SYNCHRONOUS_FULL && is_asked && is_kept,
                         "synchronous is "+IntegerToString(level)+", journal_mode "+journal+
                         "; a commit takes "+
                         times.Text("ms")+(is_kept ? ", and is there after a reopening" :
                         "; what was committed is not there "+why));
     }
   void              Lock(void)
     {
      CInstanceLock first,second;
      first.Begin(CHECK_LOCK);
      second.Begin(CHECK_LOCK);
      bool has_first=first.Keep();
      bool has_second=second.Keep() ||
                      GlobalVariableSetOnCondition(CHECK_LOCK_VARIABLE,1.0,-1.0);
      first.Release();
      bool has_after=second.Keep();
      second.Release();
      GlobalVariableDel(CHECK_LOCK_VARIABLE);
      m_report_ptr.Judge("global-variables",has_first && !has_second && has_after,
                         StringFormat("the first %s the lock, the second %s, and %s it after a"
                                      " release",has_first ? "has" : "has not",
                                      has_second ? "has it too" : "waits",
                                      has_after ? "gets" : "does not get"));
     }
  };

#endif
