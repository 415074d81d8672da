// The terminal's API: account, symbols, orders, positions, history, trading (docs/11 to docs/19).
//
// Each function asks the host by its own name; properties go by name too. What the simulated
// terminal does with it is in Python.
#pragma once
#include "constants.h"
#include "host.h"

#define MQL_FIELDS(...)                                            \
   template <typename Visit>                                       \
   void each(Visit &&visit) {                                      \
      visit_all(visit, __VA_ARGS__);                               \
   }                                                               \
   template <typename Visit, typename... Fields>                   \
   static void visit_all(Visit &&visit, Fields &...fields) {       \
      (visit(fields), ...);                                        \
   }

struct MqlTick {
   datetime time;
   double bid, ask, last;
   ulong volume;
   long time_msc;
   uint flags;
   double volume_real;
   MQL_FIELDS(time, bid, ask, last, volume, time_msc, flags, volume_real)
};
struct MqlBookInfo {
   ENUM_BOOK_TYPE type;
   double price;
   long volume;
   double volume_real;
   MQL_FIELDS(type, price, volume, volume_real)
};
struct MqlDateTime {
   int year, mon, day, hour, min, sec, day_of_week, day_of_year;
};
struct MqlTradeRequest {
   ENUM_TRADE_REQUEST_ACTIONS action;
   ulong magic, order;
   string symbol;
   double volume, price, stoplimit, sl, tp;
   ulong deviation;
   ENUM_ORDER_TYPE type;
   ENUM_ORDER_TYPE_FILLING type_filling;
   ENUM_ORDER_TYPE_TIME type_time;
   datetime expiration;
   string comment;
   ulong position, position_by;
   MQL_FIELDS(action, magic, order, symbol, volume, price, stoplimit, sl, tp, deviation, type,
              type_filling, type_time, expiration, comment, position, position_by)
};
struct MqlTradeResult {
   uint retcode;
   ulong deal, order;
   double volume, price, bid, ask;
   string comment;
   uint request_id;
   int retcode_external;
   MQL_FIELDS(retcode, deal, order, volume, price, bid, ask, comment, request_id, retcode_external)
};
struct MqlTradeCheckResult {
   uint retcode;
   double balance, equity, profit, margin, margin_free, margin_level;
   string comment;
   MQL_FIELDS(retcode, balance, equity, profit, margin, margin_free, margin_level, comment)
};
struct MqlTradeTransaction {
   ulong deal, order;
   string symbol;
   ENUM_TRADE_TRANSACTION_TYPE type;
   ENUM_ORDER_TYPE order_type;
   ENUM_ORDER_STATE order_state;
   ENUM_DEAL_TYPE deal_type;
   ENUM_ORDER_TYPE_TIME time_type;
   datetime time_expiration;
   double price, price_trigger, price_sl, price_tp, volume;
   ulong position, position_by;
   MQL_FIELDS(deal, order, symbol, type, order_type, order_state, deal_type, time_type,
              time_expiration, price, price_trigger, price_sl, price_tp, volume, position,
              position_by)
};

namespace mql {

template <typename Struct>
void pack_struct(Packed &packed, const Struct &value) {
   size_t count = 0;
   Struct copy = value;
   copy.each([&](auto &) { count++; });
   packed.list(count);
   copy.each([&](auto &field) { packed.put(field); });
}
template <typename Struct>
void read_struct(Reader &reader, Struct &value) {
   reader.list();
   value.each([&](auto &field) { reader.get(field); });
}
template <typename Struct>
int read_structs(Answer answer, Array<Struct> &out) {
   if (!answer.ok) return -1;
   uint count = answer.value.list();
   ArrayResize(out, (int)count);
   for (uint at = 0; at < count; at++) read_struct(answer.value, out[at]);
   return (int)count;
}
template <typename T>
bool read_into(Answer answer, T &out) {
   if (answer.ok) answer.value.get(out);
   return answer.ok;
}
template <typename T>
T read_or_zero(Answer answer) {
   T value = T();
   if (answer.ok) answer.value.get(value);
   return value;
}

}  // namespace mql

