//+------------------------------------------------------------------+
//| The protocol's tables. Generated: python -m bridges.mt5_tables   |
//|                                                                  |
//| Enums, tags, the fields of every message with their types, and   |
//| the session's tables, as protocol/ declares them.                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_FIXTABLES_MQH
#define PORTCULLIS_FIXTABLES_MQH

#define FIX_DIGITS 18
#define FIX_TEXT_MAX 2048
#define FIX_ADMIN_TYPES "012345A"
#define FIX_GATEWAY "GATEWAY"
#define FIX_NONE "NONE"

//--- Side
#define FIX_SIDE_BUY "1"
#define FIX_SIDE_SELL "2"
//--- OrdType
#define FIX_ORD_TYPE_MARKET "1"
#define FIX_ORD_TYPE_LIMIT "2"
#define FIX_ORD_TYPE_STOP "3"
#define FIX_ORD_TYPE_STOP_LIMIT "4"
//--- TimeInForce
#define FIX_TIME_IN_FORCE_DAY "0"
#define FIX_TIME_IN_FORCE_GOOD_TILL_CANCEL "1"
#define FIX_TIME_IN_FORCE_IMMEDIATE_OR_CANCEL "3"
#define FIX_TIME_IN_FORCE_FILL_OR_KILL "4"
#define FIX_TIME_IN_FORCE_GOOD_TILL_DATE "6"
//--- ExecInst
#define FIX_EXEC_INST_PARTICIPATE_DONT_INITIATE "6"
//--- PositionEffect
#define FIX_POSITION_EFFECT_OPEN "O"
#define FIX_POSITION_EFFECT_CLOSE "C"
//--- OrdStatus
#define FIX_ORD_STATUS_NEW "0"
#define FIX_ORD_STATUS_PARTIALLY_FILLED "1"
#define FIX_ORD_STATUS_FILLED "2"
#define FIX_ORD_STATUS_DONE_FOR_DAY "3"
#define FIX_ORD_STATUS_CANCELED "4"
#define FIX_ORD_STATUS_PENDING_CANCEL "6"
#define FIX_ORD_STATUS_STOPPED "7"
#define FIX_ORD_STATUS_REJECTED "8"
#define FIX_ORD_STATUS_SUSPENDED "9"
#define FIX_ORD_STATUS_PENDING_NEW "A"
#define FIX_ORD_STATUS_CALCULATED "B"
#define FIX_ORD_STATUS_EXPIRED "C"
#define FIX_ORD_STATUS_PENDING_REPLACE "E"
//--- ExecType
#define FIX_EXEC_TYPE_NEW "0"
#define FIX_EXEC_TYPE_DONE_FOR_DAY "3"
#define FIX_EXEC_TYPE_CANCELED "4"
#define FIX_EXEC_TYPE_REPLACED "5"
#define FIX_EXEC_TYPE_PENDING_CANCEL "6"
#define FIX_EXEC_TYPE_REJECTED "8"
#define FIX_EXEC_TYPE_PENDING_NEW "A"
#define FIX_EXEC_TYPE_EXPIRED "C"
#define FIX_EXEC_TYPE_RESTATED "D"
#define FIX_EXEC_TYPE_PENDING_REPLACE "E"
#define FIX_EXEC_TYPE_TRADE "F"
#define FIX_EXEC_TYPE_TRADE_CORRECT "G"
#define FIX_EXEC_TYPE_TRADE_CANCEL "H"
#define FIX_EXEC_TYPE_ORDER_STATUS "I"
//--- OrdRejReason
#define FIX_ORD_REJ_REASON_BROKER "0"
#define FIX_ORD_REJ_REASON_UNKNOWN_SYMBOL "1"
#define FIX_ORD_REJ_REASON_EXCHANGE_CLOSED "2"
#define FIX_ORD_REJ_REASON_EXCEEDS_LIMIT "3"
#define FIX_ORD_REJ_REASON_TOO_LATE_TO_ENTER "4"
#define FIX_ORD_REJ_REASON_UNKNOWN_ORDER "5"
#define FIX_ORD_REJ_REASON_DUPLICATE_ORDER "6"
#define FIX_ORD_REJ_REASON_STALE_ORDER "8"
#define FIX_ORD_REJ_REASON_UNSUPPORTED_CHARACTERISTIC "11"
#define FIX_ORD_REJ_REASON_INCORRECT_QUANTITY "13"
#define FIX_ORD_REJ_REASON_UNKNOWN_ACCOUNT "15"
#define FIX_ORD_REJ_REASON_OTHER "99"
//--- CxlRejReason
#define FIX_CXL_REJ_REASON_TOO_LATE_TO_CANCEL "0"
#define FIX_CXL_REJ_REASON_UNKNOWN_ORDER "1"
#define FIX_CXL_REJ_REASON_BROKER "2"
#define FIX_CXL_REJ_REASON_ALREADY_PENDING "3"
#define FIX_CXL_REJ_REASON_UNABLE_TO_MASS_CANCEL "4"
#define FIX_CXL_REJ_REASON_DUPLICATE_CL_ORD_ID "6"
#define FIX_CXL_REJ_REASON_OTHER "99"
//--- CxlRejResponseTo
#define FIX_CXL_REJ_RESPONSE_TO_CANCEL "1"
#define FIX_CXL_REJ_RESPONSE_TO_REPLACE "2"
//--- ExecRestatementReason
#define FIX_EXEC_RESTATEMENT_REASON_GT_CORPORATE_ACTION "0"
#define FIX_EXEC_RESTATEMENT_REASON_GT_RENEWAL "1"
#define FIX_EXEC_RESTATEMENT_REASON_VERBAL_CHANGE "2"
#define FIX_EXEC_RESTATEMENT_REASON_REPRICING "3"
#define FIX_EXEC_RESTATEMENT_REASON_BROKER_OPTION "4"
#define FIX_EXEC_RESTATEMENT_REASON_PARTIAL_DECLINE "5"
#define FIX_EXEC_RESTATEMENT_REASON_TRADING_HALT "6"
#define FIX_EXEC_RESTATEMENT_REASON_SYSTEM_FAILURE "7"
#define FIX_EXEC_RESTATEMENT_REASON_MARKET_OPTION "8"
#define FIX_EXEC_RESTATEMENT_REASON_CANCELED_NOT_BEST "9"
#define FIX_EXEC_RESTATEMENT_REASON_OTHER "99"
//--- SessionRejectReason
#define FIX_SESSION_REJECT_REASON_INVALID_TAG_NUMBER "0"
#define FIX_SESSION_REJECT_REASON_REQUIRED_TAG_MISSING "1"
#define FIX_SESSION_REJECT_REASON_TAG_NOT_DEFINED_FOR_THIS_MESSAGE_TYPE "2"
#define FIX_SESSION_REJECT_REASON_UNDEFINED_TAG "3"
#define FIX_SESSION_REJECT_REASON_TAG_SPECIFIED_WITHOUT_A_VALUE "4"
#define FIX_SESSION_REJECT_REASON_VALUE_IS_INCORRECT "5"
#define FIX_SESSION_REJECT_REASON_INCORRECT_DATA_FORMAT "6"
#define FIX_SESSION_REJECT_REASON_COMP_ID_PROBLEM "9"
#define FIX_SESSION_REJECT_REASON_SENDING_TIME_ACCURACY_PROBLEM "10"
#define FIX_SESSION_REJECT_REASON_INVALID_MSG_TYPE "11"
#define FIX_SESSION_REJECT_REASON_TAG_APPEARS_MORE_THAN_ONCE "13"
#define FIX_SESSION_REJECT_REASON_REPEATING_GROUP_FIELDS_OUT_OF_ORDER "15"
#define FIX_SESSION_REJECT_REASON_INCORRECT_NUM_IN_GROUP_COUNT "16"
#define FIX_SESSION_REJECT_REASON_OTHER "99"
//--- BusinessRejectReason
#define FIX_BUSINESS_REJECT_REASON_OTHER "0"
#define FIX_BUSINESS_REJECT_REASON_UNKNOWN_ID "1"
#define FIX_BUSINESS_REJECT_REASON_UNKNOWN_SECURITY "2"
#define FIX_BUSINESS_REJECT_REASON_UNSUPPORTED_MESSAGE_TYPE "3"
#define FIX_BUSINESS_REJECT_REASON_APPLICATION_NOT_AVAILABLE "4"
#define FIX_BUSINESS_REJECT_REASON_CONDITIONALLY_REQUIRED_FIELD_MISSING "5"
#define FIX_BUSINESS_REJECT_REASON_NOT_AUTHORIZED "6"
//--- MassCancelRequestType
#define FIX_MASS_CANCEL_REQUEST_TYPE_SECURITY "1"
#define FIX_MASS_CANCEL_REQUEST_TYPE_ALL "7"
//--- MassCancelResponse
#define FIX_MASS_CANCEL_RESPONSE_REJECTED "0"
#define FIX_MASS_CANCEL_RESPONSE_SECURITY "1"
#define FIX_MASS_CANCEL_RESPONSE_ALL "7"
//--- MassStatusReqType
#define FIX_MASS_STATUS_REQ_TYPE_SECURITY "1"
#define FIX_MASS_STATUS_REQ_TYPE_ALL "7"
//--- LastLiquidityInd
#define FIX_LAST_LIQUIDITY_IND_ADDED "1"
#define FIX_LAST_LIQUIDITY_IND_REMOVED "2"
//--- MDEntryType
#define FIX_MD_ENTRY_TYPE_BID "0"
#define FIX_MD_ENTRY_TYPE_OFFER "1"
#define FIX_MD_ENTRY_TYPE_TRADE "2"
#define FIX_MD_ENTRY_TYPE_INDEX_VALUE "3"
//--- MDUpdateAction
#define FIX_MD_UPDATE_ACTION_NEW "0"
#define FIX_MD_UPDATE_ACTION_CHANGE "1"
#define FIX_MD_UPDATE_ACTION_DELETE "2"
//--- MDReqRejReason
#define FIX_MD_REQ_REJ_REASON_UNKNOWN_SYMBOL "0"
#define FIX_MD_REQ_REJ_REASON_DUPLICATE_MD_REQ_ID "1"
#define FIX_MD_REQ_REJ_REASON_UNSUPPORTED_SUBSCRIPTION "4"
#define FIX_MD_REQ_REJ_REASON_UNSUPPORTED_MARKET_DEPTH "5"
//--- SubscriptionRequestType
#define FIX_SUBSCRIPTION_REQUEST_TYPE_SNAPSHOT "0"
//--- TradSesStatus
#define FIX_TRAD_SES_STATUS_UNKNOWN "0"
#define FIX_TRAD_SES_STATUS_HALTED "1"
#define FIX_TRAD_SES_STATUS_OPEN "2"
#define FIX_TRAD_SES_STATUS_CLOSED "3"
//--- SecurityTradingStatus
#define FIX_SECURITY_TRADING_STATUS_TRADING_HALT "2"
#define FIX_SECURITY_TRADING_STATUS_READY_TO_TRADE "17"
//--- TradingState
#define FIX_TRADING_STATE_ACTIVE "ACTIVE"
#define FIX_TRADING_STATE_REDUCING "REDUCING"
#define FIX_TRADING_STATE_HALTED "HALTED"
//--- RejectSource
#define FIX_REJECT_SOURCE_GATEWAY "G"
#define FIX_REJECT_SOURCE_VENUE "V"
//--- PosReqType
#define FIX_POS_REQ_TYPE_POSITIONS "0"
//--- PosReqResult
#define FIX_POS_REQ_RESULT_VALID "0"
#define FIX_POS_REQ_RESULT_INVALID "1"
#define FIX_POS_REQ_RESULT_NO_POSITIONS "2"
#define FIX_POS_REQ_RESULT_NOT_AUTHORIZED "3"
#define FIX_POS_REQ_RESULT_UNSUPPORTED "4"
#define FIX_POS_REQ_RESULT_OTHER "99"
//--- PosReqStatus
#define FIX_POS_REQ_STATUS_COMPLETED "0"
#define FIX_POS_REQ_STATUS_COMPLETED_WITH_WARNINGS "1"
#define FIX_POS_REQ_STATUS_REJECTED "2"
//--- CollStatus
#define FIX_COLL_STATUS_UNASSIGNED "0"
#define FIX_COLL_STATUS_PARTIALLY_ASSIGNED "1"
#define FIX_COLL_STATUS_ASSIGNMENT_PROPOSED "2"
#define FIX_COLL_STATUS_ASSIGNED "3"
#define FIX_COLL_STATUS_CHALLENGED "4"
//--- CollInquiryStatus
#define FIX_COLL_INQUIRY_STATUS_ACCEPTED "0"
#define FIX_COLL_INQUIRY_STATUS_ACCEPTED_WITH_WARNINGS "1"
#define FIX_COLL_INQUIRY_STATUS_COMPLETED "2"
#define FIX_COLL_INQUIRY_STATUS_COMPLETED_WITH_WARNINGS "3"
#define FIX_COLL_INQUIRY_STATUS_REJECTED "4"
//--- SecurityListRequestType
#define FIX_SECURITY_LIST_REQUEST_TYPE_SYMBOL "0"
#define FIX_SECURITY_LIST_REQUEST_TYPE_ALL_SECURITIES "4"
//--- SecurityRequestResult
#define FIX_SECURITY_REQUEST_RESULT_VALID "0"
#define FIX_SECURITY_REQUEST_RESULT_INVALID "1"
#define FIX_SECURITY_REQUEST_RESULT_NONE_FOUND "2"
#define FIX_SECURITY_REQUEST_RESULT_NOT_AUTHORIZED "3"
#define FIX_SECURITY_REQUEST_RESULT_UNAVAILABLE "4"
#define FIX_SECURITY_REQUEST_RESULT_NOT_SUPPORTED "5"
//--- TradeRequestType
#define FIX_TRADE_REQUEST_TYPE_ALL_TRADES "0"
//--- TradeRequestResult
#define FIX_TRADE_REQUEST_RESULT_SUCCESSFUL "0"
#define FIX_TRADE_REQUEST_RESULT_INVALID_OR_UNKNOWN_INSTRUMENT "1"
#define FIX_TRADE_REQUEST_RESULT_INVALID_TYPE_OF_TRADE_REQUESTED "2"
#define FIX_TRADE_REQUEST_RESULT_TRADE_REQUEST_TYPE_NOT_SUPPORTED "8"
#define FIX_TRADE_REQUEST_RESULT_NOT_AUTHORIZED "9"
#define FIX_TRADE_REQUEST_RESULT_OTHER "99"
//--- TradeRequestStatus
#define FIX_TRADE_REQUEST_STATUS_ACCEPTED "0"
#define FIX_TRADE_REQUEST_STATUS_COMPLETED "1"
#define FIX_TRADE_REQUEST_STATUS_REJECTED "2"
//--- CancelOnDisconnectType
#define FIX_CANCEL_ON_DISCONNECT_TYPE_NONE "0"
#define FIX_CANCEL_ON_DISCONNECT_TYPE_DISCONNECT "1"
#define FIX_CANCEL_ON_DISCONNECT_TYPE_LOGOUT "2"
#define FIX_CANCEL_ON_DISCONNECT_TYPE_BOTH "3"

