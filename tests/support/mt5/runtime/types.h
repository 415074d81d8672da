// MQL5's value types in C++: integers, string (UTF-16, a value), arrays that check their bounds.
//
// Where C++ would let pass what MetaEditor refuses, these types refuse it as well: no number becomes
// text by itself, no array is built from another, a new element holds rubbish until it is set.
#pragma once
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef long datetime;
typedef uint color;

namespace mql {

// A critical error of MQL5: it ends the program at once (docs/02-runtime/errors).
struct Critical {
   std::string text;
};
[[noreturn]] inline void fail(const std::string &text) { throw Critical{text}; }

std::u16string from_utf8(const char *text, size_t size);
std::string to_utf8(const std::u16string &text);

}  // namespace mql

class string {
 public:
   std::u16string units;

   string() {}
   string(const char *text) : units(mql::from_utf8(text, std::strlen(text))) {}
   explicit string(const std::u16string &text) : units(text) {}
   template <typename T, typename = typename std::enable_if<std::is_integral<T>::value>::type>
   explicit string(T value)
       : units(mql::from_utf8(std::to_string(value).c_str(), std::to_string(value).size())) {}
   explicit string(bool value) : string(value ? "true" : "false") {}
   explicit string(double value);
   string(std::nullptr_t) = delete;

   string &operator+=(const string &more) {
      units += more.units;
      return *this;
   }
   ushort operator[](long at) const {
      if (at < 0 || at > (long)units.size()) mql::fail("string index out of range");
      return at == (long)units.size() ? 0 : units[(size_t)at];
   }
   std::string utf8() const { return mql::to_utf8(units); }

   friend string operator+(const string &a, const string &b) { return string(a.units + b.units); }
   friend bool operator==(const string &a, const string &b) { return a.units == b.units; }
   friend bool operator!=(const string &a, const string &b) { return a.units != b.units; }
   friend bool operator<(const string &a, const string &b) { return a.units < b.units; }
   friend bool operator>(const string &a, const string &b) { return b < a; }
   friend bool operator<=(const string &a, const string &b) { return !(b < a); }
   friend bool operator>=(const string &a, const string &b) { return !(a < b); }
};

// `T x[]`, in a declaration, a member or a parameter.
template <typename T>
class Array {
 protected:
   struct Cell {
      T value;
   };
   std::vector<Cell> cells;
   bool fixed = false;

 public:
   Array() {}
   Array(std::initializer_list<T> values) {
      for (const T &value : values) cells.push_back(Cell{value});
   }

   T &operator[](long at) {
      if (at < 0 || at >= (long)cells.size())
         mql::fail("array out of range: [" + std::to_string(at) + "] of " +
                   std::to_string(cells.size()));
      return cells[(size_t)at].value;
   }
   const T &operator[](long at) const { return const_cast<Array<T> *>(this)->operator[](at); }

   long size() const { return (long)cells.size(); }
   bool is_fixed() const { return fixed; }
   T *begin() { return cells.empty() ? nullptr : &cells[0].value; }
   const T *begin() const { return cells.empty() ? nullptr : &cells[0].value; }
   T *end() { return begin() + cells.size(); }

   void resize(long size, long reserve) {
      size_t before = cells.size();
      if (size + reserve > (long)cells.capacity()) cells.reserve((size_t)(size + reserve));
      if constexpr (std::is_trivially_copyable<T>::value) {
         Cell rubbish;
         std::memset((void *)&rubbish, 0xCD, sizeof rubbish);
         cells.resize((size_t)size, rubbish);
      } else {
         cells.resize((size_t)size, Cell{T()});
      }
      (void)before;
   }
   void erase(long start, long count) {
      cells.erase(cells.begin() + start, cells.begin() + start + count);
   }
   void release() { std::vector<Cell>().swap(cells); }
   void swap_cells(Array<T> &other) { cells.swap(other.cells); }
};

// `T x[N]`: the same, of a size that never changes.
template <typename T, long N>
class Fixed : public Array<T> {
 public:
   Fixed() {
      this->resize(N, 0);
      this->fixed = true;
   }
   Fixed(std::initializer_list<T> values) : Fixed() {
      long at = 0;
      for (const T &value : values) (*this)[at++] = value;
      for (; at < N; at++) (*this)[at] = T();
   }
};

#define WHOLE_ARRAY (-1)
#define INVALID_HANDLE (-1)
#define EMPTY_VALUE 1.7976931348623157e308
#define LONG_MAX_VALUE 9223372036854775807
#ifndef LONG_MAX
#define LONG_MAX 9223372036854775807L
#endif
#ifndef LONG_MIN
#define LONG_MIN (-9223372036854775807L - 1)
#endif
#ifndef ULONG_MAX
#define ULONG_MAX 18446744073709551615UL
#endif
#ifndef INT_MAX
#define INT_MAX 2147483647
#endif
#ifndef INT_MIN
#define INT_MIN (-2147483647 - 1)
#endif
#ifndef DBL_MAX
#define DBL_MAX 1.7976931348623157e308
#endif
#ifndef DBL_EPSILON
#define DBL_EPSILON 2.220446049250313e-16
#endif

