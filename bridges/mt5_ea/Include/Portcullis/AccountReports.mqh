//+------------------------------------------------------------------+
//| Answers about the account as FIX messages: fills, positions,     |
//| balances, ledger entries, instruments (bridges/answers.py).      |
//|                                                                  |
//| Each answer begins with how many reports follow, zero allowed,   |
//| and says with 5008=Y that it was read completely.                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_ACCOUNTREPORTS_MQH
#define PORTCULLIS_ACCOUNTREPORTS_MQH

#include "Reports.mqh"

//--- instruments in one y: at their longest they fit a frame
#define INSTRUMENTS_MAX 100

//--- from when on an AD asks for fills: ns, 0 when it does not say
long SinceOf(const SFixMessage &ask)
  {
   long ns=0;
   string time=ask.GetIn(TAG_NoDates,1,TAG_TransactTime);
   string date=ask.GetIn(TAG_NoDates,1,TAG_TradeDate);
   if(time=="" && date!="")
      time=date+"-00:00:00";
   return ParseUtc(time,ns) ? ns : 0;
  }

class CAccountReports
  {
private:
   string            m_venue_id;
   string            m_account;

public:
   void              Begin(const string venue_id,const string account)
     {
      m_venue_id=venue_id;
      m_account=account;
     }

   void              FillsBegin(const SFixMessage &ask,const int total,const bool complete,
                                SFixMessage &out) const
     {
      out.Begin("AQ");
      out.Add(TAG_TradeRequestID,ask.Get(TAG_TradeRequestID));
      out.Add(TAG_TradeRequestType,ask.Get(TAG_TradeRequestType));
      out.AddWhole(TAG_TotNumTradeReports,total);
      out.Add(TAG_TradeRequestResult,"0");
      out.Add(TAG_TradeRequestStatus,total>0 ? "0" : "1");
      out.Add(TAG_Symbol,NO_SYMBOL);
      out.AddFlag(TAG_Complete,complete);
     }
   void              Fill(const SFixMessage &ask,const SFill &fill,const int at,const int total,
                          SFixMessage &out) const
     {
      out.Begin("AE");
      out.Add(TAG_TradeReportID,fill.trade_id);
      out.Add(TAG_TradeRequestID,ask.Get(TAG_TradeRequestID));
      out.AddWhole(TAG_TotNumTradeReports,total);
      out.AddFlag(TAG_LastRptRequested,at==total);
      out.Add(TAG_SecondaryExecID,fill.trade_id);
      out.Add(TAG_PreviouslyReported,"N");
      out.Add(TAG_Symbol,fill.symbol);
      out.Add(TAG_SecurityExchange,m_venue_id);
      out.AddDecimal(TAG_LastQty,fill.last_qty);
      out.AddDecimal(TAG_LastPx,fill.last_px);
      out.Add(TAG_TradeDate,FormatUtcDate(fill.transact_ns));
      out.AddTime(TAG_TransactTime,fill.transact_ns);
      out.Add(TAG_NoSides,"1");
      out.Add(TAG_Side,fill.side);
      out.Add(TAG_OrderID,fill.order_id);
      out.AddText(TAG_ClOrdID,fill.cl_ord_id);
      if(fill.commission.is_set)
        {
         out.AddDecimal(TAG_Commission,fill.commission);
         out.Add(TAG_CommType,"3");
         out.AddText(TAG_CommCurrency,fill.comm_currency);
        }
      out.AddText(TAG_TradeLiquidityInd,fill.liquidity);
      out.AddText(TAG_Origin,fill.origin);
      out.AddText(TAG_PositionID,fill.position_id);
      out.AddText(TAG_ParentOrderID,fill.parent_id);
     }

   //--- an AM: levels are told only of what is done
   void              Levels(const SLevelsRequest &asked,const string status,const SDecimal &stop,
                            const SDecimal &profit,const string text,const string name,
                            const long now_ns,SFixMessage &out) const
     {
      out.Begin("AM");
      out.Add(TAG_PosMaintRptID,name);
      out.Add(TAG_PosTransType,"3");
      out.Add(TAG_PosReqID,asked.request_id);
      out.Add(TAG_PosMaintAction,"2");
      out.Add(TAG_OrigPosReqRefID,asked.request_id);
      out.Add(TAG_PosMaintStatus,status);
      out.Add(TAG_ClearingBusinessDate,FormatUtcDate(now_ns));
      out.Add(TAG_Account,m_account);
      out.Add(TAG_AccountType,"1");
      out.Add(TAG_Symbol,asked.symbol);
      out.Add(TAG_SecurityExchange,m_venue_id);
      out.AddTime(TAG_TransactTime,now_ns);
      out.AddText(TAG_Text,text);
      if(status==FIX_POS_MAINT_STATUS_COMPLETED)
        {
         out.AddDecimal(TAG_StopLossPx,stop);
         out.AddDecimal(TAG_TakeProfitPx,profit);
        }
      if(status==FIX_POS_MAINT_STATUS_REJECTED)
         out.Add(TAG_RejectSource,FIX_REJECT_SOURCE_VENUE);
      out.AddText(TAG_PositionID,asked.position_id);
      if(status==FIX_POS_MAINT_STATUS_ACCEPTED)
         out.Add(TAG_InDoubt,"Y");
     }

   void              PositionsBegin(const SFixMessage &ask,const int total,const bool complete,
                                    SFixMessage &out) const
     {
      out.Begin("AO");
      out.Add(TAG_PosMaintRptID,ask.Get(TAG_PosReqID));
      out.Add(TAG_PosReqID,ask.Get(TAG_PosReqID));
      out.AddWhole(TAG_TotalNumPosReports,total);
      out.Add(TAG_PosReqResult,total>0 ? FIX_POS_REQ_RESULT_VALID :
              FIX_POS_REQ_RESULT_NO_POSITIONS);
      out.Add(TAG_PosReqStatus,FIX_POS_REQ_STATUS_COMPLETED);
      out.Add(TAG_Account,ask.Get(TAG_Account));
      out.Add(TAG_AccountType,"1");
      out.AddFlag(TAG_Complete,complete);
     }
   void              Position(const SFixMessage &ask,const SPosition &position,const int total,
                              const long now_ns,SFixMessage &out) const
     {
      string name=position.symbol+(position.position_id!="" ? "/"+position.position_id : "");
      SDecimal size=position.qty;
      size.negative=false;
      out.Begin("AP");
      out.Add(TAG_PosMaintRptID,ask.Get(TAG_PosReqID)+"/"+name);
      out.Add(TAG_PosReqID,ask.Get(TAG_PosReqID));
      out.AddWhole(TAG_TotalNumPosReports,total);
      out.Add(TAG_PosReqResult,FIX_POS_REQ_RESULT_VALID);
      out.Add(TAG_ClearingBusinessDate,FormatUtcDate(now_ns));
      out.Add(TAG_Account,ask.Get(TAG_Account));
      out.Add(TAG_AccountType,"1");
      out.Add(TAG_Symbol,position.symbol);
      out.Add(TAG_SecurityExchange,m_venue_id);
      out.AddText(TAG_Currency,position.currency);
      out.Add(TAG_SettlPrice,position.avg_px.is_set ? position.avg_px.Text() : "0");
      out.Add(TAG_SettlPriceType,"1");
      out.Add(TAG_PriorSettlPrice,"0");
      out.Add(TAG_NoPositions,"1");
      out.Add(TAG_PosType,"TQ");
      out.Add(TAG_LongQty,position.qty.negative ? "0" : size.Text());
      out.Add(TAG_ShortQty,position.qty.negative ? size.Text() : "0");
      out.AddDecimal(TAG_StopLossPx,position.stop_loss_px);
      out.AddDecimal(TAG_TakeProfitPx,position.take_profit_px);
      out.AddText(TAG_PositionID,position.position_id);
      out.AddDecimal(TAG_RealizedPnl,position.realized_pnl);
     }

   void              BalancesBegin(const SFixMessage &ask,const int total,const bool complete,
                                   SFixMessage &out) const
     {
      out.Begin("BG");
      out.Add(TAG_CollInquiryID,ask.Get(TAG_CollInquiryID));
      out.Add(TAG_CollInquiryStatus,FIX_COLL_INQUIRY_STATUS_COMPLETED);
      out.AddWhole(TAG_TotNumReports,total);
      out.Add(TAG_Account,AccountOf(ask));
      out.AddFlag(TAG_Complete,complete);
     }
   void              Balance(const SFixMessage &ask,const SBalance &balance,const int at,
                             const int total,SFixMessage &out) const
     {
      string id=ask.Get(TAG_CollInquiryID);
      out.Begin("BA");
      out.Add(TAG_CollRptID,id+"/"+balance.currency);
      out.Add(TAG_CollInquiryID,id);
      out.Add(TAG_CollStatus,FIX_COLL_STATUS_ASSIGNED);
      out.AddWhole(TAG_TotNumReports,total);
      out.AddFlag(TAG_LastRptRequested,at==total);
      out.Add(TAG_Account,AccountOf(ask));
      out.Add(TAG_Currency,balance.currency);
      out.AddDecimal(TAG_CashOutstanding,balance.free);
      out.AddDecimal(TAG_EndCash,balance.total);
     }
   void              Ledger(const SLedgerEntry &entry,SFixMessage &out) const
     {
      out.Begin("BA");
      out.Add(TAG_CollRptID,entry.entry_id);
      out.Add(TAG_CollStatus,FIX_COLL_STATUS_ASSIGNED);
      out.Add(TAG_Account,m_account);
      out.AddText(TAG_Symbol,entry.symbol);
      out.Add(TAG_SecurityExchange,m_venue_id);
      out.Add(TAG_Currency,entry.currency);
      out.Add(TAG_StartCash,"0");
      out.AddDecimal(TAG_EndCash,entry.amount);
      out.AddTime(TAG_Text,entry.transact_ns);
      out.Add(TAG_LedgerKind,entry.kind);
     }

   //--- one y with the instruments from `from` on, at most INSTRUMENTS_MAX
   void              Listing(const SFixMessage &ask,const SInstrument &all[],const int from,
                             const SCapabilities &able,const bool complete,SFixMessage &out) const
     {
      int total=ArraySize(all);
      int end=from+INSTRUMENTS_MAX<total ? from+INSTRUMENTS_MAX : total;
      out.Begin("y");
      out.Add(TAG_SecurityReqID,ask.Get(TAG_SecurityReqID));
      out.Add(TAG_SecurityResponseID,ask.Get(TAG_SecurityReqID));
      out.Add(TAG_SecurityRequestResult,total>0 ? FIX_SECURITY_REQUEST_RESULT_VALID :
              FIX_SECURITY_REQUEST_RESULT_NONE_FOUND);
      out.AddWhole(TAG_TotNoRelatedSym,total);
      out.Add(TAG_LastFragment,end>=total ? "Y" : "N");
      if(total>0)
         out.AddWhole(TAG_NoRelatedSym,end-from);
      for(int i=from; i<end; i++)
         Instrument(all[i],out);
      out.AddFlag(TAG_Complete,complete);
      out.AddText(TAG_Capabilities,able.words);
      out.AddWhole(TAG_AbsenceAfterMs,able.absence_after_ms);
     }

private:
   string            AccountOf(const SFixMessage &ask) const
     {
      return ask.Has(TAG_Account) ? ask.Get(TAG_Account) : m_account;
     }
   void              Instrument(const SInstrument &one,SFixMessage &out) const
     {
      out.Add(TAG_Symbol,one.symbol);
      out.AddDecimal(TAG_ContractMultiplier,one.contract_multiplier);
      out.Add(TAG_SecurityExchange,m_venue_id);
      out.AddText(TAG_Currency,one.currency);
      out.AddDecimal(TAG_MinTradeVol,one.min_qty);
      out.AddDecimal(TAG_PriceTick,one.price_tick);
      out.AddDecimal(TAG_QtyStep,one.qty_step);
      out.AddDecimal(TAG_MinNotional,one.min_notional);
      out.AddDecimal(TAG_MaxQty,one.max_qty);
      out.AddDecimal(TAG_MakerFee,one.maker_fee);
      out.AddDecimal(TAG_TakerFee,one.taker_fee);
      out.AddText(TAG_BaseCurrency,one.base);
      out.AddDecimal(TAG_MarginRate,one.margin_rate);
     }
  };

#endif
