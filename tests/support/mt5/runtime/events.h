// Clock, journal, timers, chart events, hashes (docs/04-common, docs/10-dateandtime, docs/28).
#pragma once
#include "terminal.h"

inline int GetLastError() { return mql::runtime.last_error; }
inline void ResetLastError() { mql::runtime.last_error = 0; }
#define _LastError (mql::runtime.last_error)
#define _Symbol (Symbol())
#define __MQL5__ 1
inline bool IsStopped() { return mql::runtime.stopped; }

template <typename... Values>
void Print(const Values &...values) {
   std::string line;
   ((line += mql::shown(values)), ...);
   mql::call("Print", line);
}
template <typename... Values>
void PrintFormat(const string &format, const Values &...values) {
   mql::call("Print", StringFormat(format, values...));
}
template <typename... Values>
void Alert(const Values &...values) {
   std::string line;
   ((line += mql::shown(values)), ...);
   mql::call("Alert", line);
}
template <typename... Values>
void Comment(const Values &...values) {
   std::string line;
   ((line += mql::shown(values)), ...);
   mql::call("Comment", line);
}

inline ulong GetTickCount64() { return (ulong)mql::call_integer("GetTickCount64"); }
inline uint GetTickCount() { return (uint)GetTickCount64(); }
inline ulong GetMicrosecondCount() { return (ulong)mql::call_integer("GetMicrosecondCount"); }
inline datetime TimeCurrent() { return mql::call_integer("TimeCurrent"); }
inline datetime TimeTradeServer() { return mql::call_integer("TimeTradeServer"); }
inline datetime TimeGMT() { return mql::call_integer("TimeGMT"); }
inline datetime TimeLocal() { return mql::call_integer("TimeLocal"); }
inline int TimeGMTOffset() { return (int)(TimeGMT() - TimeLocal()); }
inline void Sleep(int ms) { mql::call("Sleep", ms); }

namespace mql {
// Days since 1970-01-01 of a civil date, and back (proleptic Gregorian).
inline long days_of(long year, long month, long day) {
   year -= month <= 2;
   long era = (year >= 0 ? year : year - 399) / 400;
   long of_era = year - era * 400;
   long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
   return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}
}  // namespace mql

inline bool TimeToStruct(datetime moment, MqlDateTime &out) {
   long days = moment / 86400, rest = moment % 86400;
   long z = days + 719468, era = z / 146097, of_era = z - era * 146097;
   long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
   long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
   long shifted = (5 * of_year + 2) / 153;
   out.day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
   out.mon = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
   out.year = (int)(year_of_era + era * 400 + (out.mon <= 2));
   out.hour = (int)(rest / 3600);
   out.min = (int)(rest / 60 % 60);
   out.sec = (int)(rest % 60);
   out.day_of_week = (int)((days + 4) % 7);
   out.day_of_year = (int)(days - mql::days_of(out.year, 1, 1));
   return true;
}
inline datetime StructToTime(const MqlDateTime &in) {
   return mql::days_of(in.year, in.mon, in.day) * 86400 + in.hour * 3600 + in.min * 60 + in.sec;
}
inline string TimeToString(datetime moment, int mode = TIME_DATE | TIME_MINUTES) {
   MqlDateTime at;
   TimeToStruct(moment, at);
   char date[32] = "", time[32] = "";
   if (mode & TIME_DATE) std::snprintf(date, sizeof date, "%04d.%02d.%02d", at.year, at.mon, at.day);
   if (mode & TIME_SECONDS)
      std::snprintf(time, sizeof time, "%02d:%02d:%02d", at.hour, at.min, at.sec);
   else if (mode & TIME_MINUTES)
      std::snprintf(time, sizeof time, "%02d:%02d", at.hour, at.min);
   std::string between = *date && *time ? " " : "";
   return mql::text_of(date + between + time);
}

inline bool EventSetMillisecondTimer(int ms) { return mql::call("EventSetMillisecondTimer", ms).ok; }
inline bool EventSetTimer(int seconds) { return EventSetMillisecondTimer(seconds * 1000); }
inline void EventKillTimer() { mql::call("EventKillTimer"); }
inline long ChartID() { return mql::call_integer("ChartID"); }
inline bool EventChartCustom(long chart, ushort id, long lparam, double dparam, const string &sparam) {
   return mql::call("EventChartCustom", chart, id, lparam, dparam, sparam).ok;
}
inline void ExpertRemove() {
   mql::runtime.stopped = true;
   mql::call("ExpertRemove");
}

