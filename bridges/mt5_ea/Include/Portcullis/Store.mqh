//+------------------------------------------------------------------+
//| What must survive: one database of the terminal's own SQLite.    |
//|                                                                  |
//| - Writes are gathered and become durable together by Commit;     |
//|   only then may the trade server be called.                      |
//| - What fails is never tried again: the store is dead, and with   |
//|   it the program's right to act. A read that fails is no answer: |
//|   it does not say that there is no row.                          |
//| - Who reads the database meanwhile hinders nobody, and is not    |
//|   hindered (WAL). Who writes is waited for, for BUSY_MS.         |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_STORE_MQH
#define PORTCULLIS_STORE_MQH

#define BUSY_MS 5000

class CStore
  {
   int               m_handle;
   bool              m_begun;
   string            m_dead;

public:
                     CStore(void) { m_handle=INVALID_HANDLE; m_begun=false; m_dead=""; }
                    ~CStore(void) { Close(); }

   bool              Open(const string name)
     {
      m_begun=false;
      m_dead="";
      m_handle=DatabaseOpen(name,DATABASE_OPEN_READWRITE|DATABASE_OPEN_CREATE);
      if(m_handle==INVALID_HANDLE)
         return Die("open "+name);
      Ask("PRAGMA busy_timeout="+IntegerToString(BUSY_MS));
      Ask("PRAGMA journal_mode=WAL");
      Ask("PRAGMA synchronous=FULL");
      Now("CREATE TABLE IF NOT EXISTS ids(id INTEGER PRIMARY KEY, buried INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS floors(instance INTEGER PRIMARY KEY, id INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS marks(name TEXT PRIMARY KEY, value INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS chains(root INTEGER PRIMARY KEY, live INTEGER NOT NULL,"
          " content TEXT NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS ends(root INTEGER PRIMARY KEY,"
          " server_s INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS names(id INTEGER PRIMARY KEY, root INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS tickets(ticket INTEGER PRIMARY KEY, root INTEGER NOT NULL)");
      Now("CREATE TABLE IF NOT EXISTS deals(ticket INTEGER PRIMARY KEY, msc INTEGER NOT NULL,"
          " busted INTEGER NOT NULL)");
      Now("CREATE INDEX IF NOT EXISTS live_chains ON chains(root) WHERE live=1");
      Now("CREATE INDEX IF NOT EXISTS names_of ON names(root)");
      Now("CREATE INDEX IF NOT EXISTS tickets_of ON tickets(root)");
      return IsAlive();
     }
   void              Close(void)
     {
      if(m_handle!=INVALID_HANDLE)
         DatabaseClose(m_handle);
      m_handle=INVALID_HANDLE;
     }
   bool              IsAlive(void) const { return m_dead==""; }
   string            WhyDead(void) const { return m_dead; }

   //--- writes: durable after Commit
   void              Put(const string sql,const long a)
     {
      int request=Prepare(sql);
      if(request==INVALID_HANDLE)
         return;
      DatabaseBind(request,0,a);
      Finish(request,sql);
     }
   void              Put(const string sql,const long a,const long b)
     {
      int request=Prepare(sql);
      if(request==INVALID_HANDLE)
         return;
      DatabaseBind(request,0,a);
      DatabaseBind(request,1,b);
      Finish(request,sql);
     }
   void              Put(const string sql,const long a,const long b,const long c)
     {
      int request=Prepare(sql);
      if(request==INVALID_HANDLE)
         return;
      DatabaseBind(request,0,a);
      DatabaseBind(request,1,b);
      DatabaseBind(request,2,c);
      Finish(request,sql);
     }
   void              PutText(const string sql,const long a,const long b,const string text)
     {
      int request=Prepare(sql);
      if(request==INVALID_HANDLE)
         return;
      DatabaseBind(request,0,a);
      DatabaseBind(request,1,b);
      DatabaseBind(request,2,text);
      Finish(request,sql);
     }
   bool              Commit(void)
     {
      if(!IsAlive())
         return false;
      if(!m_begun)
         return true;
      m_begun=false;
      return DatabaseTransactionCommit(m_handle) ? true : Die("commit");
     }

   //--- reads; `absent` when there is no row
   long              Number(const string sql,const long key,const long absent)
     {
      int request=DatabasePrepare(m_handle,sql);
      if(request==INVALID_HANDLE)
        {
         Die(sql);
         return absent;
        }
      DatabaseBind(request,0,key);
      long value=absent;
      if(IsRow(request,sql))
         DatabaseColumnLong(request,0,value);
      DatabaseFinalize(request);
      return value;
     }
   string            Text(const string sql,const long key)
     {
      int request=DatabasePrepare(m_handle,sql);
      if(request==INVALID_HANDLE)
        {
         Die(sql);
         return "";
        }
      DatabaseBind(request,0,key);
      string value="";
      if(IsRow(request,sql))
         DatabaseColumnText(request,0,value);
      DatabaseFinalize(request);
      return value;
     }
   //--- a list, with one number as its condition
   int               Rows(const string sql,const long key,long &first[],long &second[])
     {
      ArrayResize(first,0);
      ArrayResize(second,0);
      int request=DatabasePrepare(m_handle,sql);
      if(request==INVALID_HANDLE)
        {
         Die(sql);
         return 0;
        }
      DatabaseBind(request,0,key);
      while(IsRow(request,sql))
        {
         int at=ArraySize(first);
         ArrayResize(first,at+1,1024);
         ArrayResize(second,at+1,1024);
         first[at]=0;
         second[at]=0;
         DatabaseColumnLong(request,0,first[at]);
         DatabaseColumnLong(request,1,second[at]);
        }
      DatabaseFinalize(request);
      return ArraySize(first);
     }

   //--- the mark of a walk, and the like
   void              Mark(const string name,const long value)
     {
      Begin();
      int request=IsAlive() ? DatabasePrepare(m_handle,"INSERT OR REPLACE INTO marks VALUES(?1,?2)")
                            : INVALID_HANDLE;
      if(request==INVALID_HANDLE)
         return;
      DatabaseBind(request,0,name);
      DatabaseBind(request,1,value);
      Finish(request,"marks");
     }
   long              Marked(const string name)
     {
      int request=DatabasePrepare(m_handle,"SELECT value FROM marks WHERE name=?1");
      if(request==INVALID_HANDLE)
        {
         Die("marks");
         return 0;
        }
      DatabaseBind(request,0,name);
      long value=0;
      if(IsRow(request,"marks"))
         DatabaseColumnLong(request,0,value);
      DatabaseFinalize(request);
      return value;
     }

private:
   bool              Die(const string what)
     {
      int error=GetLastError();
      bool is_busy=error==ERR_DATABASE_BUSY || error==ERR_DATABASE_LOCKED;
      if(IsAlive())
         m_dead="the database failed ("+what+", error "+IntegerToString(error)+
                "): nothing is sent any more; "+
                (is_busy ? "close the program that writes to it" : "free the disk")+
                " and start the Expert Advisor anew";
      return false;
     }
   //--- a wish: what the terminal's SQLite does not grant is done without
   void              Ask(const string pragma)
     {
      int request=DatabasePrepare(m_handle,pragma);
      if(request==INVALID_HANDLE)
         return;
      DatabaseRead(request);
      DatabaseFinalize(request);
     }
   void              Now(const string sql)
     {
      if(IsAlive() && !DatabaseExecute(m_handle,sql))
         Die(sql);
     }
   void              Begin(void)
     {
      if(m_begun || !IsAlive())
         return;
      m_begun=DatabaseTransactionBegin(m_handle);
      if(!m_begun)
         Die("begin");
     }
   int               Prepare(const string sql)
     {
      Begin();
      if(!IsAlive())
         return INVALID_HANDLE;
      int request=DatabasePrepare(m_handle,sql);
      if(request==INVALID_HANDLE)
         Die(sql);
      return request;
     }
   //--- the next row; a statement that has none, or no more, ends with "no more data"
   bool              IsRow(const int request,const string sql)
     {
      ResetLastError();
      if(DatabaseRead(request))
         return true;
      if(GetLastError()!=ERR_DATABASE_NO_MORE_DATA)
         Die(sql);
      return false;
     }
   void              Finish(const int request,const string sql)
     {
      IsRow(request,sql);
      DatabaseFinalize(request);
     }
  };

#endif
