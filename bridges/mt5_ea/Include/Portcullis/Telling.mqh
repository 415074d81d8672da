//+------------------------------------------------------------------+
//| What becomes of a chain, as the gateway is told it: whoever has  |
//| the evidence (a walk, an answer of the server) tells it by       |
//| these, so that the same fact is told in the same way.            |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_TELLING_MQH
#define PORTCULLIS_TELLING_MQH

#include "Book.mqh"

#define BACK_OFF_MS 1000

class CTelling
  {
   CBook            *m_book_ptr;
   CVenueListener   *m_listener_ptr;

public:
                     CTelling(void) { m_book_ptr=NULL; m_listener_ptr=NULL; }
   void              Open(CBook *book_ptr,CVenueListener *listener_ptr)
     {
      m_book_ptr=book_ptr;
      m_listener_ptr=listener_ptr;
     }
   //--- the server has it: as it was before its first fill
   void              Accepted(const int at)
     {
      m_book_ptr.chains[at].stage=STAGE_OPEN;
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      order.cum_qty.SetWhole(0);
      order.leaves_qty=order.order_qty;
      order.status=FIX_ORD_STATUS_NEW;
      m_listener_ptr.OnAccepted(order);
     }
   //--- a replace took effect
   void              Replaced(const int at)
     {
      m_book_ptr.chains[at].TakeAsked();
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnReplaced(order);
     }
   void              Triggered(const int at)
     {
      if(m_book_ptr.chains[at].triggered)
         return;
      m_book_ptr.chains[at].triggered=true;
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnTriggered(order);
     }
   void              Filled(const int at,const SFill &fill)
     {
      if(m_book_ptr.chains[at].ord_type==FIX_ORD_TYPE_STOP ||
         m_book_ptr.chains[at].ord_type==FIX_ORD_TYPE_STOP_LIMIT)
         Triggered(at);
      m_book_ptr.chains[at].Fill(fill.last_qty,fill.last_px);
      m_book_ptr.chains[at].transact_ns=fill.transact_ns;
      if(m_book_ptr.chains[at].stage==STAGE_OPEN && m_book_ptr.chains[at].IsFilled())
         m_book_ptr.chains[at].End(FIX_ORD_STATUS_FILLED);
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnFilled(order,fill);
      if(m_book_ptr.chains[at].stage==STAGE_ENDED)
         Overtaken(at);
     }
   void              Busted(const int at,const SFill &fill)
     {
      m_book_ptr.chains[at].Unfill(fill.last_qty,fill.last_px);
      if(m_book_ptr.chains[at].stage==STAGE_ENDED && !m_book_ptr.chains[at].IsFilled())
         m_book_ptr.chains[at].status=FIX_ORD_STATUS_CANCELED;
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnBusted(order,fill);
     }
   //--- end a chain and tell it; a replace or cancel that it has overtaken is too late
   void              Finish(const int at,const string how,const long transact_ns,
                            const string text)
     {
      string cancel=m_book_ptr.chains[at].cancel_name;
      string doom=m_book_ptr.chains[at].doom;
      m_book_ptr.chains[at].End(how);
      m_book_ptr.chains[at].transact_ns=transact_ns;
      if(how!=FIX_ORD_STATUS_FILLED && text!="")
         m_book_ptr.chains[at].text=text;
      if(how==FIX_ORD_STATUS_CANCELED)
         m_book_ptr.chains[at].cancel_name="";
      Overtaken(at);
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      if(how==FIX_ORD_STATUS_REJECTED)
         m_listener_ptr.OnRejected(order,FIX_ORD_REJ_REASON_BROKER,
                                   text=="" ? "REJECTED by the trade server" : text);
      if(how==FIX_ORD_STATUS_EXPIRED)
         m_listener_ptr.OnExpired(order);
      if(how!=FIX_ORD_STATUS_CANCELED)
         return;
      bool asked=cancel!="" || doom!="" || IsAtOnce(m_book_ptr.chains[at].terms.force);
      m_listener_ptr.OnCanceled(order,cancel,asked && doom=="" ? "" : "99",
                                doom!="" ? doom : asked ? "" : text);
     }
   //--- what was asked of a chain that has ended is too late
   void              Overtaken(const int at)
     {
      if(m_book_ptr.chains[at].asked_name!="")
         Refuse(at,m_book_ptr.chains[at].asked_name,"2",
                FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL,"TOO_LATE");
      if(m_book_ptr.chains[at].cancel_name!="")
         Refuse(at,m_book_ptr.chains[at].cancel_name,"1",
                FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL,"TOO_LATE");
      m_book_ptr.Save(at);
     }
   //--- refuse a cancel ("1") or a replace ("2") of a chain
   void              Refuse(const int at,const string request_id,const string response_to,
                            const string reason,const string text)
     {
      if(response_to=="2" && m_book_ptr.chains[at].asked_name==request_id)
         m_book_ptr.chains[at].Unask();
      if(response_to=="1" && m_book_ptr.chains[at].cancel_name==request_id)
         m_book_ptr.chains[at].cancel_name="";
      SCancelRefused refused;
      refused.request_id=request_id;
      refused.orig_cl_ord_id=m_book_ptr.chains[at].name;
      refused.response_to=response_to;
      refused.reason=reason;
      refused.text=text;
      refused.known=true;
      m_book_ptr.chains[at].Tell(refused.order);
      m_listener_ptr.OnCancelRefused(refused);
     }
   //--- a replace has left nothing to place: what was filled is all
   void              ReplacedByLess(const int at)
     {
      m_book_ptr.chains[at].TakeAsked();
      m_book_ptr.chains[at].terms.qty=m_book_ptr.chains[at].cum;
      m_book_ptr.chains[at].End(FIX_ORD_STATUS_FILLED);
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnReplaced(order);
      Overtaken(at);
     }
   void              Refused(const int at,const string reason,const string text)
     {
      m_book_ptr.chains[at].End(FIX_ORD_STATUS_REJECTED);
      m_book_ptr.chains[at].text=text;
      m_book_ptr.Save(at);
      SVenueOrder order;
      m_book_ptr.chains[at].Tell(order);
      m_listener_ptr.OnRejected(order,reason,text);
     }
   //--- the trade server has had too many requests; it names no time
   void              RateWarned(void) { m_listener_ptr.OnRateWarned(BACK_OFF_MS,false); }
   void              RefuseUnknown(const string request_id,const string orig,
                                   const string response_to)
     {
      SCancelRefused refused;
      refused.request_id=request_id;
      refused.orig_cl_ord_id=orig;
      refused.response_to=response_to;
      refused.reason=FIX_CXL_REJ_REASON_UNKNOWN_ORDER;
      refused.text=m_book_ptr.IsForgotten(WireNumber(orig)) ? FORGOTTEN : "";
      refused.known=false;
      m_listener_ptr.OnCancelRefused(refused);
     }
  };

#endif