enum ENUM_FIX_TAG
  {
   TAG_Account=1,
   TAG_AvgPx=6,
   TAG_BeginSeqNo=7,
   TAG_BeginString=8,
   TAG_BodyLength=9,
   TAG_CheckSum=10,
   TAG_ClOrdID=11,
   TAG_Commission=12,
   TAG_CommType=13,
   TAG_CumQty=14,
   TAG_Currency=15,
   TAG_EndSeqNo=16,
   TAG_ExecID=17,
   TAG_ExecInst=18,
   TAG_ExecRefID=19,
   TAG_HandlInst=21,
   TAG_LastPx=31,
   TAG_LastQty=32,
   TAG_MsgSeqNum=34,
   TAG_MsgType=35,
   TAG_NewSeqNo=36,
   TAG_OrderID=37,
   TAG_OrderQty=38,
   TAG_OrdStatus=39,
   TAG_OrdType=40,
   TAG_OrigClOrdID=41,
   TAG_PossDupFlag=43,
   TAG_Price=44,
   TAG_RefSeqNum=45,
   TAG_SenderCompID=49,
   TAG_SenderSubID=50,
   TAG_SendingTime=52,
   TAG_Side=54,
   TAG_Symbol=55,
   TAG_TargetCompID=56,
   TAG_TargetSubID=57,
   TAG_Text=58,
   TAG_TimeInForce=59,
   TAG_TransactTime=60,
   TAG_TradeDate=75,
   TAG_PositionEffect=77,
   TAG_RawDataLength=95,
   TAG_RawData=96,
   TAG_PossResend=97,
   TAG_EncryptMethod=98,
   TAG_StopPx=99,
   TAG_ExDestination=100,
   TAG_CxlRejReason=102,
   TAG_OrdRejReason=103,
   TAG_HeartBtInt=108,
   TAG_TestReqID=112,
   TAG_OnBehalfOfCompID=115,
   TAG_OrigSendingTime=122,
   TAG_GapFillFlag=123,
   TAG_ExpireTime=126,
   TAG_DeliverToCompID=128,
   TAG_ResetSeqNumFlag=141,
   TAG_NoRelatedSym=146,
   TAG_ExecType=150,
   TAG_LeavesQty=151,
   TAG_SecondaryOrderID=198,
   TAG_SecurityExchange=207,
   TAG_ContractMultiplier=231,
   TAG_MDReqID=262,
   TAG_SubscriptionRequestType=263,
   TAG_MarketDepth=264,
   TAG_NoMDEntryTypes=267,
   TAG_NoMDEntries=268,
   TAG_MDEntryType=269,
   TAG_MDEntryPx=270,
   TAG_MDEntrySize=271,
   TAG_MDEntryDate=272,
   TAG_MDEntryTime=273,
   TAG_MDEntryID=278,
   TAG_MDUpdateAction=279,
   TAG_MDReqRejReason=281,
   TAG_SecurityReqID=320,
   TAG_SecurityResponseID=322,
   TAG_UnsolicitedIndicator=325,
   TAG_SecurityTradingStatus=326,
   TAG_TradingSessionID=336,
   TAG_TradSesStatus=340,
   TAG_RefTagID=371,
   TAG_RefMsgType=372,
   TAG_SessionRejectReason=373,
   TAG_ExecRestatementReason=378,
   TAG_BusinessRejectRefID=379,
   TAG_BusinessRejectReason=380,
   TAG_TotNoRelatedSym=393,
   TAG_CxlRejResponseTo=434,
   TAG_PartyIDSource=447,
   TAG_PartyID=448,
   TAG_PartyRole=452,
   TAG_NoPartyIDs=453,
   TAG_CommCurrency=479,
   TAG_SecondaryClOrdID=526,
   TAG_SecondaryExecID=527,
   TAG_MassCancelRequestType=530,
   TAG_MassCancelResponse=531,
   TAG_MassCancelRejectReason=532,
   TAG_TotalAffectedOrders=533,
   TAG_NoSides=552,
   TAG_Password=554,
   TAG_SecurityListRequestType=559,
   TAG_SecurityRequestResult=560,
   TAG_MinTradeVol=562,
   TAG_TradeRequestID=568,
   TAG_TradeRequestType=569,
   TAG_PreviouslyReported=570,
   TAG_TradeReportID=571,
   TAG_NoDates=580,
   TAG_AccountType=581,
   TAG_MassStatusReqID=584,
   TAG_MassStatusReqType=585,
   TAG_TradingSessionSubID=625,
   TAG_WorkingIndicator=636,
   TAG_NoPositions=702,
   TAG_PosType=703,
   TAG_LongQty=704,
   TAG_ShortQty=705,
   TAG_PosAmtType=707,
   TAG_PosAmt=708,
   TAG_PosReqID=710,
   TAG_ClearingBusinessDate=715,
   TAG_PosMaintRptID=721,
   TAG_PosReqType=724,
   TAG_TotalNumPosReports=727,
   TAG_PosReqResult=728,
   TAG_PosReqStatus=729,
   TAG_SettlPrice=730,
   TAG_SettlPriceType=731,
   TAG_PriorSettlPrice=734,
   TAG_TotNumTradeReports=748,
   TAG_TradeRequestResult=749,
   TAG_TradeRequestStatus=750,
   TAG_NoPosAmt=753,
   TAG_OrdStatusReqID=790,
   TAG_CopyMsgIndicator=797,
   TAG_LastLiquidityInd=851,
   TAG_LastFragment=893,
   TAG_MarginExcess=899,
   TAG_TotalNetValue=900,
   TAG_CashOutstanding=901,
   TAG_CollRptID=908,
   TAG_CollInquiryID=909,
   TAG_CollStatus=910,
   TAG_TotNumReports=911,
   TAG_LastRptRequested=912,
   TAG_StartCash=921,
   TAG_EndCash=922,
   TAG_CollInquiryStatus=945,
   TAG_StopLossPx=5001,
   TAG_TakeProfitPx=5002,
   TAG_RejectSource=5003,
   TAG_PositionID=5004,
   TAG_ExpectedEdge=5005,
   TAG_TradingState=5006,
   TAG_InDoubt=5007,
   TAG_Complete=5008,
   TAG_Scope=5009,
   TAG_PriceTick=5010,
   TAG_QtyStep=5011,
   TAG_MinNotional=5012,
   TAG_MaxQty=5013,
   TAG_ParentOrderID=5014,
   TAG_Origin=5015,
   TAG_FeedEpoch=5016,
   TAG_FeedSeq=5017,
   TAG_DecisionContext=5018,
   TAG_Command=5019,
   TAG_Reason=5020,
   TAG_Outcome=5021,
   TAG_NoteKind=5022,
   TAG_NoteBody=5023,
   TAG_MakerFee=5024,
   TAG_TakerFee=5025,
   TAG_Capabilities=5026,
   TAG_AbsenceAfterMs=5027,
   TAG_RealizedPnl=5029,
   TAG_Funding=5030,
   TAG_LedgerKind=5031,
   TAG_CommandBody=5032,
   TAG_NoPositionFees=5033,
   TAG_FeeCurrency=5034,
   TAG_FeeAmt=5035,
   TAG_AggressorSide=5036,
   TAG_TradeAccount=5037,
   TAG_TradeLiquidityInd=5038,
   TAG_QuoteTime=5039,
   TAG_HoldingMs=5040,
   TAG_ParentQty=5041,
   TAG_BaseCurrency=5042,
   TAG_FundingRate=5043,
   TAG_FundingTime=5044,
   TAG_FundingIntervalMs=5045,
   TAG_BackOffMs=5046,
   TAG_MarginRate=5047,
   TAG_CancelOnDisconnectType=35002,
   TAG_CODTimeoutWindow=35003,
   TAG_NONE=0
  };

