//+------------------------------------------------------------------+
//| The life of an order, and answers about orders, as FIX messages  |
//| (bridges/translate.py says the same for the other bridges).      |
//|                                                                  |
//| - 11 is the id that names the order at the venue now, 41 the one |
//|   before it. On the outcome of a cancel 11 is the cancel's own.  |
//| - An order that the venue does not know has 37=NONE, 39=8 and    |
//|   103=5, and 58 says how that is known: NEVER_SENT (our notes    |
//|   never held the id, and now never will) or UNKNOWN_AT_VENUE.    |
//| - 5008=Y stands only on what was read completely while the       |
//|   terminal was connected.                                        |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_REPORTS_MQH
#define PORTCULLIS_REPORTS_MQH

#include "FixMessage.mqh"
#include "Port.mqh"

#define NEVER_SENT "NEVER_SENT"
#define UNKNOWN_AT_VENUE "UNKNOWN_AT_VENUE"
#define NOT_READ "NOT_READ: the terminal is not connected"
#define TOMBSTONED "TOMBSTONED: this id was declared never sent, so it never will be"
#define DUPLICATE "DUPLICATE: this id was sent before and is not sent again"
#define NO_SYMBOL "[N/A]"

//--- read a D or G
void ReadOrder(const SFixMessage &message,SOrderRequest &order)
  {
   order.cl_ord_id=message.Get(TAG_ClOrdID);
   order.orig_cl_ord_id=message.Get(TAG_OrigClOrdID);
   order.symbol=message.Get(TAG_Symbol);
   order.side=message.Get(TAG_Side);
   order.ord_type=message.Get(TAG_OrdType);
   order.time_in_force=message.Get(TAG_TimeInForce);
   if(order.time_in_force=="")
      order.time_in_force=FIX_TIME_IN_FORCE_DAY;
   message.GetDecimal(TAG_OrderQty,order.order_qty);
   message.GetDecimal(TAG_Price,order.price);
   message.GetDecimal(TAG_StopPx,order.stop_px);
   message.GetDecimal(TAG_StopLossPx,order.stop_loss_px);
   message.GetDecimal(TAG_TakeProfitPx,order.take_profit_px);
   order.expire_ns=message.GetTime(TAG_ExpireTime);
   order.post_only=message.Get(TAG_ExecInst)==FIX_EXEC_INST_PARTICIPATE_DONT_INITIATE;
   order.reduce_only=message.Get(TAG_PositionEffect)==FIX_POSITION_EFFECT_CLOSE;
   order.position_id=message.Get(TAG_PositionID);
   order.account=message.Get(TAG_Account);
   order.strategy=message.Get(TAG_OnBehalfOfCompID);
  }
//--- read an F
void ReadCancel(const SFixMessage &message,SCancelRequest &request)
  {
   request.cl_ord_id=message.Get(TAG_ClOrdID);
   request.orig_cl_ord_id=message.Get(TAG_OrigClOrdID);
   request.symbol=message.Get(TAG_Symbol);
   request.side=message.Get(TAG_Side);
  }

//--- read an AL
void ReadLevels(const SFixMessage &message,SLevelsRequest &asked)
  {
   asked.request_id=message.Get(TAG_PosReqID);
   asked.symbol=message.Get(TAG_Symbol);
   asked.position_id=message.Get(TAG_PositionID);
   message.GetDecimal(TAG_StopLossPx,asked.stop_loss_px);
   message.GetDecimal(TAG_TakeProfitPx,asked.take_profit_px);
  }