#define MQL_GETTERS(PREFIX, ENUM_PREFIX)                                              \
   inline long PREFIX##Integer(ENUM_PREFIX##_INTEGER property) {                      \
      return mql::read_or_zero<long>(mql::call(#PREFIX "Integer", mql::property_name(property))); \
   }                                                                                  \
   inline double PREFIX##Double(ENUM_PREFIX##_DOUBLE property) {                      \
      return mql::read_or_zero<double>(mql::call(#PREFIX "Double", mql::property_name(property))); \
   }                                                                                  \
   inline string PREFIX##String(ENUM_PREFIX##_STRING property) {                      \
      return mql::read_or_zero<string>(mql::call(#PREFIX "String", mql::property_name(property))); \
   }                                                                                  \
   inline bool PREFIX##Integer(ENUM_PREFIX##_INTEGER property, long &value) {         \
      return mql::read_into(mql::call(#PREFIX "Integer", mql::property_name(property)), value); \
   }                                                                                  \
   inline bool PREFIX##Double(ENUM_PREFIX##_DOUBLE property, double &value) {         \
      return mql::read_into(mql::call(#PREFIX "Double", mql::property_name(property)), value); \
   }                                                                                  \
   inline bool PREFIX##String(ENUM_PREFIX##_STRING property, string &value) {         \
      return mql::read_into(mql::call(#PREFIX "String", mql::property_name(property)), value); \
   }
MQL_GETTERS(AccountInfo, ENUM_ACCOUNT_INFO)
MQL_GETTERS(OrderGet, ENUM_ORDER_PROPERTY)
MQL_GETTERS(PositionGet, ENUM_POSITION_PROPERTY)

#define MQL_GETTERS_OF(PREFIX, KEY, ENUM_PREFIX)                                             \
   inline long PREFIX##Integer(KEY key, ENUM_PREFIX##_INTEGER property) {                    \
      return mql::read_or_zero<long>(                                                        \
          mql::call(#PREFIX "Integer", key, mql::property_name(property)));                  \
   }                                                                                         \
   inline double PREFIX##Double(KEY key, ENUM_PREFIX##_DOUBLE property) {                    \
      return mql::read_or_zero<double>(                                                      \
          mql::call(#PREFIX "Double", key, mql::property_name(property)));                   \
   }                                                                                         \
   inline string PREFIX##String(KEY key, ENUM_PREFIX##_STRING property) {                    \
      return mql::read_or_zero<string>(                                                      \
          mql::call(#PREFIX "String", key, mql::property_name(property)));                   \
   }                                                                                         \
   inline bool PREFIX##Integer(KEY key, ENUM_PREFIX##_INTEGER property, long &value) {       \
      return mql::read_into(mql::call(#PREFIX "Integer", key, mql::property_name(property)), value); \
   }                                                                                         \
   inline bool PREFIX##Double(KEY key, ENUM_PREFIX##_DOUBLE property, double &value) {       \
      return mql::read_into(mql::call(#PREFIX "Double", key, mql::property_name(property)), value); \
   }                                                                                         \
   inline bool PREFIX##String(KEY key, ENUM_PREFIX##_STRING property, string &value) {       \
      return mql::read_into(mql::call(#PREFIX "String", key, mql::property_name(property)), value); \
   }
MQL_GETTERS_OF(SymbolInfo, const string &, ENUM_SYMBOL_INFO)
MQL_GETTERS_OF(HistoryOrderGet, ulong, ENUM_ORDER_PROPERTY)
MQL_GETTERS_OF(HistoryDealGet, ulong, ENUM_DEAL_PROPERTY)

inline long TerminalInfoInteger(ENUM_TERMINAL_INFO_INTEGER property) {
   return mql::call_integer("TerminalInfoInteger", mql::property_name(property));
}
inline string TerminalInfoString(ENUM_TERMINAL_INFO_STRING property) {
   return mql::call("TerminalInfoString", mql::property_name(property)).value.text();
}
inline long MQLInfoInteger(ENUM_MQL_INFO_INTEGER property) {
   return mql::call_integer("MQLInfoInteger", mql::property_name(property));
}
inline string MQLInfoString(ENUM_MQL_INFO_STRING property) {
   return mql::call("MQLInfoString", mql::property_name(property)).value.text();
}

inline string Symbol() { return mql::call("Symbol").value.text(); }
inline int SymbolsTotal(bool selected) { return (int)mql::call_integer("SymbolsTotal", selected); }
inline string SymbolName(int at, bool selected) {
   return mql::call("SymbolName", at, selected).value.text();
}
inline bool SymbolSelect(const string &name, bool select) {
   return mql::call("SymbolSelect", name, select).ok;
}
inline bool SymbolIsSynchronized(const string &name) {
   return mql::call("SymbolIsSynchronized", name).ok;
}
inline bool SymbolInfoTick(const string &name, MqlTick &tick) {
   mql::Answer answer = mql::call("SymbolInfoTick", name);
   if (answer.ok) mql::read_struct(answer.value, tick);
   return answer.ok;
}
inline bool SymbolInfoSessionTrade(const string &name, ENUM_DAY_OF_WEEK day, uint at, datetime &from,
                                   datetime &to) {
   mql::Answer answer = mql::call("SymbolInfoSessionTrade", name, day, at);
   if (answer.ok) {
      answer.value.list();
      from = answer.value.integer();
      to = answer.value.integer();
   }
   return answer.ok;
}
inline int CopyTicksRange(const string &name, Array<MqlTick> &ticks, uint flags = (uint)COPY_TICKS_ALL,
                          ulong from_msc = 0, ulong to_msc = 0) {
   return mql::read_structs(mql::call("CopyTicksRange", name, flags, from_msc, to_msc), ticks);
}
inline int CopyTicks(const string &name, Array<MqlTick> &ticks, uint flags = (uint)COPY_TICKS_ALL,
                     ulong from = 0, uint count = 0) {
   return mql::read_structs(mql::call("CopyTicks", name, flags, from, count), ticks);
}
inline bool MarketBookAdd(const string &name) { return mql::call("MarketBookAdd", name).ok; }
inline bool MarketBookRelease(const string &name) { return mql::call("MarketBookRelease", name).ok; }
inline bool MarketBookGet(const string &name, Array<MqlBookInfo> &book) {
   return mql::read_structs(mql::call("MarketBookGet", name), book) >= 0;
}

inline bool mql_trade(const char *name, const MqlTradeRequest &request, MqlTradeResult &result) {
   mql::Packed packed;
   packed.list(1);
   mql::pack_struct(packed, request);
   mql::Answer answer = mql::call_packed(name, packed);
   mql::read_struct(answer.value, result);
   return answer.ok;
}
inline bool OrderSend(const MqlTradeRequest &request, MqlTradeResult &result) {
   return mql_trade("OrderSend", request, result);
}
inline bool OrderSendAsync(const MqlTradeRequest &request, MqlTradeResult &result) {
   return mql_trade("OrderSendAsync", request, result);
}
inline bool OrderCheck(const MqlTradeRequest &request, MqlTradeCheckResult &result) {
   mql::Packed packed;
   packed.list(1);
   mql::pack_struct(packed, request);
   mql::Answer answer = mql::call_packed("OrderCheck", packed);
   mql::read_struct(answer.value, result);
   return answer.ok;
}
inline bool OrderCalcMargin(ENUM_ORDER_TYPE type, const string &symbol, double volume, double price,
                            double &margin) {
   return mql::read_into(mql::call("OrderCalcMargin", type, symbol, volume, price), margin);
}
inline bool OrderCalcProfit(ENUM_ORDER_TYPE type, const string &symbol, double volume, double open,
                            double close, double &profit) {
   return mql::read_into(mql::call("OrderCalcProfit", type, symbol, volume, open, close), profit);
}

inline int OrdersTotal() { return (int)mql::call_integer("OrdersTotal"); }
inline ulong OrderGetTicket(int at) { return (ulong)mql::call_integer("OrderGetTicket", at); }
inline bool OrderSelect(ulong ticket) { return mql::call("OrderSelect", ticket).ok; }
inline int PositionsTotal() { return (int)mql::call_integer("PositionsTotal"); }
inline ulong PositionGetTicket(int at) { return (ulong)mql::call_integer("PositionGetTicket", at); }
inline string PositionGetSymbol(int at) { return mql::call("PositionGetSymbol", at).value.text(); }
inline bool PositionSelect(const string &symbol) { return mql::call("PositionSelect", symbol).ok; }
inline bool PositionSelectByTicket(ulong ticket) {
   return mql::call("PositionSelectByTicket", ticket).ok;
}
inline bool HistorySelect(datetime from, datetime to) {
   return mql::call("HistorySelect", from, to).ok;
}
inline bool HistorySelectByPosition(long position) {
   return mql::call("HistorySelectByPosition", position).ok;
}
inline bool HistoryOrderSelect(ulong ticket) { return mql::call("HistoryOrderSelect", ticket).ok; }
inline bool HistoryDealSelect(ulong ticket) { return mql::call("HistoryDealSelect", ticket).ok; }
inline int HistoryOrdersTotal() { return (int)mql::call_integer("HistoryOrdersTotal"); }
inline int HistoryDealsTotal() { return (int)mql::call_integer("HistoryDealsTotal"); }
inline ulong HistoryOrderGetTicket(int at) {
   return (ulong)mql::call_integer("HistoryOrderGetTicket", at);
}
inline ulong HistoryDealGetTicket(int at) {
   return (ulong)mql::call_integer("HistoryDealGetTicket", at);
}
