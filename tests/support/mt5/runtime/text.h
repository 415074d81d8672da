// Text and numbers (docs/07-convert, docs/09-strings, docs/08-math).
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "types.h"

namespace mql {

inline std::u16string from_utf8(const char *text, size_t size) {
   std::u16string out;
   size_t at = 0;
   while (at < size) {
      uchar lead = (uchar)text[at++];
      int more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : -1;
      uint code = more < 0 ? 0xFFFD : more == 0 ? lead : lead & (0x3Fu >> more);
      for (; more > 0 && at < size && ((uchar)text[at] & 0xC0) == 0x80; more--)
         code = (code << 6) | ((uchar)text[at++] & 0x3F);
      if (more > 0 || code > 0x10FFFF) code = 0xFFFD;
      if (code < 0x10000) {
         out += (char16_t)code;
      } else {
         out += (char16_t)(0xD800 + ((code - 0x10000) >> 10));
         out += (char16_t)(0xDC00 + ((code - 0x10000) & 0x3FF));
      }
   }
   return out;
}

inline std::string to_utf8(const std::u16string &text) {
   std::string out;
   for (size_t at = 0; at < text.size(); at++) {
      uint code = text[at];
      bool pair = code >= 0xD800 && code < 0xDC00 && at + 1 < text.size() &&
                  text[at + 1] >= 0xDC00 && text[at + 1] < 0xE000;
      if (pair)
         code = 0x10000 + ((code - 0xD800) << 10) + (uint)(text[++at] - 0xDC00);
      else if (code >= 0xD800 && code < 0xE000)
         code = 0xFFFD;
      if (code < 0x80) {
         out += (char)code;
      } else if (code < 0x800) {
         out += (char)(0xC0 | (code >> 6));
         out += (char)(0x80 | (code & 0x3F));
      } else if (code < 0x10000) {
         out += (char)(0xE0 | (code >> 12));
         out += (char)(0x80 | ((code >> 6) & 0x3F));
         out += (char)(0x80 | (code & 0x3F));
      } else {
         out += (char)(0xF0 | (code >> 18));
         out += (char)(0x80 | ((code >> 12) & 0x3F));
         out += (char)(0x80 | ((code >> 6) & 0x3F));
         out += (char)(0x80 | (code & 0x3F));
      }
   }
   return out;
}

inline string text_of(const std::string &utf8) {
   return string(from_utf8(utf8.data(), utf8.size()));
}

// One argument of Print, StringFormat and the like as text.
inline std::string shown(const string &value) { return value.utf8(); }
inline std::string shown(const char *value) { return value; }
inline std::string shown(bool value) { return value ? "true" : "false"; }
inline std::string shown(double value) {
   char out[64];
   std::snprintf(out, sizeof out, "%.16g", value);
   return out;
}
template <typename T>
typename std::enable_if<std::is_integral<T>::value || std::is_enum<T>::value, std::string>::type
shown(T value) {
   return std::is_signed<T>::value ? std::to_string((long)value) : std::to_string((ulong)value);
}

// One conversion of a format: the C form of it, applied to one argument.
template <typename T>
std::string formatted(std::string spec, T value) {
   char out[512];
   size_t wide = spec.find("I64");
   if (wide != std::string::npos) spec.replace(wide, 3, "l");
   char kind = spec.back();
   if constexpr (std::is_same<T, const char *>::value) {
      if (kind != 's') fail("format " + spec + " got a text");
      if (spec == "%s") return value;
      std::snprintf(out, sizeof out, spec.c_str(), value);
   } else if constexpr (std::is_floating_point<T>::value) {
      if (kind == 's' || std::strchr("diuxXc", kind)) fail("format " + spec + " got a double");
      std::snprintf(out, sizeof out, spec.c_str(), (double)value);
   } else {
      if (!std::strchr("diuxXc", kind)) fail("format " + spec + " got a whole number");
      if (spec.find('l') == std::string::npos && kind != 'c') {
         if (sizeof(T) > 4) fail("format " + spec + " got 64 bits: write %I64" + kind);
      }
      size_t at = spec.find_last_not_of("l", spec.size() - 2);
      spec = spec.substr(0, at + 1) + "l" + kind;
      if (kind == 'c')
         std::snprintf(out, sizeof out, "%c", (int)value);
      else
         std::snprintf(out, sizeof out, spec.c_str(),
                       std::is_signed<T>::value ? (long)value : (long)(ulong)value);
   }
   return out;
}

inline std::string formatted(std::string spec, const string &value) {
   return formatted(spec, value.utf8().c_str());
}

inline void format_rest(std::string &out, const char *at) {
   for (; *at; at++) {
      if (*at == '%') {
         if (at[1] != '%') fail("a format has more conversions than arguments");
         at++;
      }
      out += *at;
   }
}
template <typename T, typename... More>
void format_rest(std::string &out, const char *at, const T &value, const More &...more) {
   for (; *at; at++) {
      if (*at == '%' && at[1] == '%') {
         out += *++at;
      } else if (*at == '%') {
         std::string spec = "%";
         for (at++; *at && !std::strchr("diuxXcsfgeE", *at); at++) spec += *at;
         if (!*at) fail("a format ends inside a conversion");
         spec += *at;
         out += formatted(spec, value);
         format_rest(out, at + 1, more...);
         return;
      } else {
         out += *at;
      }
   }
   fail("a format has fewer conversions than arguments");
}

}  // namespace mql

