//+------------------------------------------------------------------+
//| The trade transactions that have come, in their order.           |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKTRAIL_MQH
#define PORTCULLIS_CHECKTRAIL_MQH

struct STold
  {
   int               type;
   ulong             order;         // of a REQUEST: that of its result
   //--- of a REQUEST
   uint              request_id;
   uint              retcode;
   int               action;
   long              magic;
   ulong             asked_order;
  };

string TransactionName(const int type)
  {
   switch(type)
     {
      case TRADE_TRANSACTION_ORDER_ADD:
         return "ORDER_ADD";
      case TRADE_TRANSACTION_ORDER_UPDATE:
         return "ORDER_UPDATE";
      case TRADE_TRANSACTION_ORDER_DELETE:
         return "ORDER_DELETE";
      case TRADE_TRANSACTION_DEAL_ADD:
         return "DEAL_ADD";
      case TRADE_TRANSACTION_HISTORY_ADD:
         return "HISTORY_ADD";
      case TRADE_TRANSACTION_HISTORY_UPDATE:
         return "HISTORY_UPDATE";
      case TRADE_TRANSACTION_POSITION:
         return "POSITION";
      case TRADE_TRANSACTION_REQUEST:
         return "REQUEST";
     }
   return "type "+IntegerToString(type);
  }

class CCheckTrail
  {
public:
   STold             told[];

   void              Clear(void) { ArrayResize(told,0); }
   int               Count(void) const { return ArraySize(told); }
   void              OnTransaction(const MqlTradeTransaction &trans,
                                   const MqlTradeRequest &request,const MqlTradeResult &result)
     {
      int at=ArraySize(told);
      ArrayResize(told,at+1,256);
      bool is_request=trans.type==TRADE_TRANSACTION_REQUEST;
      told[at].type=(int)trans.type;
      told[at].order=is_request ? result.order : trans.order;
      told[at].request_id=is_request ? result.request_id : 0;
      told[at].retcode=is_request ? result.retcode : 0;
      told[at].action=is_request ? (int)request.action : 0;
      told[at].magic=is_request ? (long)request.magic : 0;
      told[at].asked_order=is_request ? request.order : 0;
     }
   //--- where the answer to a request is, -1 if it was not told
   int               FindRequest(const uint request_id) const
     {
      for(int i=0; i<ArraySize(told); i++)
         if(told[i].type==TRADE_TRANSACTION_REQUEST && told[i].request_id==request_id)
            return i;
      return -1;
     }
   string            CodesOf(const int first,const int second,const int third) const
     {
      return StringFormat("%d, %d and %d",(int)told[first].retcode,(int)told[second].retcode,
                          (int)told[third].retcode);
     }
   //--- what was told of an order, and the answers to requests
   string            Text(const ulong order) const
     {
      string text="";
      for(int i=0; i<ArraySize(told); i++)
         if(told[i].order==order || told[i].asked_order==order)
            text+=(text=="" ? "" : " ")+TransactionName(told[i].type);
      return text;
     }
  };

#endif