//--- what a field's value is
enum ENUM_FIELD_KIND
  {
   FIELD_NAME,
   FIELD_TEXT,
   FIELD_DECIMAL,
   FIELD_WHOLE,
   FIELD_FLAG,
   FIELD_TIME,
   FIELD_DATE,
   FIELD_VALUE,
   FIELD_WHOLE_VALUE,
   FIELD_GROUP
  };

//--- whoever keeps the fields of the messages
class CFieldTables
  {
public:
   virtual          ~CFieldTables(void) {}
   virtual void      Add(const string owner,const int tag,const ENUM_FIELD_KIND kind,
                         const bool required,const string more)=0;
  };

void AddFieldsOf_Message(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("",49,FIELD_TEXT,true,"");
   tables_ptr.Add("",56,FIELD_TEXT,true,"");
   tables_ptr.Add("",34,FIELD_WHOLE,true,"0,999999999999");
   tables_ptr.Add("",52,FIELD_TIME,true,"");
   tables_ptr.Add("",43,FIELD_FLAG,false,"");
   tables_ptr.Add("",97,FIELD_FLAG,false,"");
   tables_ptr.Add("",122,FIELD_TIME,false,"");
   tables_ptr.Add("",50,FIELD_NAME,false,"");
   tables_ptr.Add("",57,FIELD_NAME,false,"");
   tables_ptr.Add("",115,FIELD_NAME,false,"");
   tables_ptr.Add("",128,FIELD_NAME,false,"");
  }
