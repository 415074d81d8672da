// What the test calls: the program's handlers, behind plain C functions. Included after the program.
//
// A critical error or a C++ exception ends the program: the call returns -1, `mql_crashed` says why,
// and no handler runs again.
#pragma once
#include "database.h"

int OnInit() __attribute__((weak));
void OnDeinit(const int reason) __attribute__((weak));
void OnTick() __attribute__((weak));
void OnTimer() __attribute__((weak));
void OnTrade() __attribute__((weak));
void OnTradeTransaction(const MqlTradeTransaction &transaction, const MqlTradeRequest &request,
                        const MqlTradeResult &result) __attribute__((weak));
void OnChartEvent(const int id, const long &lparam, const double &dparam, const string &sparam)
    __attribute__((weak));
void OnBookEvent(const string &symbol) __attribute__((weak));
void OnProbe(const string command, const Array<uchar> &in, Array<uchar> &out)
    __attribute__((weak));

namespace mql {
template <typename Body>
long guarded(Body body) {
   if (!runtime.crashed.empty()) return -1;
   try {
      return body();
   } catch (const Critical &critical) {
      runtime.crashed = critical.text;
   } catch (const std::exception &problem) {
      runtime.crashed = problem.what();
   }
   return -1;
}
inline Array<uchar> probe_out;
}  // namespace mql

#define MQL_EXPORT extern "C" __attribute__((visibility("default")))

#define MQL_ENTRY_POINTS                                                                       \
   MQL_EXPORT void mql_attach(mql::HostCall call, int real_sockets) {                          \
      mql::runtime.call = call;                                                                \
      mql::real_sockets = real_sockets != 0;                                                   \
   }                                                                                           \
   MQL_EXPORT int mql_set_input(const char *name, const char *text) {                          \
      for (mql::Slot & slot : mql::slots())                                                    \
         if (slot.name == name) {                                                              \
            slot.set(slot.at, text);                                                           \
            return 1;                                                                          \
         }                                                                                     \
      return 0;                                                                                \
   }                                                                                           \
   MQL_EXPORT void mql_socket_faults(long dummies, long most_read, long most_written, long fills, \
                                     long writable) {                                          \
      mql::socket_faults = mql::SocketFaults{dummies, most_read, most_written, fills, writable}; \
   }                                                                                           \
   MQL_EXPORT void mql_fail_reads(int error) { mql::read_error = error; }                      \
   MQL_EXPORT const char *mql_crashed() { return mql::runtime.crashed.c_str(); }               \
   MQL_EXPORT void mql_stop() { mql::runtime.stopped = true; }                                 \
   MQL_EXPORT void mql_let_go() { mql::let_go(); }                                             \
   MQL_EXPORT int mql_handles(const char *name) {                                              \
      std::string asked = name;                                                                \
      return asked == "OnTick" ? OnTick != nullptr                                             \
             : asked == "OnTimer" ? OnTimer != nullptr                                         \
             : asked == "OnTrade" ? OnTrade != nullptr                                         \
             : asked == "OnTradeTransaction" ? OnTradeTransaction != nullptr                   \
             : asked == "OnChartEvent" ? OnChartEvent != nullptr                               \
             : asked == "OnBookEvent" ? OnBookEvent != nullptr : 0;                            \
   }                                                                                           \
   MQL_EXPORT long mql_on_init() {                                                             \
      return mql::guarded([] { return OnInit ? (long)OnInit() : 0L; });                        \
   }                                                                                           \
   MQL_EXPORT long mql_on_deinit(int reason) {                                                 \
      return mql::guarded([&] { return OnDeinit ? (OnDeinit(reason), 0L) : 0L; });             \
   }                                                                                           \
   MQL_EXPORT long mql_on_tick() {                                                             \
      return mql::guarded([] { return OnTick ? (OnTick(), 0L) : 0L; });                        \
   }                                                                                           \
   MQL_EXPORT long mql_on_timer() {                                                            \
      return mql::guarded([] { return OnTimer ? (OnTimer(), 0L) : 0L; });                      \
   }                                                                                           \
   MQL_EXPORT long mql_on_trade() {                                                            \
      return mql::guarded([] { return OnTrade ? (OnTrade(), 0L) : 0L; });                      \
   }                                                                                           \
   MQL_EXPORT long mql_on_trade_transaction(const uchar *packed) {                             \
      return mql::guarded([&] {                                                                \
         mql::Reader reader{packed};                                                           \
         MqlTradeTransaction transaction = {};                                                 \
         MqlTradeRequest request = {};                                                         \
         MqlTradeResult result = {};                                                           \
         reader.list();                                                                        \
         mql::read_struct(reader, transaction);                                                \
         mql::read_struct(reader, request);                                                    \
         mql::read_struct(reader, result);                                                     \
         if (OnTradeTransaction) OnTradeTransaction(transaction, request, result);             \
         return 0L;                                                                            \
      });                                                                                      \
   }                                                                                           \
   MQL_EXPORT long mql_on_chart_event(int id, long lparam, double dparam, const char *sparam) { \
      return mql::guarded([&] {                                                                \
         string text(sparam);                                                                  \
         if (OnChartEvent) OnChartEvent(id, lparam, dparam, text);                             \
         return 0L;                                                                            \
      });                                                                                      \
   }                                                                                           \
   MQL_EXPORT long mql_on_book_event(const char *symbol) {                                     \
      return mql::guarded([&] {                                                                \
         string name(symbol);                                                                  \
         if (OnBookEvent) OnBookEvent(name);                                                   \
         return 0L;                                                                            \
      });                                                                                      \
   }                                                                                           \
   MQL_EXPORT long mql_probe(const char *command, const uchar *in, long size, const uchar **out) { \
      return mql::guarded([&] {                                                                \
         Array<uchar> bytes;                                                                   \
         ArrayResize(bytes, (int)size);                                                        \
         if (size) std::memcpy(bytes.begin(), in, (size_t)size);                               \
         ArrayResize(mql::probe_out, 0);                                                       \
         string name(command);                                                                 \
         if (!OnProbe) mql::fail("the program has no OnProbe");                                \
         OnProbe(name, bytes, mql::probe_out);                                                 \
         *out = mql::probe_out.begin();                                                        \
         return mql::probe_out.size();                                                         \
      });                                                                                      \
   }
