// How a call of the terminal's API reaches Python: one function, arguments and answer as bytes.
//
// A value is a letter and its content: n none, i int64, d double, s text or b bytes (uint32 length
// first), l list (uint32 count first). An answer is a list of three: the error that _LastError
// becomes (0: unchanged), whether the call succeeded, the value.
#pragma once
#include "text.h"

namespace mql {

typedef const uchar *(*HostCall)(const char *name, const uchar *arguments, long size);

struct Runtime {
   HostCall call = nullptr;
   int last_error = 0;
   bool stopped = false;
   std::string crashed;
};
inline Runtime runtime;

struct Packed {
   std::string bytes;
   void raw(const void *from, size_t size) { bytes.append((const char *)from, size); }
   void count(size_t size) {
      uint number = (uint)size;
      raw(&number, 4);
   }
   void put(const std::string &utf8) {
      bytes += 's';
      count(utf8.size());
      bytes += utf8;
   }
   void put(const char *utf8) { put(std::string(utf8)); }
   void put(const string &text) { put(text.utf8()); }
   void put(double value) {
      bytes += 'd';
      raw(&value, 8);
   }
   template <typename T>
   typename std::enable_if<std::is_integral<T>::value || std::is_enum<T>::value>::type put(T from) {
      long value = (long)from;
      bytes += 'i';
      raw(&value, 8);
   }
   void put_bytes(const uchar *from, long size) {
      bytes += 'b';
      count((size_t)size);
      raw(from, (size_t)size);
   }
   void list(size_t size) {
      bytes += 'l';
      count(size);
   }
};

struct Reader {
   const uchar *at;
   char kind() { return (char)*at++; }
   void expect(char wanted) {
      char found = kind();
      if (found != wanted)
         fail(std::string("the host answered '") + found + "', expected '" + wanted + "'");
   }
   uint count() {
      uint number;
      std::memcpy(&number, at, 4);
      at += 4;
      return number;
   }
   long integer() {
      expect('i');
      long value;
      std::memcpy(&value, at, 8);
      at += 8;
      return value;
   }
   double real() {
      expect('d');
      double value;
      std::memcpy(&value, at, 8);
      at += 8;
      return value;
   }
   string text() {
      expect('s');
      uint size = count();
      string value(from_utf8((const char *)at, size));
      at += size;
      return value;
   }
   uint list() {
      expect('l');
      return count();
   }
   bool skip_none() {
      if (*at != 'n') return false;
      at++;
      return true;
   }
   void get(string &value) { value = text(); }
   void get(double &value) { value = real(); }
   template <typename T>
   typename std::enable_if<std::is_integral<T>::value || std::is_enum<T>::value>::type get(T &to) {
      to = (T)integer();
   }
};

// The answer to a call; `ok` is what the MQL5 function says of its success.
struct Answer {
   bool ok;
   Reader value;
};

inline Answer call_packed(const char *name, const Packed &packed) {
   if (runtime.call == nullptr) fail(std::string(name) + ": no terminal is attached");
   const uchar *raw = runtime.call(name, (const uchar *)packed.bytes.data(), (long)packed.bytes.size());
   if (raw == nullptr) fail(std::string(name) + ": the terminal of the test failed");
   Reader reader{raw};
   reader.list();
   long error = reader.integer();
   if (error != 0) runtime.last_error = (int)error;
   bool ok = reader.integer() != 0;
   return Answer{ok, reader};
}

template <typename... Values>
Answer call(const char *name, const Values &...values) {
   Packed packed;
   packed.list(sizeof...(values));
   (packed.put(values), ...);
   return call_packed(name, packed);
}

template <typename... Values>
long call_integer(const char *name, const Values &...values) {
   return call(name, values...).value.integer();
}

}  // namespace mql
