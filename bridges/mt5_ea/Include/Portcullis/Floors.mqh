//+------------------------------------------------------------------+
//| Below which id of an instance nothing is kept one by one.        |
//|                                                                  |
//| A gateway's ids only grow: what is at or below a floor was given |
//| before an order that is long over. It counts as sent, so that it |
//| is never sent and never called absent.                           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FLOORS_MQH
#define PORTCULLIS_FLOORS_MQH

#include "Store.mqh"
#include "WireId.mqh"

bool IsBelowFloor(CStore &store,const long id)
  {
   return id>=0 && id<=store.Number("SELECT id FROM floors WHERE instance=?1",
                                    WireInstance(id),-1);
  }

//--- durable after the store's Commit, as what the floor stands for has to be
void RaiseFloor(CStore &store,const long id)
  {
   if(IsBelowFloor(store,id))
      return;
   long instance=WireInstance(id);
   store.Put("INSERT OR REPLACE INTO floors VALUES(?1,?2)",instance,id);
   store.Put("DELETE FROM ids WHERE id>=?1 AND id<=?2",instance<<INSTANCE_SHIFT,id);
  }

#endif