void AddFieldsOf_Heartbeat(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("0",112,FIELD_NAME,false,"");
  }
void AddFieldsOf_TestRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("1",112,FIELD_NAME,true,"");
  }
void AddFieldsOf_ResendRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("2",7,FIELD_WHOLE,true,"0,999999999999999999");
   tables_ptr.Add("2",16,FIELD_WHOLE,true,"0,999999999999999999");
  }
void AddFieldsOf_Reject(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("3",45,FIELD_WHOLE,true,"0,999999999999999999");
   tables_ptr.Add("3",371,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("3",372,FIELD_NAME,false,"");
   tables_ptr.Add("3",373,FIELD_WHOLE_VALUE,false,"0,1,2,3,4,5,6,9,10,11,13,15,16,99");
   tables_ptr.Add("3",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_SequenceReset(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("4",123,FIELD_FLAG,false,"");
   tables_ptr.Add("4",36,FIELD_WHOLE,true,"0,999999999999");
  }
void AddFieldsOf_Logout(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("5",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_Logon(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("A",98,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("A",108,FIELD_WHOLE,true,"1,3600");
   tables_ptr.Add("A",95,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("A",96,FIELD_TEXT,false,"64");
   tables_ptr.Add("A",141,FIELD_FLAG,false,"");
   tables_ptr.Add("A",554,FIELD_TEXT,false,"128");
   tables_ptr.Add("A",35002,FIELD_WHOLE_VALUE,false,"0,1,2,3");
   tables_ptr.Add("A",35003,FIELD_WHOLE,false,"0,86400000");
  }
void AddFieldsOf_NewOrderSingle(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("D",11,FIELD_NAME,true,"");
   tables_ptr.Add("D",55,FIELD_NAME,true,"");
   tables_ptr.Add("D",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("D",60,FIELD_TIME,true,"");
   tables_ptr.Add("D",38,FIELD_DECIMAL,true,"");
   tables_ptr.Add("D",40,FIELD_VALUE,true,"1,2,3,4");
   tables_ptr.Add("D",1,FIELD_NAME,false,"");
   tables_ptr.Add("D",100,FIELD_NAME,false,"");
   tables_ptr.Add("D",44,FIELD_DECIMAL,false,"");
   tables_ptr.Add("D",99,FIELD_DECIMAL,false,"");
   tables_ptr.Add("D",59,FIELD_VALUE,false,"0,1,3,4,6");
   tables_ptr.Add("D",126,FIELD_TIME,false,"");
   tables_ptr.Add("D",18,FIELD_VALUE,false,"6");
   tables_ptr.Add("D",77,FIELD_VALUE,false,"O,C");
   tables_ptr.Add("D",15,FIELD_NAME,false,"");
   tables_ptr.Add("D",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("D",5001,FIELD_DECIMAL,false,"");
   tables_ptr.Add("D",5002,FIELD_DECIMAL,false,"");
   tables_ptr.Add("D",5004,FIELD_NAME,false,"");
   tables_ptr.Add("D",5005,FIELD_DECIMAL,false,"");
   tables_ptr.Add("D",5040,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("D",5039,FIELD_TIME,false,"");
   tables_ptr.Add("D",5018,FIELD_TEXT,false,"2048");
   tables_ptr.Add("D",21,FIELD_VALUE,false,"1");
   tables_ptr.Add("D",5014,FIELD_NAME,false,"");
   tables_ptr.Add("D",5041,FIELD_DECIMAL,false,"");
  }
void AddFieldsOf_OrderCancelRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("F",41,FIELD_NAME,true,"");
   tables_ptr.Add("F",11,FIELD_NAME,true,"");
   tables_ptr.Add("F",55,FIELD_NAME,true,"");
   tables_ptr.Add("F",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("F",60,FIELD_TIME,true,"");
   tables_ptr.Add("F",38,FIELD_DECIMAL,false,"");
   tables_ptr.Add("F",37,FIELD_NAME,false,"");
   tables_ptr.Add("F",1,FIELD_NAME,false,"");
   tables_ptr.Add("F",207,FIELD_NAME,false,"");
   tables_ptr.Add("F",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_OrderCancelReplaceRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("G",11,FIELD_NAME,true,"");
   tables_ptr.Add("G",55,FIELD_NAME,true,"");
   tables_ptr.Add("G",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("G",60,FIELD_TIME,true,"");
   tables_ptr.Add("G",38,FIELD_DECIMAL,true,"");
   tables_ptr.Add("G",40,FIELD_VALUE,true,"1,2,3,4");
   tables_ptr.Add("G",1,FIELD_NAME,false,"");
   tables_ptr.Add("G",100,FIELD_NAME,false,"");
   tables_ptr.Add("G",44,FIELD_DECIMAL,false,"");
   tables_ptr.Add("G",99,FIELD_DECIMAL,false,"");
   tables_ptr.Add("G",59,FIELD_VALUE,false,"0,1,3,4,6");
   tables_ptr.Add("G",126,FIELD_TIME,false,"");
   tables_ptr.Add("G",18,FIELD_VALUE,false,"6");
   tables_ptr.Add("G",77,FIELD_VALUE,false,"O,C");
   tables_ptr.Add("G",15,FIELD_NAME,false,"");
   tables_ptr.Add("G",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("G",5001,FIELD_DECIMAL,false,"");
   tables_ptr.Add("G",5002,FIELD_DECIMAL,false,"");
   tables_ptr.Add("G",5004,FIELD_NAME,false,"");
   tables_ptr.Add("G",5005,FIELD_DECIMAL,false,"");
   tables_ptr.Add("G",5040,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("G",5039,FIELD_TIME,false,"");
   tables_ptr.Add("G",5018,FIELD_TEXT,false,"2048");
   tables_ptr.Add("G",21,FIELD_VALUE,false,"1");
   tables_ptr.Add("G",41,FIELD_NAME,true,"");
   tables_ptr.Add("G",37,FIELD_NAME,false,"");
  }
void AddFieldsOf_OrderStatusRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("H",11,FIELD_NAME,true,"");
   tables_ptr.Add("H",55,FIELD_NAME,true,"");
   tables_ptr.Add("H",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("H",37,FIELD_NAME,false,"");
   tables_ptr.Add("H",790,FIELD_NAME,false,"");
   tables_ptr.Add("H",1,FIELD_NAME,false,"");
   tables_ptr.Add("H",207,FIELD_NAME,false,"");
  }
void AddFieldsOf_OrderMassStatusRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AF",584,FIELD_NAME,true,"");
   tables_ptr.Add("AF",585,FIELD_WHOLE_VALUE,true,"1,7");
   tables_ptr.Add("AF",1,FIELD_NAME,false,"");
   tables_ptr.Add("AF",55,FIELD_NAME,false,"");
   tables_ptr.Add("AF",207,FIELD_NAME,false,"");
   tables_ptr.Add("AF",54,FIELD_VALUE,false,"1,2");
  }
void AddFieldsOf_OrderMassCancelRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("q",11,FIELD_NAME,true,"");
   tables_ptr.Add("q",530,FIELD_VALUE,true,"1,7");
   tables_ptr.Add("q",60,FIELD_TIME,true,"");
   tables_ptr.Add("q",55,FIELD_NAME,false,"");
   tables_ptr.Add("q",207,FIELD_NAME,false,"");
   tables_ptr.Add("q",54,FIELD_VALUE,false,"1,2");
   tables_ptr.Add("q",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("q",5009,FIELD_TEXT,false,"256");
  }
void AddFieldsOf_OrderMassCancelReport(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("r",11,FIELD_NAME,false,"");
   tables_ptr.Add("r",37,FIELD_NAME,true,"");
   tables_ptr.Add("r",530,FIELD_VALUE,true,"1,7");
   tables_ptr.Add("r",531,FIELD_VALUE,true,"0,1,7");
   tables_ptr.Add("r",532,FIELD_TEXT,false,"");
   tables_ptr.Add("r",533,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("r",55,FIELD_NAME,false,"");
   tables_ptr.Add("r",54,FIELD_VALUE,false,"1,2");
   tables_ptr.Add("r",60,FIELD_TIME,false,"");
   tables_ptr.Add("r",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_ExecutionReport(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("8",37,FIELD_NAME,true,"");
   tables_ptr.Add("8",17,FIELD_NAME,true,"");
   tables_ptr.Add("8",150,FIELD_VALUE,true,"0,3,4,5,6,8,A,C,D,E,F,G,H,I");
   tables_ptr.Add("8",39,FIELD_VALUE,true,"0,1,2,3,4,6,7,8,9,A,B,C,E");
   tables_ptr.Add("8",55,FIELD_NAME,true,"");
   tables_ptr.Add("8",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("8",151,FIELD_DECIMAL,true,"");
   tables_ptr.Add("8",14,FIELD_DECIMAL,true,"");
   tables_ptr.Add("8",6,FIELD_DECIMAL,true,"");
   tables_ptr.Add("8",11,FIELD_NAME,false,"");
   tables_ptr.Add("8",41,FIELD_NAME,false,"");
   tables_ptr.Add("8",198,FIELD_NAME,false,"");
   tables_ptr.Add("8",526,FIELD_NAME,false,"");
   tables_ptr.Add("8",527,FIELD_NAME,false,"");
   tables_ptr.Add("8",19,FIELD_NAME,false,"");
   tables_ptr.Add("8",790,FIELD_NAME,false,"");
   tables_ptr.Add("8",584,FIELD_NAME,false,"");
   tables_ptr.Add("8",911,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("8",912,FIELD_FLAG,false,"");
   tables_ptr.Add("8",1,FIELD_NAME,false,"");
   tables_ptr.Add("8",207,FIELD_NAME,false,"");
   tables_ptr.Add("8",38,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",40,FIELD_VALUE,false,"1,2,3,4");
   tables_ptr.Add("8",44,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",99,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",59,FIELD_VALUE,false,"0,1,3,4,6");
   tables_ptr.Add("8",126,FIELD_TIME,false,"");
   tables_ptr.Add("8",18,FIELD_VALUE,false,"6");
   tables_ptr.Add("8",77,FIELD_VALUE,false,"O,C");
   tables_ptr.Add("8",15,FIELD_NAME,false,"");
   tables_ptr.Add("8",32,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",31,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",12,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",13,FIELD_TEXT,false,"");
   tables_ptr.Add("8",479,FIELD_NAME,false,"");
   tables_ptr.Add("8",851,FIELD_WHOLE_VALUE,false,"1,2");
   tables_ptr.Add("8",60,FIELD_TIME,false,"");
   tables_ptr.Add("8",103,FIELD_WHOLE_VALUE,false,"0,1,2,3,4,5,6,8,11,13,15,99");
   tables_ptr.Add("8",378,FIELD_WHOLE_VALUE,false,"0,1,2,3,4,5,6,7,8,9,99");
   tables_ptr.Add("8",636,FIELD_FLAG,false,"");
   tables_ptr.Add("8",797,FIELD_FLAG,false,"");
   tables_ptr.Add("8",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("8",5001,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",5002,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",5003,FIELD_VALUE,false,"G,V");
   tables_ptr.Add("8",5004,FIELD_NAME,false,"");
   tables_ptr.Add("8",5007,FIELD_FLAG,false,"");
   tables_ptr.Add("8",5008,FIELD_FLAG,false,"");
   tables_ptr.Add("8",5014,FIELD_NAME,false,"");
   tables_ptr.Add("8",5041,FIELD_DECIMAL,false,"");
   tables_ptr.Add("8",5015,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_OrderCancelReject(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("9",37,FIELD_NAME,true,"");
   tables_ptr.Add("9",11,FIELD_NAME,true,"");
   tables_ptr.Add("9",41,FIELD_NAME,true,"");
   tables_ptr.Add("9",39,FIELD_VALUE,true,"0,1,2,3,4,6,7,8,9,A,B,C,E");
   tables_ptr.Add("9",434,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("9",102,FIELD_WHOLE_VALUE,false,"0,1,2,3,4,6,99");
   tables_ptr.Add("9",198,FIELD_NAME,false,"");
   tables_ptr.Add("9",1,FIELD_NAME,false,"");
   tables_ptr.Add("9",60,FIELD_TIME,false,"");
   tables_ptr.Add("9",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("9",5003,FIELD_VALUE,false,"G,V");
   tables_ptr.Add("9",5007,FIELD_FLAG,false,"");
  }
void AddFieldsOf_TradeCaptureReportRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AD",568,FIELD_NAME,true,"");
   tables_ptr.Add("AD",569,FIELD_WHOLE,true,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AD",5037,FIELD_NAME,false,"");
   tables_ptr.Add("AD",580,FIELD_GROUP,false,"");
   tables_ptr.Add("AD/580",75,FIELD_DATE,true,"");
   tables_ptr.Add("AD/580",60,FIELD_TIME,false,"");
  }
void AddFieldsOf_TradeCaptureReportRequestAck(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AQ",568,FIELD_NAME,true,"");
   tables_ptr.Add("AQ",569,FIELD_WHOLE,true,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AQ",748,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("AQ",749,FIELD_WHOLE,true,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AQ",750,FIELD_WHOLE,true,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AQ",55,FIELD_NAME,true,"");
   tables_ptr.Add("AQ",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("AQ",5008,FIELD_FLAG,false,"");
  }
void AddFieldsOf_TradeCaptureReport(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AE",571,FIELD_NAME,true,"");
   tables_ptr.Add("AE",568,FIELD_NAME,false,"");
   tables_ptr.Add("AE",748,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("AE",912,FIELD_FLAG,false,"");
   tables_ptr.Add("AE",527,FIELD_NAME,false,"");
   tables_ptr.Add("AE",570,FIELD_FLAG,true,"");
   tables_ptr.Add("AE",55,FIELD_NAME,true,"");
   tables_ptr.Add("AE",207,FIELD_NAME,false,"");
   tables_ptr.Add("AE",32,FIELD_DECIMAL,true,"");
   tables_ptr.Add("AE",31,FIELD_DECIMAL,true,"");
   tables_ptr.Add("AE",75,FIELD_DATE,true,"");
   tables_ptr.Add("AE",60,FIELD_TIME,true,"");
   tables_ptr.Add("AE",552,FIELD_GROUP,true,"");
   tables_ptr.Add("AE",5038,FIELD_WHOLE_VALUE,false,"1,2");
   tables_ptr.Add("AE",5015,FIELD_TEXT,false,"2048");
   tables_ptr.Add("AE",5004,FIELD_NAME,false,"");
   tables_ptr.Add("AE",5014,FIELD_NAME,false,"");
   tables_ptr.Add("AE/552",54,FIELD_VALUE,true,"1,2");
   tables_ptr.Add("AE/552",37,FIELD_NAME,true,"");
   tables_ptr.Add("AE/552",198,FIELD_NAME,false,"");
   tables_ptr.Add("AE/552",11,FIELD_NAME,false,"");
   tables_ptr.Add("AE/552",1,FIELD_NAME,false,"");
   tables_ptr.Add("AE/552",12,FIELD_DECIMAL,false,"");
   tables_ptr.Add("AE/552",13,FIELD_TEXT,false,"");
   tables_ptr.Add("AE/552",479,FIELD_NAME,false,"");
  }
void AddFieldsOf_RequestForPositions(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AN",710,FIELD_NAME,true,"");
   tables_ptr.Add("AN",724,FIELD_WHOLE_VALUE,true,"0");
   tables_ptr.Add("AN",1,FIELD_NAME,true,"");
   tables_ptr.Add("AN",581,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AN",715,FIELD_DATE,true,"");
   tables_ptr.Add("AN",60,FIELD_TIME,true,"");
   tables_ptr.Add("AN",55,FIELD_NAME,false,"");
   tables_ptr.Add("AN",207,FIELD_NAME,false,"");
   tables_ptr.Add("AN",453,FIELD_GROUP,false,"");
   tables_ptr.Add("AN/453",448,FIELD_NAME,true,"");
   tables_ptr.Add("AN/453",447,FIELD_TEXT,false,"");
   tables_ptr.Add("AN/453",452,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
  }
void AddFieldsOf_RequestForPositionsAck(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AO",721,FIELD_NAME,true,"");
   tables_ptr.Add("AO",710,FIELD_NAME,false,"");
   tables_ptr.Add("AO",727,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("AO",728,FIELD_WHOLE_VALUE,true,"0,1,2,3,4,99");
   tables_ptr.Add("AO",729,FIELD_WHOLE_VALUE,true,"0,1,2");
   tables_ptr.Add("AO",1,FIELD_NAME,true,"");
   tables_ptr.Add("AO",581,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AO",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("AO",5008,FIELD_FLAG,false,"");
  }
void AddFieldsOf_PositionReport(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("AP",721,FIELD_NAME,true,"");
   tables_ptr.Add("AP",710,FIELD_NAME,false,"");
   tables_ptr.Add("AP",724,FIELD_WHOLE_VALUE,false,"0");
   tables_ptr.Add("AP",727,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("AP",728,FIELD_WHOLE_VALUE,true,"0,1,2,3,4,99");
   tables_ptr.Add("AP",715,FIELD_DATE,true,"");
   tables_ptr.Add("AP",1,FIELD_NAME,true,"");
   tables_ptr.Add("AP",581,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AP",55,FIELD_NAME,false,"");
   tables_ptr.Add("AP",207,FIELD_NAME,false,"");
   tables_ptr.Add("AP",15,FIELD_NAME,false,"");
   tables_ptr.Add("AP",730,FIELD_DECIMAL,true,"");
   tables_ptr.Add("AP",731,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AP",734,FIELD_DECIMAL,true,"");
   tables_ptr.Add("AP",453,FIELD_GROUP,false,"");
   tables_ptr.Add("AP",702,FIELD_GROUP,false,"");
   tables_ptr.Add("AP",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("AP",5004,FIELD_NAME,false,"");
   tables_ptr.Add("AP",5029,FIELD_DECIMAL,false,"");
   tables_ptr.Add("AP",5030,FIELD_DECIMAL,false,"");
   tables_ptr.Add("AP",5033,FIELD_GROUP,false,"");
   tables_ptr.Add("AP/453",448,FIELD_NAME,true,"");
   tables_ptr.Add("AP/453",447,FIELD_TEXT,false,"");
   tables_ptr.Add("AP/453",452,FIELD_WHOLE,false,"-999999999999999999,999999999999999999");
   tables_ptr.Add("AP/702",703,FIELD_TEXT,true,"");
   tables_ptr.Add("AP/702",704,FIELD_DECIMAL,false,"");
   tables_ptr.Add("AP/702",705,FIELD_DECIMAL,false,"");
   tables_ptr.Add("AP/5033",5034,FIELD_NAME,true,"");
   tables_ptr.Add("AP/5033",5035,FIELD_DECIMAL,true,"");
  }
void AddFieldsOf_CollateralInquiry(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("BB",909,FIELD_NAME,true,"");
   tables_ptr.Add("BB",1,FIELD_NAME,false,"");
   tables_ptr.Add("BB",207,FIELD_NAME,false,"");
  }
void AddFieldsOf_CollateralInquiryAck(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("BG",909,FIELD_NAME,true,"");
   tables_ptr.Add("BG",945,FIELD_WHOLE_VALUE,true,"0,1,2,3,4");
   tables_ptr.Add("BG",911,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("BG",1,FIELD_NAME,false,"");
   tables_ptr.Add("BG",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("BG",5008,FIELD_FLAG,false,"");
  }
void AddFieldsOf_CollateralReport(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("BA",908,FIELD_NAME,true,"");
   tables_ptr.Add("BA",909,FIELD_NAME,false,"");
   tables_ptr.Add("BA",910,FIELD_WHOLE_VALUE,false,"0,1,2,3,4");
   tables_ptr.Add("BA",911,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("BA",912,FIELD_FLAG,false,"");
   tables_ptr.Add("BA",1,FIELD_NAME,false,"");
   tables_ptr.Add("BA",55,FIELD_NAME,false,"");
   tables_ptr.Add("BA",207,FIELD_NAME,false,"");
   tables_ptr.Add("BA",15,FIELD_NAME,false,"");
   tables_ptr.Add("BA",899,FIELD_DECIMAL,false,"");
   tables_ptr.Add("BA",900,FIELD_DECIMAL,false,"");
   tables_ptr.Add("BA",901,FIELD_DECIMAL,false,"");
   tables_ptr.Add("BA",921,FIELD_DECIMAL,false,"");
   tables_ptr.Add("BA",922,FIELD_DECIMAL,false,"");
   tables_ptr.Add("BA",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("BA",5031,FIELD_NAME,false,"");
  }
void AddFieldsOf_SecurityListRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("x",320,FIELD_NAME,true,"");
   tables_ptr.Add("x",559,FIELD_WHOLE_VALUE,true,"0,4");
   tables_ptr.Add("x",55,FIELD_NAME,false,"");
   tables_ptr.Add("x",207,FIELD_NAME,false,"");
  }
void AddFieldsOf_SecurityList(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("y",320,FIELD_NAME,true,"");
   tables_ptr.Add("y",322,FIELD_NAME,true,"");
   tables_ptr.Add("y",560,FIELD_WHOLE_VALUE,true,"0,1,2,3,4,5");
   tables_ptr.Add("y",393,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("y",893,FIELD_FLAG,false,"");
   tables_ptr.Add("y",146,FIELD_GROUP,false,"");
   tables_ptr.Add("y",5008,FIELD_FLAG,false,"");
   tables_ptr.Add("y",5026,FIELD_TEXT,false,"512");
   tables_ptr.Add("y",5027,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("y/146",55,FIELD_NAME,true,"");
   tables_ptr.Add("y/146",231,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",207,FIELD_NAME,false,"");
   tables_ptr.Add("y/146",15,FIELD_NAME,false,"");
   tables_ptr.Add("y/146",562,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5010,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5011,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5012,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5013,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5024,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5025,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5042,FIELD_NAME,false,"");
   tables_ptr.Add("y/146",5043,FIELD_DECIMAL,false,"");
   tables_ptr.Add("y/146",5044,FIELD_TIME,false,"");
   tables_ptr.Add("y/146",5045,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("y/146",5047,FIELD_DECIMAL,false,"");
  }
void AddFieldsOf_MarketDataRequest(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("V",262,FIELD_NAME,true,"");
   tables_ptr.Add("V",263,FIELD_VALUE,true,"0");
   tables_ptr.Add("V",264,FIELD_WHOLE,true,"0,999999999999999999");
   tables_ptr.Add("V",267,FIELD_GROUP,true,"");
   tables_ptr.Add("V",146,FIELD_GROUP,true,"");
   tables_ptr.Add("V/267",269,FIELD_VALUE,true,"0,1,2,3");
   tables_ptr.Add("V/146",55,FIELD_NAME,true,"");
   tables_ptr.Add("V/146",207,FIELD_NAME,false,"");
  }
void AddFieldsOf_MarketDataRequestReject(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("Y",262,FIELD_NAME,true,"");
   tables_ptr.Add("Y",281,FIELD_VALUE,false,"0,1,4,5");
   tables_ptr.Add("Y",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_MarketDataSnapshotFullRefresh(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("W",262,FIELD_NAME,false,"");
   tables_ptr.Add("W",55,FIELD_NAME,true,"");
   tables_ptr.Add("W",207,FIELD_NAME,false,"");
   tables_ptr.Add("W",268,FIELD_GROUP,true,"");
   tables_ptr.Add("W",5016,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("W",5017,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("W/268",269,FIELD_VALUE,true,"0,1,2,3");
   tables_ptr.Add("W/268",270,FIELD_DECIMAL,false,"");
   tables_ptr.Add("W/268",271,FIELD_DECIMAL,false,"");
   tables_ptr.Add("W/268",272,FIELD_NAME,false,"");
   tables_ptr.Add("W/268",273,FIELD_NAME,false,"");
  }
void AddFieldsOf_MarketDataIncrementalRefresh(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("X",262,FIELD_NAME,false,"");
   tables_ptr.Add("X",268,FIELD_GROUP,true,"");
   tables_ptr.Add("X",5016,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("X",5017,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("X/268",279,FIELD_VALUE,true,"0,1,2");
   tables_ptr.Add("X/268",269,FIELD_VALUE,false,"0,1,2,3");
   tables_ptr.Add("X/268",278,FIELD_NAME,false,"");
   tables_ptr.Add("X/268",55,FIELD_NAME,false,"");
   tables_ptr.Add("X/268",207,FIELD_NAME,false,"");
   tables_ptr.Add("X/268",270,FIELD_DECIMAL,false,"");
   tables_ptr.Add("X/268",271,FIELD_DECIMAL,false,"");
   tables_ptr.Add("X/268",272,FIELD_NAME,false,"");
   tables_ptr.Add("X/268",273,FIELD_NAME,false,"");
   tables_ptr.Add("X/268",5036,FIELD_NAME,false,"");
  }
void AddFieldsOf_BusinessMessageReject(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("j",45,FIELD_WHOLE,false,"0,999999999999999999");
   tables_ptr.Add("j",372,FIELD_NAME,true,"");
   tables_ptr.Add("j",379,FIELD_NAME,false,"");
   tables_ptr.Add("j",380,FIELD_WHOLE_VALUE,true,"0,1,2,3,4,5,6");
   tables_ptr.Add("j",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_TradingSessionStatus(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("h",336,FIELD_NAME,true,"");
   tables_ptr.Add("h",340,FIELD_WHOLE_VALUE,true,"0,1,2,3");
   tables_ptr.Add("h",325,FIELD_FLAG,false,"");
   tables_ptr.Add("h",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("h",5006,FIELD_VALUE,false,"ACTIVE,REDUCING,HALTED");
   tables_ptr.Add("h",5009,FIELD_TEXT,false,"2048");
   tables_ptr.Add("h",5046,FIELD_WHOLE,false,"0,999999999999999999");
  }
void AddFieldsOf_SecurityStatus(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("f",55,FIELD_NAME,true,"");
   tables_ptr.Add("f",207,FIELD_NAME,false,"");
   tables_ptr.Add("f",326,FIELD_WHOLE_VALUE,false,"2,17");
   tables_ptr.Add("f",60,FIELD_TIME,false,"");
   tables_ptr.Add("f",58,FIELD_TEXT,false,"2048");
   tables_ptr.Add("f",5006,FIELD_VALUE,false,"ACTIVE,REDUCING,HALTED");
  }
void AddFieldsOf_OperatorCommand(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("U1",11,FIELD_NAME,true,"");
   tables_ptr.Add("U1",5019,FIELD_NAME,true,"");
   tables_ptr.Add("U1",5009,FIELD_TEXT,false,"2048");
   tables_ptr.Add("U1",5020,FIELD_TEXT,false,"2048");
   tables_ptr.Add("U1",5021,FIELD_NAME,false,"");
   tables_ptr.Add("U1",5032,FIELD_TEXT,false,"60000");
   tables_ptr.Add("U1",58,FIELD_TEXT,false,"2048");
  }
void AddFieldsOf_Note(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("U2",5022,FIELD_NAME,true,"");
   tables_ptr.Add("U2",5023,FIELD_TEXT,true,"60000");
  }

void AddAllFields(CFieldTables *tables_ptr)
  {
   AddFieldsOf_Message(tables_ptr);
   AddFieldsOf_Heartbeat(tables_ptr);
   AddFieldsOf_TestRequest(tables_ptr);
   AddFieldsOf_ResendRequest(tables_ptr);
   AddFieldsOf_Reject(tables_ptr);
   AddFieldsOf_SequenceReset(tables_ptr);
   AddFieldsOf_Logout(tables_ptr);
   AddFieldsOf_Logon(tables_ptr);
   AddFieldsOf_NewOrderSingle(tables_ptr);
   AddFieldsOf_OrderCancelRequest(tables_ptr);
   AddFieldsOf_OrderCancelReplaceRequest(tables_ptr);
   AddFieldsOf_OrderStatusRequest(tables_ptr);
   AddFieldsOf_OrderMassStatusRequest(tables_ptr);
   AddFieldsOf_OrderMassCancelRequest(tables_ptr);
   AddFieldsOf_OrderMassCancelReport(tables_ptr);
   AddFieldsOf_ExecutionReport(tables_ptr);
   AddFieldsOf_OrderCancelReject(tables_ptr);
   AddFieldsOf_TradeCaptureReportRequest(tables_ptr);
   AddFieldsOf_TradeCaptureReportRequestAck(tables_ptr);
   AddFieldsOf_TradeCaptureReport(tables_ptr);
   AddFieldsOf_RequestForPositions(tables_ptr);
   AddFieldsOf_RequestForPositionsAck(tables_ptr);
   AddFieldsOf_PositionReport(tables_ptr);
   AddFieldsOf_CollateralInquiry(tables_ptr);
   AddFieldsOf_CollateralInquiryAck(tables_ptr);
   AddFieldsOf_CollateralReport(tables_ptr);
   AddFieldsOf_SecurityListRequest(tables_ptr);
   AddFieldsOf_SecurityList(tables_ptr);
   AddFieldsOf_MarketDataRequest(tables_ptr);
   AddFieldsOf_MarketDataRequestReject(tables_ptr);
   AddFieldsOf_MarketDataSnapshotFullRefresh(tables_ptr);
   AddFieldsOf_MarketDataIncrementalRefresh(tables_ptr);
   AddFieldsOf_BusinessMessageReject(tables_ptr);
   AddFieldsOf_TradingSessionStatus(tables_ptr);
   AddFieldsOf_SecurityStatus(tables_ptr);
   AddFieldsOf_OperatorCommand(tables_ptr);
   AddFieldsOf_Note(tables_ptr);
  }

enum ENUM_SESSION_STATE
  {
   STATE_DISCONNECTED,
   STATE_LOGON_SENT,
   STATE_LOGON_RECEIVED,
   STATE_ACTIVE,
   STATE_LOGOUT_SENT
  };
enum ENUM_SESSION_EVENT
  {
   EVENT_SAY_LOGON,
   EVENT_ACCEPT,
   EVENT_REFUSE,
   EVENT_SAY_LOGOUT,
   EVENT_HEAR_LOGON,
   EVENT_HEAR_LOGOUT,
   EVENT_HEAR_OTHER,
   EVENT_BREAK,
   EVENT_LINK_DOWN
  };
#define SESSION_EVENTS 9
//--- an initiator's moves: a column for each event in the order of the enum, -1 is none
const int CONVERSATION[]=
  {
   1,-1,-1,-1,-1,-1,-1,0,0, // DISCONNECTED
   -1,-1,-1,4,3,0,-1,0,0, // LOGON_SENT
   -1,-1,-1,-1,-1,-1,-1,0,0, // LOGON_RECEIVED
   -1,-1,-1,4,-1,0,3,0,0, // ACTIVE
   -1,-1,-1,4,-1,0,4,0,0 // LOGOUT_SENT
  };
enum ENUM_MESSAGE_KIND
  {
   KIND_LOGON,
   KIND_RESEND_REQUEST,
   KIND_GAP_FILL,
   KIND_RESET,
   KIND_LOGOUT,
   KIND_OTHER
  };
enum ENUM_VERDICT
  {
   VERDICT_TAKE,
   VERDICT_ACT_AND_ASK,
   VERDICT_ASK,
   VERDICT_IGNORE,
   VERDICT_BREAK
  };
//--- LOWER, LOWER with 43=Y, EXPECTED, with 43=Y, HIGHER, with 43=Y
const int SEQUENCE[]=
  {
   4,3,0,0,1,1, // LOGON
   4,3,0,0,1,1, // RESEND_REQUEST
   4,3,0,0,2,2, // GAP_FILL
   0,0,0,0,0,0, // RESET
   4,3,0,0,1,1, // LOGOUT
   4,3,0,0,2,2 // OTHER
  };
//--- silence in tenths of a heartbeat interval: ask then, and then take for dead
#define TEST_AFTER_TENTHS 12
#define DROP_AFTER_TENTHS 24
#define LOGOUT_PATIENCE_MS 2000

#endif
