// Database functions (docs/30-database) on the real SQLite. Files lie in the terminal's folder.
#pragma once
#include <sqlite3.h>

#include "sockets.h"

enum ENUM_DATABASE_OPEN_FLAGS {
   DATABASE_OPEN_READONLY = 1,
   DATABASE_OPEN_READWRITE = 2,
   DATABASE_OPEN_CREATE = 4,
   DATABASE_OPEN_MEMORY = 128,
   DATABASE_OPEN_COMMON = 4096
};

namespace mql {

struct Statement {
   sqlite3_stmt *statement;
   int database;
};
inline std::map<int, sqlite3 *> databases;
inline std::map<int, Statement> statements;
inline int next_database = 1;
// What reads fail with, or 0: set by the test.
inline int read_error = 0;

inline bool database_error(int code) {
   runtime.last_error = code;
   return false;
}
inline bool database_failed(int outcome) {
   return database_error(outcome == SQLITE_BUSY     ? ERR_DATABASE_BUSY
                         : outcome == SQLITE_LOCKED ? ERR_DATABASE_LOCKED
                                                    : ERR_DATABASE_EXECUTE);
}
// Waits in the host's time, not in ours; `most` is SQLite's own bound, in ms.
inline int wait_busy(void *most, int count) {
   if (count >= (long)most / 10) return 0;
   call("Sleep", 10);
   return 1;
}
inline void wait_in_host_time(sqlite3 *database, const char *sql) {
   long ms = 0;
   if (std::sscanf(sql, "PRAGMA busy_timeout=%ld", &ms) == 1)
      sqlite3_busy_handler(database, wait_busy, (void *)ms);
}
inline sqlite3 *database_of(int handle) {
   auto found = databases.find(handle);
   if (found != databases.end()) return found->second;
   runtime.last_error = ERR_DATABASE_INVALID_HANDLE;
   return nullptr;
}
inline sqlite3_stmt *statement_of(int request) {
   auto found = statements.find(request);
   if (found != statements.end()) return found->second.statement;
   runtime.last_error = ERR_DATABASE_INVALID_HANDLE;
   return nullptr;
}
inline int bind_value(sqlite3_stmt *statement, int at, const string &value) {
   std::string text = value.utf8();
   return sqlite3_bind_text(statement, at, text.data(), (int)text.size(), SQLITE_TRANSIENT);
}
inline int bind_value(sqlite3_stmt *statement, int at, const char *value) {
   return bind_value(statement, at, string(value));
}
inline int bind_value(sqlite3_stmt *statement, int at, double value) {
   return sqlite3_bind_double(statement, at, value);
}
template <typename T>
typename std::enable_if<std::is_integral<T>::value || std::is_enum<T>::value, int>::type bind_value(
    sqlite3_stmt *statement, int at, T value) {
   return sqlite3_bind_int64(statement, at, (long)value);
}

}  // namespace mql

