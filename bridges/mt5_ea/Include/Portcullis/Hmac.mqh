//+------------------------------------------------------------------+
//| HMAC-SHA256 (RFC 2104) on the terminal's CryptEncode: how a      |
//| Logon proves that it knows the token, which never travels.       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_HMAC_MQH
#define PORTCULLIS_HMAC_MQH

#define HMAC_BLOCK 64
#define HMAC_SIZE 32

//--- false when the terminal cannot compute it
bool Sha256(const uchar &bytes[],uchar &digest[])
  {
   uchar no_key[];
   ArrayResize(digest,0);
   return CryptEncode(CRYPT_HASH_SHA256,bytes,no_key,digest)==HMAC_SIZE;
  }

string HexOf(const uchar &bytes[])
  {
   string text="";
   for(int i=0; i<ArraySize(bytes); i++)
      text+=StringFormat("%02x",bytes[i]);
   return text;
  }

//--- the key's block, each byte turned by `pad`, and the content behind it
bool HashWithPad(const uchar &key[],const uint pad,const uchar &content[],const int size,
                 uchar &digest[])
  {
   uchar block[];
   ArrayResize(block,HMAC_BLOCK+size);
   for(int i=0; i<HMAC_BLOCK; i++)
      block[i]=(uchar)((i<ArraySize(key) ? (uint)key[i] : 0)^pad);
   ArrayCopy(block,content,HMAC_BLOCK,0,size);
   return Sha256(block,digest);
  }

//--- lower-case hex of HMAC-SHA256(token, text), or "" when it cannot be computed
string HmacSha256(const string token,const string text)
  {
   uchar key[];
   uchar content[];
   uchar inner[];
   uchar outer[];
   ArrayResize(key,StringToCharArray(token,key,0,WHOLE_ARRAY,CP_UTF8)-1);
   if(ArraySize(key)>HMAC_BLOCK)
     {
      if(!Sha256(key,inner))
         return "";
      ArrayResize(key,HMAC_SIZE);
      ArrayCopy(key,inner,0,0,HMAC_SIZE);
     }
   int size=StringToCharArray(text,content,0,WHOLE_ARRAY,CP_UTF8)-1;
   if(!HashWithPad(key,0x36,content,size,inner) || !HashWithPad(key,0x5C,inner,HMAC_SIZE,outer))
      return "";
   return HexOf(outer);
  }

#endif
