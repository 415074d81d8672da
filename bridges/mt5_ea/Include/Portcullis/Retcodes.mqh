//+------------------------------------------------------------------+
//| What a return code of the trade server proves. A table.          |
//|                                                                  |
//| A code that is not in it proves nothing: the request is in doubt |
//| as with ERROR, TIMEOUT and CONNECTION, and as when none came.    |
//| PLACED says that the server has the request, and not yet what    |
//| became of it; LOCKED, that a request is being worked on, which   |
//| may be this one. docs/constants/errorswarnings/                  |
//| enum_trade_return_codes                                          |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_RETCODES_MQH
#define PORTCULLIS_RETCODES_MQH

#include "FixTables.mqh"

enum ENUM_PROOF
  {
   PROOF_DONE,
   PROOF_PLACED,
   PROOF_REFUSED,
   PROOF_NONE
  };

struct SRetcode
  {
   uint              code;
   string            name;
   ENUM_PROOF      proof;
   string            reject_reason;   // 103
   string            cancel_reason;   // 102
  };

class CRetcodes
  {
   SRetcode          m_rows[];

   void              Row(const uint code,const string name,const ENUM_PROOF proof,
                         const string reject_reason=FIX_ORD_REJ_REASON_OTHER,
                         const string cancel_reason=FIX_CXL_REJ_REASON_OTHER)
     {
      int at=ArraySize(m_rows);
      ArrayResize(m_rows,at+1,64);
      m_rows[at].code=code;
      m_rows[at].name=name;
      m_rows[at].proof=proof;
      m_rows[at].reject_reason=reject_reason;
      m_rows[at].cancel_reason=cancel_reason;
     }
   int               Find(const uint code) const
     {
      for(int i=0; i<ArraySize(m_rows); i++)
         if(m_rows[i].code==code)
            return i;
      return -1;
     }

public:
                     CRetcodes(void)
     {
      Row(10008,"PLACED",PROOF_PLACED);
      Row(10009,"DONE",PROOF_DONE);
      Row(10010,"DONE_PARTIAL",PROOF_DONE);
      Row(10011,"ERROR",PROOF_NONE);
      Row(10012,"TIMEOUT",PROOF_NONE);
      Row(10031,"CONNECTION",PROOF_NONE);
      Row(10004,"REQUOTE",PROOF_REFUSED);
      Row(10006,"REJECT",PROOF_REFUSED);
      Row(10007,"CANCEL",PROOF_REFUSED);
      Row(10013,"INVALID",PROOF_REFUSED);
      Row(10014,"INVALID_VOLUME",PROOF_REFUSED,FIX_ORD_REJ_REASON_INCORRECT_QUANTITY);
      Row(10015,"INVALID_PRICE",PROOF_REFUSED);
      Row(10016,"INVALID_STOPS",PROOF_REFUSED);
      Row(10017,"TRADE_DISABLED",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED);
      Row(10018,"MARKET_CLOSED",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED);
      Row(10019,"NO_MONEY",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCEEDS_LIMIT);
      Row(10020,"PRICE_CHANGED",PROOF_REFUSED);
      Row(10021,"PRICE_OFF",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED);
      Row(10022,"INVALID_EXPIRATION",PROOF_REFUSED,
          FIX_ORD_REJ_REASON_UNSUPPORTED_CHARACTERISTIC);
      Row(10023,"ORDER_CHANGED",PROOF_REFUSED,FIX_ORD_REJ_REASON_OTHER,
          FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL);
      Row(10024,"TOO_MANY_REQUESTS",PROOF_REFUSED);
      Row(10025,"NO_CHANGES",PROOF_REFUSED);
      Row(10026,"SERVER_DISABLES_AT",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED);
      Row(10027,"CLIENT_DISABLES_AT",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCHANGE_CLOSED);
      Row(10028,"LOCKED",PROOF_NONE,FIX_ORD_REJ_REASON_OTHER,FIX_CXL_REJ_REASON_BROKER);
      Row(10029,"FROZEN",PROOF_REFUSED,FIX_ORD_REJ_REASON_OTHER,FIX_CXL_REJ_REASON_BROKER);
      Row(10030,"INVALID_FILL",PROOF_REFUSED,FIX_ORD_REJ_REASON_UNSUPPORTED_CHARACTERISTIC);
      Row(10032,"ONLY_REAL",PROOF_REFUSED);
      Row(10033,"LIMIT_ORDERS",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCEEDS_LIMIT);
      Row(10034,"LIMIT_VOLUME",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCEEDS_LIMIT);
      Row(10035,"INVALID_ORDER",PROOF_REFUSED,FIX_ORD_REJ_REASON_OTHER,
          FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL);
      Row(10036,"POSITION_CLOSED",PROOF_REFUSED,FIX_ORD_REJ_REASON_OTHER,
          FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL);
      Row(10038,"INVALID_CLOSE_VOLUME",PROOF_REFUSED,FIX_ORD_REJ_REASON_INCORRECT_QUANTITY);
      Row(10039,"CLOSE_ORDER_EXIST",PROOF_REFUSED);
      Row(10040,"LIMIT_POSITIONS",PROOF_REFUSED,FIX_ORD_REJ_REASON_EXCEEDS_LIMIT);
      Row(10041,"REJECT_CANCEL",PROOF_REFUSED);
      Row(10042,"LONG_ONLY",PROOF_REFUSED);
      Row(10043,"SHORT_ONLY",PROOF_REFUSED);
      Row(10044,"CLOSE_ONLY",PROOF_REFUSED);
      Row(10045,"FIFO_CLOSE",PROOF_REFUSED);
      Row(10046,"HEDGE_PROHIBITED",PROOF_REFUSED);
     }
   ENUM_PROOF      Proof(const uint code) const
     {
      int at=Find(code);
      return at<0 ? PROOF_NONE : m_rows[at].proof;
     }
   string            RejectReason(const uint code) const
     {
      int at=Find(code);
      return at<0 ? FIX_ORD_REJ_REASON_OTHER : m_rows[at].reject_reason;
     }
   string            CancelReason(const uint code) const
     {
      int at=Find(code);
      return at<0 ? FIX_CXL_REJ_REASON_OTHER : m_rows[at].cancel_reason;
     }
   //--- for people: `10019 NO_MONEY`
   string            Name(const uint code) const
     {
      int at=Find(code);
      return IntegerToString(code)+(at<0 ? "" : " "+m_rows[at].name);
     }
  };

#endif