// Arrays (docs/05-array).

template <typename T>
int ArraySize(const Array<T> &array) {
   return (int)array.size();
}
template <typename T>
int ArrayResize(Array<T> &array, int size, int reserve = 0) {
   if (array.is_fixed()) mql::fail("ArrayResize of an array of fixed size");
   if (size < 0) return -1;
   array.resize(size, reserve);
   return size;
}
template <typename T>
void ArrayFree(Array<T> &array) {
   if (!array.is_fixed()) array.release();
}
template <typename T>
bool ArrayIsDynamic(const Array<T> &array) {
   return !array.is_fixed();
}
template <typename T, typename V>
int ArrayInitialize(Array<T> &array, V value) {
   for (long at = 0; at < array.size(); at++) array[at] = (T)value;
   return (int)array.size();
}
template <typename T, typename V>
void ArrayFill(Array<T> &array, int start, int count, V value) {
   for (long at = start; at < (long)start + count; at++) array[at] = (T)value;
}
// "Array of classes and structures containing objects that require initialization aren't copied"
// (docs/05-array/arraycopy): such a call does not compile here.
namespace mql {
template <typename T>
constexpr bool is_copied = std::is_trivially_copyable<T>::value || std::is_same<T, string>::value;
}
template <typename T>
int ArrayCopy(Array<T> &to, const Array<T> &from, int to_start = 0, int from_start = 0,
              int count = WHOLE_ARRAY) {
   static_assert(mql::is_copied<T>, "structures with strings or arrays in them are not copied");
   if (&to == &from) mql::fail("ArrayCopy of an array into itself is not defined here");
   if (from_start < 0 || to_start < 0) return 0;
   long available = from.size() - from_start;
   long wanted = count < 0 || count > available ? available : count;
   if (wanted <= 0) return 0;
   if (to.size() < to_start + wanted) {
      if (to.is_fixed())
         wanted = to.size() - to_start;
      else
         to.resize(to_start + wanted, 0);
   }
   for (long at = 0; at < wanted; at++) to[to_start + at] = from[from_start + at];
   return wanted < 0 ? 0 : (int)wanted;
}
template <typename T>
bool ArrayRemove(Array<T> &array, int start, int count = WHOLE_ARRAY) {
   if (array.is_fixed()) mql::fail("ArrayRemove from an array of fixed size is not modelled");
   if (start < 0 || start >= array.size()) return false;
   long available = array.size() - start;
   array.erase(start, count < 0 || count > available ? available : count);
   return true;
}
template <typename T>
bool ArrayInsert(Array<T> &to, const Array<T> &from, int at, int from_start = 0,
                 int count = WHOLE_ARRAY) {
   if (at < 0 || at > to.size() || from_start < 0 || from_start > from.size()) return false;
   long available = from.size() - from_start;
   long wanted = count < 0 || count > available ? available : count;
   Array<T> tail;
   ArrayCopy(tail, to, 0, at);
   to.resize(at, 0);
   ArrayCopy(to, from, at, from_start, (int)wanted);
   ArrayCopy(to, tail, (int)to.size());
   return true;
}
template <typename T>
bool ArraySwap(Array<T> &a, Array<T> &b) {
   if (a.is_fixed() || b.is_fixed()) return false;
   a.swap_cells(b);
   return true;
}
template <typename T>
bool ArrayReverse(Array<T> &array, int start = 0, int count = WHOLE_ARRAY) {
   long end = count < 0 ? array.size() : start + count;
   for (long a = start, b = end - 1; a < b; a++, b--) std::swap(array[a], array[b]);
   return true;
}
template <typename T>
bool ArraySort(Array<T> &array) {
   for (long at = 1; at < array.size(); at++)
      for (long back = at; back > 0 && array[back] < array[back - 1]; back--)
         std::swap(array[back], array[back - 1]);
   return true;
}
template <typename T>
void ZeroMemory(T &value) {
   value = T();
}

// Pointers to objects are handles; `_ptr` at the end of a name marks them (see rewrites.py).
enum ENUM_POINTER_TYPE { POINTER_INVALID, POINTER_DYNAMIC, POINTER_AUTOMATIC };
template <typename T>
ENUM_POINTER_TYPE CheckPointer(T *pointer) {
   return pointer == nullptr ? POINTER_INVALID : POINTER_DYNAMIC;
}
template <typename T>
T *GetPointer(T &object) {
   return &object;
}
template <typename T>
T *GetPointer(T *object) {
   return object;
}
