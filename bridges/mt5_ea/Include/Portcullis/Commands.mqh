//+------------------------------------------------------------------+
//| What was asked of the venue and is not done yet, in its order.   |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_COMMANDS_MQH
#define PORTCULLIS_COMMANDS_MQH

#include "Port.mqh"

#define COMMAND_PATIENCE_NS ((long)60000000000)
#define MAX_COMMANDS 10000

enum ENUM_COMMAND
  {
   COMMAND_SUBMIT,
   COMMAND_REPLACE,
   COMMAND_CANCEL,
   COMMAND_PROTECT,
   COMMAND_LOOK_UP,
   COMMAND_OPEN_ORDERS,
   COMMAND_FILLS,
   COMMAND_POSITIONS,
   COMMAND_BALANCES,
   COMMAND_LEDGER,
   COMMAND_INSTRUMENTS
  };

struct SCommand
  {
   ENUM_COMMAND      kind;
   SOrderRequest     order;
   SCancelRequest    cancel;
   SLevelsRequest    levels;
   string            ask;
   string            name;
   long              since_ns;
   long              asked_ns;
   long              ready_ns;      // since when only we have kept it waiting

   //--- it has waited too long for its order: nothing was sent for it, and nothing will be
   bool              IsOverdue(const long now_ns) const
     {
      return now_ns-asked_ns>COMMAND_PATIENCE_NS;
     }
  };

class CCommands
  {
public:
   SCommand          waiting[];

   void              Clear(void) { ArrayResize(waiting,0); }
   int               Count(void) const { return ArraySize(waiting); }
   //--- one more: its place, or -1 when there are too many. What belongs to its kind is set there
   int               Add(const ENUM_COMMAND kind,const string ask,const long now_ns)
     {
      int at=ArraySize(waiting);
      if(at>=MAX_COMMANDS)
         return -1;
      ArrayResize(waiting,at+1,64);
      waiting[at].kind=kind;
      waiting[at].ask=ask;
      waiting[at].name="";
      waiting[at].since_ns=0;
      waiting[at].asked_ns=now_ns;
      waiting[at].ready_ns=now_ns;
      return at;
     }
   //--- does a question wait: its answer is of this moment
   bool              IsAsked(void) const
     {
      for(int i=0; i<ArraySize(waiting); i++)
         if(waiting[i].kind>=COMMAND_LOOK_UP)
            return true;
      return false;
     }
   //--- take all; what cannot be done yet, for no fault of ours, is to be kept
   void              Take(SCommand &commands[]) { ArraySwap(commands,waiting); }
   void              Keep(const SCommand &command,const long now_ns)
     {
      int at=ArraySize(waiting);
      ArrayResize(waiting,at+1,64);
      waiting[at]=command;
      waiting[at].ready_ns=now_ns;
     }
  };

#endif
