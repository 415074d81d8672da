//+------------------------------------------------------------------+
//| What the self-check has found: a line each in a file of          |
//| MQL5/Files, which `portcullis mt5 check` reads.                  |
//|                                                                  |
//|   # key: value       of the terminal and the account's kind      |
//|   name|verdict|seen  name as in docs/unverified.md               |
//|                                                                  |
//| No login, no name and no server: the report is to be sent.       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKREPORT_MQH
#define PORTCULLIS_CHECKREPORT_MQH

#define CHECK_HOLDS "holds"
#define CHECK_FAILS "does not hold"
#define CHECK_SEEN "seen"
#define CHECK_OPEN "not checked"

class CCheckReport
  {
   string            m_file;
   string            m_content;
   string            m_said;        // names that have a line, each between blanks
   string            m_only;        // names that are wanted, so, or empty: all

   //--- a line is on the disk before the next step begins
   void              Line(const string text)
     {
      Print(text);
      m_content+=text+"\n";
      uchar bytes[];
      int size=StringToCharArray(m_content,bytes,0,WHOLE_ARRAY,CP_UTF8);
      //--- without the zero that ends a text
      ArrayResize(bytes,size-1);
      if(FileSave(m_file,bytes))
         return;
      int error=GetLastError();
      Print("error: cannot write ",m_file,", error ",error);
     }
   string            OneCell(const string text) const
     {
      string cell=text;
      StringReplace(cell,"|","/");
      StringReplace(cell,"\n"," ");
      return cell;
     }

public:
                     CCheckReport(void) { Begin("",""); }
   //--- only: names, separated by commas; empty is all
   void              Begin(const string file,const string only)
     {
      m_file=file;
      m_content="";
      m_said=" ";
      m_only=only=="" ? "" : " "+only+" ";
      StringReplace(m_only,","," ");
     }
   bool              IsWanted(const string name) const
     {
      return m_only=="" || StringFind(m_only," "+name+" ")>=0;
     }
   bool              HasSaid(const string name) const
     {
      return StringFind(m_said," "+name+" ")>=0;
     }
   void              Fact(const string key,const string value)
     {
      Line("# "+key+": "+OneCell(value));
     }
   //--- what was seen first stands
   void              Say(const string name,const string verdict,const string seen)
     {
      if(!IsWanted(name) || HasSaid(name))
         return;
      m_said+=name+" ";
      Line(name+"|"+verdict+"|"+OneCell(seen));
     }
   void              Judge(const string name,const bool holds,const string seen)
     {
      Say(name,holds ? CHECK_HOLDS : CHECK_FAILS,seen);
     }
  };

#endif