inline string::string(double value) : string(mql::text_of(mql::shown(value))) {}

template <typename... More>
string StringFormat(const string &format, const More &...more) {
   std::string out;
   mql::format_rest(out, format.utf8().c_str(), more...);
   return mql::text_of(out);
}

inline int StringLen(const string &text) { return (int)text.units.size(); }
inline ushort StringGetCharacter(const string &text, int at) {
   return at < 0 || at >= StringLen(text) ? 0 : text.units[(size_t)at];
}
inline bool StringSetCharacter(string &text, int at, ushort value) {
   if (at < 0 || at > StringLen(text)) return false;
   if (value == 0)
      text.units.resize((size_t)at);
   else if (at == StringLen(text))
      text.units += (char16_t)value;
   else
      text.units[(size_t)at] = (char16_t)value;
   return true;
}
inline int StringFind(const string &text, const string &what, int from = 0) {
   size_t at = text.units.find(what.units, from < 0 ? 0 : (size_t)from);
   return at == std::u16string::npos ? -1 : (int)at;
}
inline string StringSubstr(const string &text, int start, int length = -1) {
   if (start < 0 || start >= StringLen(text)) return string();
   size_t count = length < 0 ? std::u16string::npos : (size_t)length;
   return string(text.units.substr((size_t)start, count));
}
inline bool StringAdd(string &text, const string &more) {
   text += more;
   return true;
}
inline int StringReplace(string &text, const string &what, const string &with) {
   int count = 0;
   if (what.units.empty()) return 0;
   size_t at = 0;
   while ((at = text.units.find(what.units, at)) != std::u16string::npos) {
      text.units.replace(at, what.units.size(), with.units);
      at += with.units.size();
      count++;
   }
   return count;
}
inline int StringCompare(const string &a, const string &b, bool = true) {
   return a < b ? -1 : b < a ? 1 : 0;
}
// Whether a separator at the very end makes one more, empty part, the page does not say: nobody here
// may depend on it (docs/09-strings/stringsplit).
inline int StringSplit(const string &text, ushort separator, Array<string> &parts) {
   ArrayResize(parts, 0);
   if (text.units.empty()) return 0;
   if (text.units.back() == separator) mql::fail("StringSplit of a text that ends with a separator");
   size_t from = 0;
   while (true) {
      size_t at = text.units.find((char16_t)separator, from);
      int count = ArraySize(parts);
      ArrayResize(parts, count + 1);
      parts[count] = string(text.units.substr(from, at == std::u16string::npos ? at : at - from));
      if (at == std::u16string::npos) return count + 1;
      from = at + 1;
   }
}
inline bool StringToUpper(string &text) {
   for (char16_t &unit : text.units)
      if (unit >= 'a' && unit <= 'z') unit = (char16_t)(unit - 32);
   return true;
}
inline bool StringToLower(string &text) {
   for (char16_t &unit : text.units)
      if (unit >= 'A' && unit <= 'Z') unit = (char16_t)(unit + 32);
   return true;
}
inline int StringTrimLeft(string &text) {
   size_t at = 0;
   while (at < text.units.size() && std::strchr(" \t\r\n", text.units[at]) && text.units[at]) at++;
   text.units.erase(0, at);
   return (int)at;
}
inline int StringTrimRight(string &text) {
   int count = 0;
   while (!text.units.empty() && std::strchr(" \t\r\n", text.units.back())) {
      text.units.pop_back();
      count++;
   }
   return count;
}