// Global variables of the terminal (docs/22-globals): shared by all its programs.
inline bool GlobalVariableTemp(const string &name) { return mql::call("GlobalVariableTemp", name).ok; }
inline bool GlobalVariableCheck(const string &name) { return mql::call("GlobalVariableCheck", name).ok; }
inline double GlobalVariableGet(const string &name) {
   return mql::read_or_zero<double>(mql::call("GlobalVariableGet", name));
}
inline datetime GlobalVariableSet(const string &name, double value) {
   return mql::call("GlobalVariableSet", name, value).ok ? TimeLocal() : 0;
}
inline bool GlobalVariableDel(const string &name) { return mql::call("GlobalVariableDel", name).ok; }
inline bool GlobalVariableSetOnCondition(const string &name, double value, double check) {
   return mql::call("GlobalVariableSetOnCondition", name, value, check).ok;
}

// A whole file of the terminal's folder (docs/23-files/fileload); -1 when it cannot be read.
inline long FileLoad(const string &name, Array<uchar> &bytes, int common = 0) {
   mql::Answer answer = mql::call("FileLoad", name, common);
   if (!answer.ok) return -1;
   answer.value.expect('b');
   uint size = answer.value.count();
   ArrayResize(bytes, (int)size);
   if (size) std::memcpy(bytes.begin(), answer.value.at, size);
   return (long)size;
}

// A whole file written (docs/23-files/filesave).
inline bool FileSave(const string &name, const Array<uchar> &bytes, int common = 0) {
   mql::Packed packed;
   packed.list(3);
   packed.put(name);
   packed.put_bytes(bytes.begin(), bytes.size());
   packed.put(common);
   return mql::call_packed("FileSave", packed).ok;
}
inline bool FileDelete(const string &name, int common = 0) {
   return mql::call("FileDelete", name, common).ok;
}

inline int MathRand() { return (int)mql::call_integer("MathRand"); }
inline void MathSrand(int seed) { mql::call("MathSrand", seed); }

enum ENUM_CRYPT_METHOD {
   CRYPT_BASE64, CRYPT_AES128, CRYPT_AES256, CRYPT_DES, CRYPT_HASH_SHA1, CRYPT_HASH_SHA256,
   CRYPT_HASH_MD5, CRYPT_ARCH_ZIP
};
// SHA256 only; the host's hashlib computes it. Returns the size of the result, 0 on error.
inline int CryptEncode(ENUM_CRYPT_METHOD method, const Array<uchar> &bytes, const Array<uchar> &key,
                       Array<uchar> &result) {
   (void)key;
   if (method != CRYPT_HASH_SHA256) mql::fail("CryptEncode: only CRYPT_HASH_SHA256 is modelled");
   mql::Packed packed;
   packed.list(1);
   packed.put_bytes(bytes.begin(), bytes.size());
   mql::Answer answer = mql::call_packed("Sha256", packed);
   answer.value.expect('b');
   uint size = answer.value.count();
   ArrayResize(result, (int)size);
   std::memcpy(result.begin(), answer.value.at, size);
   return (int)size;
}

// An input variable that the test may set by name before OnInit.
namespace mql {
struct Slot {
   std::string name;
   void *at;
   void (*set)(void *at, const std::string &text);
};
inline std::vector<Slot> &slots() {
   static std::vector<Slot> all;
   return all;
}
inline void set_slot(void *at, string, const std::string &text) { *(string *)at = text_of(text); }
inline void set_slot(void *at, bool, const std::string &text) { *(bool *)at = text == "true"; }
inline void set_slot(void *at, double, const std::string &text) {
   *(double *)at = std::strtod(text.c_str(), nullptr);
}
template <typename T>
typename std::enable_if<std::is_integral<T>::value || std::is_enum<T>::value>::type set_slot(
    void *at, T, const std::string &text) {
   *(T *)at = (T)std::strtoll(text.c_str(), nullptr, 10);
}
template <typename T>
bool input_slot(const char *name, T &value) {
   slots().push_back(Slot{name, &value, [](void *at, const std::string &text) {
                             set_slot(at, T(), text);
                          }});
   return true;
}
}  // namespace mql