class CReports
  {
private:
   string            m_prefix;
   long              m_count;

public:
                     CReports(void) { Begin(""); }
   //--- exec ids are unique as long as each life of the program has its own prefix
   void              Begin(const string prefix)
     {
      m_prefix=prefix;
      m_count=0;
     }

   string            NextId(void)
     {
      m_count++;
      return m_prefix+"-"+IntegerToString(m_count);
     }

   //--- the state of an order
   void              Order(const SVenueOrder &order,const string exec_type,SFixMessage &out)
     {
      Say(order,exec_type,order.cl_ord_id,order.orig_cl_ord_id,order.position_id,
          order.transact_ns,out);
     }
   void              Fill(const SVenueOrder &order,const SFill &fill,const string exec_type,
                          SFixMessage &out)
     {
      string position=fill.position_id!="" ? fill.position_id : order.position_id;
      SVenueOrder told=order;
      if(fill.origin!="")
         told.origin=fill.origin;
      Say(told,exec_type,order.cl_ord_id,order.orig_cl_ord_id,position,fill.transact_ns,out);
      out.Add(TAG_SecondaryExecID,fill.trade_id);
      out.AddDecimal(TAG_LastQty,fill.last_qty);
      out.AddDecimal(TAG_LastPx,fill.last_px);
      if(fill.commission.is_set)
        {
         out.AddDecimal(TAG_Commission,fill.commission);
         out.Add(TAG_CommType,"3");
         out.AddText(TAG_CommCurrency,fill.comm_currency);
        }
      out.AddText(TAG_LastLiquidityInd,fill.liquidity);
     }
   void              Rejected(const SVenueOrder &order,const string reason,const string text,
                              SFixMessage &out)
     {
      Order(order,FIX_EXEC_TYPE_REJECTED,out);
      out.Add(TAG_OrdRejReason,reason);
      out.Add(TAG_RejectSource,FIX_REJECT_SOURCE_VENUE);
      out.AddText(TAG_Text,text);
     }
   void              Canceled(const SVenueOrder &order,const string request_id,
                              const string reason,const string text,SFixMessage &out)
     {
      bool asked=request_id!="";
      Say(order,FIX_EXEC_TYPE_CANCELED,asked ? request_id : order.cl_ord_id,
          asked ? order.cl_ord_id : order.orig_cl_ord_id,order.position_id,order.transact_ns,out);
      out.AddText(TAG_ExecRestatementReason,reason);
      out.AddText(TAG_Text,text);
     }
   void              Triggered(const SVenueOrder &order,SFixMessage &out)
     {
      Order(order,FIX_EXEC_TYPE_RESTATED,out);
      out.Add(TAG_WorkingIndicator,"Y");
     }

   //--- refuse a D here: nothing was and nothing will be sent
   void              RefusedNew(const SFixMessage &ask,const string text,const string reason,
                                SFixMessage &out)
     {
      Nothing(ask,FIX_EXEC_TYPE_REJECTED,out);
      out.AddText(TAG_OrderQty,ask.Get(TAG_OrderQty));
      out.AddText(TAG_OrdType,ask.Get(TAG_OrdType));
      out.Add(TAG_OrdRejReason,reason);
      out.Add(TAG_RejectSource,FIX_REJECT_SOURCE_VENUE);
      out.Add(TAG_Text,text);
     }
   //--- refuse an F or G here; the order it names is unknown
   void              RefusedCancel(const SFixMessage &ask,const string text,const string reason,
                                   SFixMessage &out) const
     {
      out.Begin("9");
      out.Add(TAG_OrderID,FIX_NONE);
      out.Add(TAG_ClOrdID,ask.Get(TAG_ClOrdID));
      out.Add(TAG_OrigClOrdID,ask.Get(TAG_OrigClOrdID));
      out.Add(TAG_OrdStatus,FIX_ORD_STATUS_REJECTED);
      out.Add(TAG_CxlRejResponseTo,ask.msg_type=="G" ? FIX_CXL_REJ_RESPONSE_TO_REPLACE :
              FIX_CXL_REJ_RESPONSE_TO_CANCEL);
      out.Add(TAG_CxlRejReason,reason);
      out.Add(TAG_RejectSource,FIX_REJECT_SOURCE_VENUE);
      out.Add(TAG_Text,text);
     }
   void              CancelRefused(const SCancelRefused &refused,SFixMessage &out) const
     {
      bool known=refused.known;
      out.Begin("9");
      out.Add(TAG_OrderID,known ? refused.order.order_id : FIX_NONE);
      out.Add(TAG_ClOrdID,refused.request_id);
      out.Add(TAG_OrigClOrdID,refused.orig_cl_ord_id);
      out.Add(TAG_OrdStatus,known ? refused.order.status : FIX_ORD_STATUS_REJECTED);
      out.Add(TAG_CxlRejResponseTo,refused.response_to);
      out.Add(TAG_CxlRejReason,known ? refused.reason : FIX_CXL_REJ_REASON_UNKNOWN_ORDER);
      out.Add(TAG_RejectSource,FIX_REJECT_SOURCE_VENUE);
      out.AddText(TAG_Text,known || refused.text!="" ? refused.text : UNKNOWN_AT_VENUE);
     }

   //--- answer an H, or a D or G that was sent before
   void              Status(const SFixMessage &ask,const bool found,const SVenueOrder &order,
                            const bool complete,const string text,SFixMessage &out)
     {
      string said=text;
      if(found)
        {
         Order(order,FIX_EXEC_TYPE_ORDER_STATUS,out);
         if(said=="")
            said=order.text;
        }
      else
        {
         Nothing(ask,FIX_EXEC_TYPE_ORDER_STATUS,out);
         out.Add(TAG_OrdRejReason,FIX_ORD_REJ_REASON_UNKNOWN_ORDER);
         if(!complete && order.text!="")
            said=order.text;
         if(said=="")
            said=complete ? UNKNOWN_AT_VENUE : NOT_READ;
        }
      if(ask.msg_type=="H")
         out.AddText(TAG_OrdStatusReqID,ask.Get(TAG_OrdStatusReqID));
      out.AddFlag(TAG_Complete,complete);
      out.AddText(TAG_Text,said);
     }
   //--- one report of the answer to an AF: number `at` of `total`
   void              OpenOrder(const SFixMessage &ask,const SVenueOrder &order,const int at,
                               const int total,const bool complete,SFixMessage &out)
     {
      Order(order,FIX_EXEC_TYPE_ORDER_STATUS,out);
      EndOfAnswer(ask,total,at==total,complete,out);
      out.AddText(TAG_Text,order.text);
     }
   void              NoOpenOrder(const SFixMessage &ask,const bool complete,SFixMessage &out)
     {
      Nothing(ask,FIX_EXEC_TYPE_ORDER_STATUS,out);
      out.Add(TAG_OrdRejReason,FIX_ORD_REJ_REASON_UNKNOWN_ORDER);
      EndOfAnswer(ask,0,true,complete,out);
     }

private:
   void              Begin8(const string order_id,const string exec_type,SFixMessage &out)
     {
      out.Begin("8");
      out.Add(TAG_OrderID,order_id);
      out.Add(TAG_ExecID,NextId());
      out.Add(TAG_ExecType,exec_type);
     }
   void              Say(const SVenueOrder &order,const string exec_type,const string cl_ord_id,
                         const string orig_cl_ord_id,const string position_id,const long ns,
                         SFixMessage &out)
     {
      Begin8(order.order_id,exec_type,out);
      out.Add(TAG_OrdStatus,order.status);
      out.Add(TAG_Symbol,order.symbol);
      out.Add(TAG_Side,order.side);
      out.AddDecimal(TAG_LeavesQty,order.leaves_qty);
      out.AddDecimal(TAG_CumQty,order.cum_qty);
      out.Add(TAG_AvgPx,order.avg_px.is_set ? order.avg_px.Text() : "0");
      out.AddText(TAG_ClOrdID,cl_ord_id);
      out.AddText(TAG_OrigClOrdID,orig_cl_ord_id);
      out.AddDecimal(TAG_OrderQty,order.order_qty);
      out.AddText(TAG_OrdType,order.ord_type);
      out.AddDecimal(TAG_Price,order.price);
      out.AddDecimal(TAG_StopPx,order.stop_px);
      out.AddText(TAG_TimeInForce,order.time_in_force);
      out.AddTime(TAG_ExpireTime,order.expire_ns);
      if(order.post_only)
         out.Add(TAG_ExecInst,FIX_EXEC_INST_PARTICIPATE_DONT_INITIATE);
      if(order.reduce_only)
         out.Add(TAG_PositionEffect,FIX_POSITION_EFFECT_CLOSE);
      out.AddDecimal(TAG_StopLossPx,order.stop_loss_px);
      out.AddDecimal(TAG_TakeProfitPx,order.take_profit_px);
      out.AddText(TAG_PositionID,position_id);
      out.AddText(TAG_ParentOrderID,order.parent_id);
      out.AddText(TAG_Origin,order.origin);
      out.AddTime(TAG_TransactTime,ns);
     }
   //--- that there is no such order
   void              Nothing(const SFixMessage &ask,const string exec_type,SFixMessage &out)
     {
      Begin8(FIX_NONE,exec_type,out);
      out.Add(TAG_OrdStatus,FIX_ORD_STATUS_REJECTED);
      out.Add(TAG_Symbol,ask.Has(TAG_Symbol) ? ask.Get(TAG_Symbol) : NO_SYMBOL);
      out.Add(TAG_Side,ask.Has(TAG_Side) ? ask.Get(TAG_Side) : FIX_SIDE_BUY);
      out.Add(TAG_LeavesQty,"0");
      out.Add(TAG_CumQty,"0");
      out.Add(TAG_AvgPx,"0");
      out.AddText(TAG_ClOrdID,ask.Get(TAG_ClOrdID));
     }
   void              EndOfAnswer(const SFixMessage &ask,const int total,const bool last,
                                 const bool complete,SFixMessage &out) const
     {
      out.Add(TAG_MassStatusReqID,ask.Get(TAG_MassStatusReqID));
      out.AddWhole(TAG_TotNumReports,total);
      out.AddFlag(TAG_LastRptRequested,last);
      out.AddFlag(TAG_Complete,complete);
     }
  };

#endif