inline string IntegerToString(long value, int width = 0, ushort fill = ' ') {
   std::string text = std::to_string(value);
   while ((int)text.size() < width) text.insert(text.begin(), (char)fill);
   return mql::text_of(text);
}
inline string DoubleToString(double value, int digits = 8) {
   char out[512];
   if (digits < 0)
      std::snprintf(out, sizeof out, "%.*e", -digits, value);
   else
      std::snprintf(out, sizeof out, "%.*f", digits, value);
   return mql::text_of(out);
}
inline long StringToInteger(const string &text) {
   return (long)std::strtoll(text.utf8().c_str(), nullptr, 10);
}
inline double StringToDouble(const string &text) { return std::strtod(text.utf8().c_str(), nullptr); }
inline string ShortToString(ushort unit) { return string(std::u16string(1, (char16_t)unit)); }
inline string CharToString(uchar code) { return ShortToString(code); }
inline double NormalizeDouble(double value, int digits) {
   double scale = std::pow(10.0, digits < 0 ? 0 : digits > 15 ? 15 : digits);
   return std::round(value * scale) / scale;
}

enum ENUM_CODEPAGE { CP_ACP = 0, CP_OEMCP = 1, CP_MACCP = 2, CP_UTF7 = 65000, CP_UTF8 = 65001 };
template <typename T>
int StringToCharArray(const string &text, Array<T> &array, int start = 0, int count = WHOLE_ARRAY,
                      uint codepage = CP_ACP) {
   static_assert(sizeof(T) == 1, "StringToCharArray takes an array of uchar");
   if (codepage != CP_UTF8) mql::fail("StringToCharArray: say CP_UTF8");
   std::string bytes = text.utf8();
   if (count >= 0) bytes.resize(std::min(bytes.size(), (size_t)count));
   // Without a count the terminating zero is copied too (docs/07-convert/stringtochararray).
   size_t size = bytes.size() + (count < 0 ? 1 : 0);
   if (array.size() < (long)(start + size)) array.resize(start + (long)size, 0);
   for (size_t at = 0; at < size; at++)
      array[start + (long)at] = at < bytes.size() ? (T)bytes[at] : (T)0;
   return (int)size;
}
template <typename T>
string CharArrayToString(const Array<T> &array, int start = 0, int count = -1,
                         uint codepage = CP_ACP) {
   if (codepage != CP_UTF8) mql::fail("CharArrayToString: say CP_UTF8");
   std::string bytes;
   long end = count < 0 ? array.size() : std::min((long)start + count, array.size());
   for (long at = start; at < end && array[at] != 0; at++) bytes += (char)array[at];
   return mql::text_of(bytes);
}

inline double MathAbs(double value) { return std::fabs(value); }
inline double MathFloor(double value) { return std::floor(value); }
inline double MathCeil(double value) { return std::ceil(value); }
inline double MathRound(double value) { return std::round(value); }
inline double MathPow(double base, double exponent) { return std::pow(base, exponent); }
inline double MathLog10(double value) { return std::log10(value); }
inline bool MathIsValidNumber(double value) { return std::isfinite(value); }
template <typename T>
T MathMax(T a, T b) {
   return a < b ? b : a;
}
template <typename T>
T MathMin(T a, T b) {
   return b < a ? b : a;
}