inline int DatabaseOpen(const string &name, uint flags) {
   string path = mql::call("DatabasePath", name, (flags & DATABASE_OPEN_COMMON) != 0).value.text();
   std::string where = flags & DATABASE_OPEN_MEMORY ? ":memory:" : path.utf8();
   sqlite3 *database = nullptr;
   int mode = (int)(flags & (DATABASE_OPEN_READONLY | DATABASE_OPEN_READWRITE | DATABASE_OPEN_CREATE));
   if (mode & DATABASE_OPEN_CREATE) mode |= DATABASE_OPEN_READWRITE;
   if (sqlite3_open_v2(where.c_str(), &database, mode, nullptr) != SQLITE_OK) {
      sqlite3_close(database);
      mql::runtime.last_error = ERR_DATABASE_CONNECT;
      return INVALID_HANDLE;
   }
   int handle = mql::next_database++;
   mql::databases[handle] = database;
   return handle;
}
inline void DatabaseClose(int handle) {
   sqlite3 *database = mql::database_of(handle);
   if (database == nullptr) return;
   for (auto at = mql::statements.begin(); at != mql::statements.end();) {
      if (at->second.database == handle) {
         sqlite3_finalize(at->second.statement);
         at = mql::statements.erase(at);
      } else {
         at++;
      }
   }
   sqlite3_close(database);
   mql::databases.erase(handle);
}
namespace mql {
// What a process that has gone does with its databases.
inline void let_go() {
   while (!databases.empty()) DatabaseClose(databases.begin()->first);
}
}  // namespace mql
inline bool DatabaseExecute(int handle, const string &sql) {
   sqlite3 *database = mql::database_of(handle);
   if (database == nullptr) return false;
   if (!mql::call("DatabaseMayWrite", sql).ok) return mql::database_error(ERR_DATABASE_EXECUTE);
   int outcome = sqlite3_exec(database, sql.utf8().c_str(), nullptr, nullptr, nullptr);
   return outcome == SQLITE_OK ? true : mql::database_failed(outcome);
}
inline bool DatabaseTransactionBegin(int handle) { return DatabaseExecute(handle, "BEGIN"); }
inline bool DatabaseTransactionCommit(int handle) { return DatabaseExecute(handle, "COMMIT"); }
inline bool DatabaseTransactionRollback(int handle) { return DatabaseExecute(handle, "ROLLBACK"); }
inline bool DatabaseTableExists(int handle, const string &table) {
   sqlite3 *database = mql::database_of(handle);
   if (database == nullptr) return false;
   return sqlite3_table_column_metadata(database, nullptr, table.utf8().c_str(), nullptr, nullptr,
                                        nullptr, nullptr, nullptr, nullptr) == SQLITE_OK;
}
template <typename... Values>
int DatabasePrepare(int handle, const string &sql, const Values &...values) {
   sqlite3 *database = mql::database_of(handle);
   if (database == nullptr) return INVALID_HANDLE;
   sqlite3_stmt *statement = nullptr;
   if (sqlite3_prepare_v2(database, sql.utf8().c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      mql::runtime.last_error = ERR_DATABASE_PREPARE;
      return INVALID_HANDLE;
   }
   int at = 0;
   (mql::bind_value(statement, ++at, values), ...);
   int request = mql::next_database++;
   mql::statements[request] = mql::Statement{statement, handle};
   return request;
}
template <typename T>
bool DatabaseBind(int request, int index, T value) {
   sqlite3_stmt *statement = mql::statement_of(request);
   if (statement == nullptr) return false;
   if (mql::bind_value(statement, index + 1, value) == SQLITE_OK) return true;
   return mql::database_error(ERR_DATABASE_NOT_READY);
}
inline bool DatabaseReset(int request) {
   sqlite3_stmt *statement = mql::statement_of(request);
   if (statement == nullptr) return false;
   sqlite3_reset(statement);
   return true;
}
inline bool DatabaseRead(int request) {
   sqlite3_stmt *statement = mql::statement_of(request);
   if (statement == nullptr) return false;
   bool writes = !sqlite3_stmt_readonly(statement);
   if (writes && !mql::call("DatabaseMayWrite", sqlite3_sql(statement)).ok)
      return mql::database_error(ERR_DATABASE_EXECUTE);
   if (!writes && mql::read_error) return mql::database_error(mql::read_error);
   int outcome = sqlite3_step(statement);
   mql::wait_in_host_time(sqlite3_db_handle(statement), sqlite3_sql(statement));
   if (outcome == SQLITE_ROW) return true;
   return outcome == SQLITE_DONE ? mql::database_error(ERR_DATABASE_NO_MORE_DATA)
                                 : mql::database_failed(outcome);
}
inline void DatabaseFinalize(int request) {
   sqlite3_stmt *statement = mql::statement_of(request);
   if (statement == nullptr) return;
   sqlite3_finalize(statement);
   mql::statements.erase(request);
}
inline int DatabaseColumnsCount(int request) {
   sqlite3_stmt *statement = mql::statement_of(request);
   return statement == nullptr ? -1 : sqlite3_column_count(statement);
}
namespace mql {
inline bool column(int request, int at, sqlite3_stmt *&statement) {
   statement = statement_of(request);
   if (statement == nullptr) return false;
   if (at >= 0 && at < sqlite3_data_count(statement)) return true;
   return database_error(ERR_DATABASE_NO_MORE_DATA);
}
}  // namespace mql
inline bool DatabaseColumnLong(int request, int at, long &value) {
   sqlite3_stmt *statement;
   if (!mql::column(request, at, statement)) return false;
   value = sqlite3_column_int64(statement, at);
   return true;
}
inline bool DatabaseColumnInteger(int request, int at, int &value) {
   sqlite3_stmt *statement;
   if (!mql::column(request, at, statement)) return false;
   value = sqlite3_column_int(statement, at);
   return true;
}
inline bool DatabaseColumnDouble(int request, int at, double &value) {
   sqlite3_stmt *statement;
   if (!mql::column(request, at, statement)) return false;
   value = sqlite3_column_double(statement, at);
   return true;
}
inline bool DatabaseColumnText(int request, int at, string &value) {
   sqlite3_stmt *statement;
   if (!mql::column(request, at, statement)) return false;
   const char *text = (const char *)sqlite3_column_text(statement, at);
   value = string(text ? text : "");
   return true;
}
