//+------------------------------------------------------------------+
//| What the gateway asks to be done: an order placed, cancelled,    |
//| replaced. Each returns false when it cannot be done yet, since a |
//| request of the same order is under way: it is tried again.       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_DEEDS_MQH
#define PORTCULLIS_DEEDS_MQH

#include "Adoption.mqh"
#include "Sender.mqh"

#define TOO_LATE FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL

class CDeeds
  {
   CBook            *m_book_ptr;
   CStanding        *m_standing_ptr;
   CSymbols         *m_symbols_ptr;
   CWalk            *m_walk_ptr;
   CAdoption        *m_adoption_ptr;
   CTelling         *m_telling_ptr;
   CSender          *m_sender_ptr;
   CVenueListener   *m_listener_ptr;

public:
                     CDeeds(void) { m_book_ptr=NULL; m_sender_ptr=NULL; }
   void              Open(CBook *book_ptr,CStanding *standing_ptr,CSymbols *symbols_ptr,
                          CWalk *walk_ptr,CAdoption *adoption_ptr,CTelling *telling_ptr,
                          CSender *sender_ptr,CVenueListener *listener_ptr)
     {
      m_adoption_ptr=adoption_ptr;
      m_book_ptr=book_ptr;
      m_standing_ptr=standing_ptr;
      m_symbols_ptr=symbols_ptr;
      m_walk_ptr=walk_ptr;
      m_telling_ptr=telling_ptr;
      m_sender_ptr=sender_ptr;
      m_listener_ptr=listener_ptr;
     }

   void              Submit(const SOrderRequest &order,const long ready_ns,const long now_ns)
     {
      long number=WireNumber(order.cl_ord_id);
      SRefusal refusal;
      if(number<=0)
        {
         SChain nobody;
         SVenueOrder told;
         nobody.Begin(order,0,now_ns);
         nobody.End(FIX_ORD_STATUS_REJECTED);
         nobody.Tell(told);
         m_listener_ptr.OnRejected(told,FIX_ORD_REJ_REASON_OTHER,
                                   "CL_ORD_ID: expected 13 characters of 0-9 and A-Z below 2^63");
         return;
        }
      if(m_book_ptr.ByName(number)!=NOBODY || m_book_ptr.IsForgotten(number))
         return;
      int at=m_book_ptr.Add(order,number,now_ns);
      MqlTradeRequest request={};
      if(!m_sender_ptr.MaySend(now_ns,refusal))
        {
         m_telling_ptr.Refused(at,refusal.reason,refusal.text);
         return;
        }
      if(m_sender_ptr.IsAtServer(number))
        {
         m_book_ptr.Save(at);
         m_walk_ptr.is_wanted=true;
         return;
        }
      if(!m_sender_ptr.Prepare(order,order.order_qty,request,refusal))
        {
         m_telling_ptr.Refused(at,refusal.reason,refusal.text);
         return;
        }
      if(!m_sender_ptr.SendInTime(at,order.cl_ord_id,request,ready_ns,now_ns))
         m_telling_ptr.Refused(at,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED,WAITED);
     }
   bool              Cancel(const SCancelRequest &cancel,const long now_ns)
     {
      int at=Of(cancel.orig_cl_ord_id,now_ns);
      if(at==NOBODY)
        {
         m_telling_ptr.RefuseUnknown(cancel.cl_ord_id,cancel.orig_cl_ord_id,"1");
         return true;
        }
      if(m_book_ptr.chains[at].stage==STAGE_ENDED)
        {
         m_telling_ptr.Refuse(at,cancel.cl_ord_id,"1",TOO_LATE,"TOO_LATE");
         return true;
        }
      if(IsBusy(at) || !m_standing_ptr.IsClean(now_ns))
         return false;
      if(m_book_ptr.chains[at].stage==STAGE_SENT)
        {
         m_telling_ptr.RefuseUnknown(cancel.cl_ord_id,cancel.orig_cl_ord_id,"1");
         return true;
        }
      string text="";
      SRefusal refusal;
      SOrderRow row;
      if(!m_standing_ptr.MayTrade(text))
        {
         m_telling_ptr.Refuse(at,cancel.cl_ord_id,"1",FIX_CXL_REJ_REASON_OTHER,text);
         return true;
        }
      if(!ReadOpenOrder(m_book_ptr.chains[at].ticket,row))
        {
         m_walk_ptr.is_wanted=true;
         return false;
        }
      MqlTradeRequest request={};
      if(!m_sender_ptr.PrepareRemove(row,request,refusal))
        {
         m_telling_ptr.Refuse(at,cancel.cl_ord_id,"1",FIX_CXL_REJ_REASON_BROKER,refusal.text);
         return true;
        }
      m_book_ptr.chains[at].cancel_name=cancel.cl_ord_id;
      m_sender_ptr.Send(at,cancel.cl_ord_id,request,now_ns);
      return true;
     }
   //--- a request is under way, the server has not accepted the order yet, or a new order of a
   //--- replace is in doubt
   bool              IsBusy(const int at)
     {
      return m_book_ptr.chains[at].flights>0 || m_book_ptr.chains[at].is_missing ||
             m_book_ptr.chains[at].asked_step==ASKED_PLACE ||
             m_walk_ptr.IsEntering(m_book_ptr.chains[at].magic);
     }
   bool              Replace(const SOrderRequest &order,const long ready_ns,const long now_ns)
     {
      int at=Of(order.orig_cl_ord_id,now_ns);
      long number=WireNumber(order.cl_ord_id);
      if(at==NOBODY || number<=0)
        {
         m_telling_ptr.RefuseUnknown(order.cl_ord_id,order.orig_cl_ord_id,"2");
         return true;
        }
      if(m_book_ptr.chains[at].stage==STAGE_ENDED)
        {
         m_telling_ptr.Refuse(at,order.cl_ord_id,"2",TOO_LATE,"TOO_LATE");
         return true;
        }
      if(m_sender_ptr.IsLate(ready_ns))
        {
         m_book_ptr.Name(at,number);
         m_telling_ptr.Refuse(at,order.cl_ord_id,"2",FIX_CXL_REJ_REASON_OTHER,WAITED);
         return true;
        }
      if(IsBusy(at) || !m_standing_ptr.IsClean(now_ns))
         return false;
      if(m_book_ptr.chains[at].stage==STAGE_SENT)
        {
         m_telling_ptr.RefuseUnknown(order.cl_ord_id,order.orig_cl_ord_id,"2");
         return true;
        }
      SRefusal refusal;
      SOrderRow row;
      bool may=m_sender_ptr.MaySend(now_ns,refusal);
      if(may && !ReadOpenOrder(m_book_ptr.chains[at].ticket,row))
        {
         m_walk_ptr.is_wanted=true;
         return false;
        }
      m_book_ptr.Name(at,number);
      if(!may || !BeginReplace(at,order,row,refusal,ready_ns,now_ns))
         m_telling_ptr.Refuse(at,order.cl_ord_id,"2",refusal.reason==FIX_ORD_REJ_REASON_BROKER
                              ? FIX_CXL_REJ_REASON_BROKER : FIX_CXL_REJ_REASON_OTHER,refusal.text);
      return true;
     }
   //--- refuse a cancel ("1") or replace ("2") for which nothing was sent in all that time. What
   //--- was not accepted may still be: only the look-ups of the gateway end that
   void              LetGo(const string request_id,const string orig,const string response_to)
     {
      m_telling_ptr.Refuse(m_book_ptr.ByName(WireNumber(orig)),request_id,response_to,
                           FIX_CXL_REJ_REASON_OTHER,"NOT_SENT: the order was not accepted, or"
                           " another request for it was under way, for 60 s; ask again");
     }

private:
   //--- the chain of an id; where the book has none, of an order that the account shows
   int               Of(const string cl_ord_id,const long now_ns)
     {
      int at=m_book_ptr.ByName(WireNumber(cl_ord_id));
      if(at!=NOBODY || !m_standing_ptr.IsClean(now_ns) || !m_walk_ptr.HasWalked())
         return at;
      return m_adoption_ptr.FindNow(cl_ord_id,now_ns);
     }
   //--- prices only: the order is changed. The quantity too: it is removed, and placed anew
   bool              BeginReplace(const int at,const SOrderRequest &order,const SOrderRow &row,
                                  SRefusal &refusal,const long ready_ns,const long now_ns)
     {
      MqlTradeRequest request={};
      SSymbolRules rules;
      STerms live;
      int index=m_symbols_ptr.Find(m_book_ptr.chains[at].symbol);
      if(index<0 || !m_symbols_ptr.Refresh(index))
         return refusal.Set(FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL,"SYMBOL: it is not traded here");
      m_symbols_ptr.Rules(index,rules);
      if(m_book_ptr.chains[at].is_rest)
         return refusal.Set(WRONG,"FORGOTTEN: what was filled before its quantity was changed is"
                            " not known here; cancel it, and send another");
      if(order.ord_type!=m_book_ptr.chains[at].ord_type || order.side!=m_book_ptr.chains[at].side)
         return refusal.Set(WRONG,"NOT_SUPPORTED: a replace changes quantity, prices and expiry");
      m_book_ptr.chains[at].LiveTerms(row,rules,m_standing_ptr.OffsetS(),live);
      m_book_ptr.chains[at].asked.Take(order);
      bool same=IsSame(live.qty,order.order_qty);
      if(same && live.HasPricesOf(m_book_ptr.chains[at].asked))
        {
         m_book_ptr.chains[at].Ask(order.cl_ord_id,ASKED_MODIFY);
         m_telling_ptr.Replaced(at);
         return true;
        }
      bool fits;
      if(same)
         fits=m_sender_ptr.PrepareModify(order,row,rules,request,refusal);
      else
         fits=CanPlaceAnew(at,order,rules,refusal) &&
              m_sender_ptr.PrepareRemove(row,request,refusal);
      if(!fits)
        {
         m_book_ptr.chains[at].Unask();
         return false;
        }
      m_book_ptr.chains[at].Ask(order.cl_ord_id,same ? ASKED_MODIFY : ASKED_REMOVE);
      m_book_ptr.chains[at].is_removed=false;
      if(m_sender_ptr.SendInTime(at,order.cl_ord_id,request,ready_ns,now_ns))
         return true;
      m_book_ptr.chains[at].Unask();
      m_book_ptr.Save(at);
      return refusal.Set(FIX_ORD_REJ_REASON_OTHER,WAITED);
     }
   //--- nothing is removed for what could not be placed
   bool              CanPlaceAnew(const int at,const SOrderRequest &order,
                                  const SSymbolRules &rules,SRefusal &refusal)
     {
      SDecimal left=order.order_qty;
      left.Subtract(m_book_ptr.chains[at].cum);
      if(!left.IsPositive())
         return true;
      return m_sender_ptr.CanPlace(order,left,rules,refusal);
     }
  };

#endif
