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
//--- PosMaintStatus
#define FIX_POS_MAINT_STATUS_ACCEPTED "0"
#define FIX_POS_MAINT_STATUS_REJECTED "2"
#define FIX_POS_MAINT_STATUS_COMPLETED "3"
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
   TAG_PosTransType=709,
   TAG_PosReqID=710,
   TAG_PosMaintAction=712,
   TAG_OrigPosReqRefID=713,
   TAG_ClearingBusinessDate=715,
   TAG_PosMaintRptID=721,
   TAG_PosMaintStatus=722,
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

//--- what a field's value is: the letter behind its tag
enum ENUM_FIELD_KIND
  {
   FIELD_NAME='N',
   FIELD_TEXT='T',
   FIELD_DECIMAL='D',
   FIELD_WHOLE='W',
   FIELD_FLAG='F',
   FIELD_TIME='U',
   FIELD_DATE='L',
   FIELD_VALUE='V',
   FIELD_WHOLE_VALUE='E',
   FIELD_GROUP='G'
  };

//--- whoever keeps the fields of the messages
class CFieldTables
  {
public:
   virtual          ~CFieldTables(void) {}
   virtual void      Add(const string owner,const string fields)=0;
  };

void AddAllFields(CFieldTables *tables_ptr)
  {
   tables_ptr.Add("","49T! 56T! 34W!:0,999999999999 52U! 43F 97F 122U 50N 57N 115N 128N");
   //--- Heartbeat
   tables_ptr.Add("0","112N");
   //--- TestRequest
   tables_ptr.Add("1","112N!");
   //--- ResendRequest
   tables_ptr.Add("2","7W!:0,999999999999999999 16W!:0,999999999999999999");
   //--- Reject
   tables_ptr.Add("3","45W!:0,999999999999999999 371W:-999999999999999999,999999999999999999");
   tables_ptr.Add("3","372N 373E:0,1,2,3,4,5,6,9,10,11,13,15,16,99 58T:2048");
   //--- SequenceReset
   tables_ptr.Add("4","123F 36W!:0,999999999999");
   //--- Logout
   tables_ptr.Add("5","58T:2048");
   //--- Logon
   tables_ptr.Add("A","98W:-999999999999999999,999999999999999999 108W!:1,3600");
   tables_ptr.Add("A","95W:-999999999999999999,999999999999999999 96T:64 141F 554T:128");
   tables_ptr.Add("A","35002E:0,1,2,3 35003W:0,86400000");
   //--- NewOrderSingle
   tables_ptr.Add("D","11N! 55N! 54V!:1,2 60U! 38D! 40V!:1,2,3,4 1N 100N 44D 99D");
   tables_ptr.Add("D","59V:0,1,3,4,6 126U 18V:6 77V:O,C 15N 58T:2048 5001D 5002D 5004N 5005D");
   tables_ptr.Add("D","5040W:0,999999999999999999 5039U 5018T:2048 21V:1 5014N 5041D");
   //--- OrderCancelRequest
   tables_ptr.Add("F","41N! 11N! 55N! 54V!:1,2 60U! 38D 37N 1N 207N 58T:2048");
   //--- OrderCancelReplaceRequest
   tables_ptr.Add("G","11N! 55N! 54V!:1,2 60U! 38D! 40V!:1,2,3,4 1N 100N 44D 99D");
   tables_ptr.Add("G","59V:0,1,3,4,6 126U 18V:6 77V:O,C 15N 58T:2048 5001D 5002D 5004N 5005D");
   tables_ptr.Add("G","5040W:0,999999999999999999 5039U 5018T:2048 21V:1 41N! 37N");
   //--- OrderStatusRequest
   tables_ptr.Add("H","11N! 55N! 54V!:1,2 37N 790N 1N 207N");
   //--- OrderMassStatusRequest
   tables_ptr.Add("AF","584N! 585E!:1,7 1N 55N 207N 54V:1,2");
   //--- OrderMassCancelRequest
   tables_ptr.Add("q","11N! 530V!:1,7 60U! 55N 207N 54V:1,2 58T:2048 5009T:256");
   //--- OrderMassCancelReport
   tables_ptr.Add("r","11N 37N! 530V!:1,7 531V!:0,1,7 532T 533W:0,999999999999999999 55N");
   tables_ptr.Add("r","54V:1,2 60U 58T:2048");
   //--- ExecutionReport
   tables_ptr.Add("8","37N! 17N! 150V!:0,3,4,5,6,8,A,C,D,E,F,G,H,I");
   tables_ptr.Add("8","39V!:0,1,2,3,4,6,7,8,9,A,B,C,E 55N! 54V!:1,2 151D! 14D! 6D! 11N 41N");
   tables_ptr.Add("8","198N 526N 527N 19N 790N 584N 911W:0,999999999999999999 912F 1N 207N");
   tables_ptr.Add("8","38D 40V:1,2,3,4 44D 99D 59V:0,1,3,4,6 126U 18V:6 77V:O,C 15N 32D 31D");
   tables_ptr.Add("8","12D 13T 479N 851E:1,2 60U 103E:0,1,2,3,4,5,6,8,11,13,15,99");
   tables_ptr.Add("8","378E:0,1,2,3,4,5,6,7,8,9,99 636F 797F 58T:2048 5001D 5002D 5003V:G,V");
   tables_ptr.Add("8","5004N 5007F 5008F 5014N 5041D 5015T:2048");
   //--- OrderCancelReject
   tables_ptr.Add("9","37N! 11N! 41N! 39V!:0,1,2,3,4,6,7,8,9,A,B,C,E 434V!:1,2");
   tables_ptr.Add("9","102E:0,1,2,3,4,6,99 198N 1N 60U 58T:2048 5003V:G,V 5007F");
   //--- TradeCaptureReportRequest
   tables_ptr.Add("AD","568N! 569W!:-999999999999999999,999999999999999999 5037N 580G");
   tables_ptr.Add("AD/580","75L! 60U");
   //--- TradeCaptureReportRequestAck
   tables_ptr.Add("AQ","568N! 569W!:-999999999999999999,999999999999999999");
   tables_ptr.Add("AQ","748W:0,999999999999999999 749W!:-999999999999999999,999999999999999999");
   tables_ptr.Add("AQ","750W!:-999999999999999999,999999999999999999 55N! 58T:2048 5008F");
   //--- TradeCaptureReport
   tables_ptr.Add("AE","571N! 568N 748W:0,999999999999999999 912F 527N 570F! 55N! 207N 32D!");
   tables_ptr.Add("AE","31D! 75L! 60U! 552G! 5038E:1,2 5015T:2048 5004N 5014N");
   tables_ptr.Add("AE/552","54V!:1,2 37N! 198N 11N 1N 12D 13T 479N");
   //--- RequestForPositions
   tables_ptr.Add("AN","710N! 724E!:0 1N! 581W:-999999999999999999,999999999999999999 715L!");
   tables_ptr.Add("AN","60U! 55N 207N 453G");
   tables_ptr.Add("AN/453","448N! 447T 452W:-999999999999999999,999999999999999999");
   //--- RequestForPositionsAck
   tables_ptr.Add("AO","721N! 710N 727W:0,999999999999999999 728E!:0,1,2,3,4,99 729E!:0,1,2");
   tables_ptr.Add("AO","1N! 581W:-999999999999999999,999999999999999999 58T:2048 5008F");
   //--- PositionReport
   tables_ptr.Add("AP","721N! 710N 724E:0 727W:0,999999999999999999 728E!:0,1,2,3,4,99 715L!");
   tables_ptr.Add("AP","1N! 581W:-999999999999999999,999999999999999999 55N 207N 15N 730D!");
   tables_ptr.Add("AP","731W:-999999999999999999,999999999999999999 734D! 453G 702G 58T:2048");
   tables_ptr.Add("AP","5001D 5002D 5004N 5029D 5030D 5033G");
   tables_ptr.Add("AP/453","448N! 447T 452W:-999999999999999999,999999999999999999");
   tables_ptr.Add("AP/702","703T! 704D 705D");
   tables_ptr.Add("AP/5033","5034N! 5035D!");
   //--- PositionMaintenanceRequest
   tables_ptr.Add("AL","710N! 709V:3 712V:2 715L! 1N!");
   tables_ptr.Add("AL","581W:-999999999999999999,999999999999999999 55N! 207N 60U! 58T:2048");
   tables_ptr.Add("AL","5001D 5002D 5004N");
   //--- PositionMaintenanceReport
   tables_ptr.Add("AM","721N! 709V:3 710N! 712V:2 713N! 722E!:0,2,3 715L! 1N!");
   tables_ptr.Add("AM","581W:-999999999999999999,999999999999999999 55N! 207N 60U! 58T:2048");
   tables_ptr.Add("AM","5001D 5002D 5003V:G,V 5004N 5007F");
   //--- CollateralInquiry
   tables_ptr.Add("BB","909N! 1N 207N");
   //--- CollateralInquiryAck
   tables_ptr.Add("BG","909N! 945E!:0,1,2,3,4 911W:0,999999999999999999 1N 58T:2048 5008F");
   //--- CollateralReport
   tables_ptr.Add("BA","908N! 909N 910E:0,1,2,3,4 911W:0,999999999999999999 912F 1N 55N 207N");
   tables_ptr.Add("BA","15N 899D 900D 901D 921D 922D 58T:2048 5031N");
   //--- SecurityListRequest
   tables_ptr.Add("x","320N! 559E!:0,4 55N 207N");
   //--- SecurityList
   tables_ptr.Add("y","320N! 322N! 560E!:0,1,2,3,4,5 393W:0,999999999999999999 893F 146G");
   tables_ptr.Add("y","5008F 5026T:512 5027W:0,999999999999999999");
   tables_ptr.Add("y/146","55N! 231D 207N 15N 562D 5010D 5011D 5012D 5013D 5024D 5025D 5042N");
   tables_ptr.Add("y/146","5043D 5044U 5045W:0,999999999999999999 5047D");
   //--- MarketDataRequest
   tables_ptr.Add("V","262N! 263V!:0 264W!:0,999999999999999999 267G! 146G!");
   tables_ptr.Add("V/267","269V!:0,1,2,3");
   tables_ptr.Add("V/146","55N! 207N");
   //--- MarketDataRequestReject
   tables_ptr.Add("Y","262N! 281V:0,1,4,5 58T:2048");
   //--- MarketDataSnapshotFullRefresh
   tables_ptr.Add("W","262N 55N! 207N 268G! 5016W:0,999999999999999999");
   tables_ptr.Add("W","5017W:0,999999999999999999");
   tables_ptr.Add("W/268","269V!:0,1,2,3 270D 271D 272N 273N");
   //--- MarketDataIncrementalRefresh
   tables_ptr.Add("X","262N 268G! 5016W:0,999999999999999999 5017W:0,999999999999999999");
   tables_ptr.Add("X/268","279V!:0,1,2 269V:0,1,2,3 278N 55N 207N 270D 271D 272N 273N 5036N");
   //--- BusinessMessageReject
   tables_ptr.Add("j","45W:0,999999999999999999 372N! 379N 380E!:0,1,2,3,4,5,6 58T:2048");
   //--- TradingSessionStatus
   tables_ptr.Add("h","336N! 340E!:0,1,2,3 325F 58T:2048 5006V:ACTIVE,REDUCING,HALTED");
   tables_ptr.Add("h","5009T:2048 5046W:0,999999999999999999");
   //--- SecurityStatus
   tables_ptr.Add("f","55N! 207N 326E:2,17 60U 58T:2048 5006V:ACTIVE,REDUCING,HALTED");
   //--- OperatorCommand
   tables_ptr.Add("U1","11N! 5019N! 5009T:2048 5020T:2048 5021N 5032T:60000 58T:2048");
   //--- Note
   tables_ptr.Add("U2","5022N! 5023T!:60000");
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
