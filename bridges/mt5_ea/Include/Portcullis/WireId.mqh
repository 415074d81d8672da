//+------------------------------------------------------------------+
//| The wire's id (tag 11) and the magic number are one 63-bit       |
//| number: 13 characters of base 36 there, a long here.             |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_WIREID_MQH
#define PORTCULLIS_WIREID_MQH

#define WIRE_ID_LENGTH 13
#define WIRE_ID_DIGITS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WIRE_EPOCH_MIN 1577836800
#define INSTANCE_SHIFT 53

//--- the number of an id, or -1 of what is none
long WireNumber(const string text)
  {
   if(StringLen(text)!=WIRE_ID_LENGTH)
      return -1;
   ulong number=0;
   for(int i=0; i<WIRE_ID_LENGTH; i++)
     {
      int digit=StringFind(WIRE_ID_DIGITS,StringSubstr(text,i,1));
      if(digit<0 || number>((ulong)LONG_MAX-(ulong)digit)/36)
         return -1;
      number=number*36+(ulong)digit;
     }
   return (long)number;
  }

string WireText(const long number)
  {
   string text="";
   long rest=number;
   for(int i=0; i<WIRE_ID_LENGTH; i++)
     {
      text=StringSubstr(WIRE_ID_DIGITS,(int)(rest%36),1)+text;
      rest/=36;
     }
   return text;
  }

//--- the second at which the gateway started that gave the id: nothing can have it before
long WireEpoch(const long number) { return (number>>21)%((long)1<<32); }

//--- which of the gateways on an account has given the id
long WireInstance(const long number) { return number>>INSTANCE_SHIFT; }

//--- can a magic be an id of the wire: its second is of 2020 or later, as in bridges/mt5/orders.py;
//--- any other is another program's, 0 is a person's
bool IsWireMagic(const long magic) { return magic>0 && WireEpoch(magic)>=WIRE_EPOCH_MIN; }

#endif
