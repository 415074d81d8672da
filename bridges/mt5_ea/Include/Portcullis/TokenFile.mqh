//+------------------------------------------------------------------+
//| The token's file: as an editor or a shell of Windows writes it,  |
//| in UTF-8 with or without a mark of its encoding, or in UTF-16    |
//| with one. Blanks and ends of lines around the token are not its. |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_TOKENFILE_MQH
#define PORTCULLIS_TOKENFILE_MQH

#define NO_CHARACTER 0xFFFD

bool IsTextMark(const uchar &bytes[],const uint first,const uint second)
  {
   return ArraySize(bytes)>1 && bytes[0]==first && bytes[1]==second;
  }
//--- a control character within, or what stands for bytes that are no UTF-8
bool IsPlainText(const string text)
  {
   for(int i=0; i<StringLen(text); i++)
      if(StringGetCharacter(text,i)<' ' || StringGetCharacter(text,i)==NO_CHARACTER)
         return false;
   return true;
  }
string TextOfUtf16(const uchar &bytes[])
  {
   string text="";
   for(int i=2; i+1<ArraySize(bytes); i+=2)
      text+=ShortToString((ushort)(bytes[i]|(bytes[i+1]<<8)));
   return text;
  }
string TextOfUtf8(const uchar &bytes[])
  {
   bool is_marked=IsTextMark(bytes,0xEF,0xBB) && ArraySize(bytes)>2 && bytes[2]==0xBF;
   int from=is_marked ? 3 : 0;
   int size=ArraySize(bytes)-from;
   return size>0 ? CharArrayToString(bytes,from,size,CP_UTF8) : "";
  }

//--- false when the file holds no token, and why says so
bool ReadTokenFile(const string name,string &token,string &why)
  {
   uchar bytes[];
   token="";
   if(FileLoad(name,bytes)<0)
     {
      why="cannot read "+name+", expected a file in MQL5/Files";
      return false;
     }
   bool is_utf16=IsTextMark(bytes,0xFF,0xFE);
   bool is_readable=!IsTextMark(bytes,0xFE,0xFF);
   for(int i=0; i<ArraySize(bytes) && !is_utf16; i++)
      is_readable=is_readable && bytes[i]!=0;
   if(is_readable)
      token=is_utf16 ? TextOfUtf16(bytes) : TextOfUtf8(bytes);
   StringTrimLeft(token);
   StringTrimRight(token);
   why="";
   if(!is_readable || !IsPlainText(token))
      why=name+" is no text in UTF-8, or in UTF-16 with its mark (little endian): save it as UTF-8";
   else
      if(token=="")
         why=name+" is empty, expected the token";
   return why=="";
  }

#endif
