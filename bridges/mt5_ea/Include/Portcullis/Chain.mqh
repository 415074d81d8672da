//+------------------------------------------------------------------+
//| One order as the gateway knows it: a chain of names on the wire, |
//| and of orders at the trade server.                               |
//|                                                                  |
//| - Every D begins a chain. A G that changes prices only keeps the |
//|   order and its magic and changes the name. One that changes the |
//|   quantity removes the order and places another one, whose magic |
//|   is the G's id: so no magic is ever executed twice.             |
//| - Quantities are units and count over the chain; `base` is what  |
//|   was filled before the present order was placed.                |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHAIN_MQH
#define PORTCULLIS_CHAIN_MQH

#include "Doubles.mqh"
#include "Port.mqh"
#include "Rows.mqh"
#include "SymbolRules.mqh"
#include "OrderKinds.mqh"

#define CHAIN_SEPARATOR 31
#define REST_PART "rest"

enum ENUM_STAGE
  {
   STAGE_SENT,       // it was sent, or is about to be; whether it is there is not known
   STAGE_OPEN,       // the trade server has it
   STAGE_ENDED
  };

//--- how far a replace has come
enum ENUM_ASKED
  {
   ASKED_NOTHING,
   ASKED_MODIFY,     // the change of prices was sent
   ASKED_REMOVE,     // the removal of the old order was sent
   ASKED_PLACE       // the new order was sent
  };

void PushPart(string &parts[],const string part)
  {
   int at=ArraySize(parts);
   ArrayResize(parts,at+1,48);
   parts[at]=part;
  }
string DecimalPart(const SDecimal &decimal) { return decimal.is_set ? decimal.Text() : ""; }

//--- what a G may change
struct STerms
  {
   SDecimal          qty;
   SDecimal          price;
   SDecimal          stop_px;
   SDecimal          sl;
   SDecimal          tp;
   long              expire_ns;
   long              ends_s;       // as the server was told it, by its clock; 0: at no moment
   string            force;

   void              Clear(void)
     {
      qty.Clear();
      price.Clear();
      stop_px.Clear();
      sl.Clear();
      tp.Clear();
      expire_ns=0;
      ends_s=0;
      force="";
     }
   void              Take(const SOrderRequest &order)
     {
      qty=order.order_qty;
      price=order.price;
      stop_px=order.stop_px;
      sl=order.stop_loss_px;
      tp=order.take_profit_px;
      expire_ns=order.expire_ns;
      ends_s=0;
      force=order.time_in_force;
     }
   bool              HasPricesOf(const STerms &other) const
     {
      return IsSame(price,other.price) && IsSame(stop_px,other.stop_px) && IsSame(sl,other.sl) &&
             IsSame(tp,other.tp) && expire_ns/1000000000==other.expire_ns/1000000000 &&
             force==other.force;
     }
   void              Write(string &parts[]) const
     {
      PushPart(parts,DecimalPart(qty));
      PushPart(parts,DecimalPart(price));
      PushPart(parts,DecimalPart(stop_px));
      PushPart(parts,DecimalPart(sl));
      PushPart(parts,DecimalPart(tp));
      PushPart(parts,IntegerToString(expire_ns)+"/"+IntegerToString(ends_s));
      PushPart(parts,force);
     }
   int               Read(const string &parts[],const int at)
     {
      qty.Parse(parts[at]);
      price.Parse(parts[at+1]);
      stop_px.Parse(parts[at+2]);
      sl.Parse(parts[at+3]);
      tp.Parse(parts[at+4]);
      int slash=StringFind(parts[at+5],"/");
      expire_ns=StringToInteger(StringSubstr(parts[at+5],0,slash));
      ends_s=slash<0 ? 0 : StringToInteger(StringSubstr(parts[at+5],slash+1));
      force=parts[at+6];
      return at+7;
     }
  };

struct SChain
  {
   long              root;         // the number of the D's id
   long              magic;        // of the present order at the server
   ulong             ticket;       // of the present order; 0 while it was not seen
   string            name;         // 11 now
   string            previous;     // 11 before
   string            symbol;
   string            side;
   string            ord_type;
   bool              post_only;
   bool              reduce_only;
   string            position_id;  // 5004 as it was asked
   STerms            terms;
   SDecimal          base;
   SDecimal          cum;
   SDecimal          worth;        // the sum of quantity times price
   ENUM_STAGE        stage;
   string            status;       // 39 of one that has ended
   string            text;
   bool              triggered;
   long              transact_ns;
   long              setup_msc;
   //--- what is asked of it
   string            asked_name;
   STerms            asked;
   ENUM_ASKED        asked_step;
   string            cancel_name;
   string            doom;         // why it is to be cancelled unasked
   bool              is_rest;      // it may be the rest of one of which nothing is noted
   //--- not kept
   bool              is_missing;   // neither open nor in the history, though it was there
   bool              owes_deals;   // the history says more than the deals that were seen
   bool              is_removed;   // for a replace: its order is off the server
   int               flights;      // requests whose answer is outstanding
   long              tried_ns;     // when something was last sent for what it is now

   void              Clear(void)
     {
      root=0;
      magic=0;
      ticket=0;
      name="";
      previous="";
      symbol="";
      side="";
      ord_type="";
      post_only=false;
      reduce_only=false;
      position_id="";
      terms.Clear();
      base.SetWhole(0);
      cum.SetWhole(0);
      worth.SetWhole(0);
      stage=STAGE_SENT;
      status="";
      text="";
      triggered=false;
      transact_ns=0;
      setup_msc=0;
      asked_name="";
      asked.Clear();
      asked_step=ASKED_NOTHING;
      cancel_name="";
      doom="";
      is_rest=false;
      is_missing=false;
      owes_deals=false;
      is_removed=false;
      flights=0;
      tried_ns=0;
     }
   void              Begin(const SOrderRequest &order,const long number,const long now_ns)
     {
      Clear();
      root=number;
      magic=number;
      name=order.cl_ord_id;
      symbol=order.symbol;
      side=order.side;
      ord_type=order.ord_type;
      post_only=order.post_only;
      reduce_only=order.reduce_only;
      position_id=order.position_id;
      transact_ns=now_ns;
      terms.Take(order);
     }
   void              Ask(const string new_name,const ENUM_ASKED step)
     {
      asked_name=new_name;
      asked_step=step;
     }
   void              Unask(void)
     {
      asked_name="";
      asked_step=ASKED_NOTHING;
      asked.Clear();
     }
   //--- the replace took effect
   void              TakeAsked(void)
     {
      previous=name;
      name=asked_name;
      terms=asked;
      Unask();
     }
   bool              IsFilled(void) const { return cum.Compare(terms.qty)>=0; }
   string            Status(void) const
     {
      if(stage==STAGE_ENDED)
         return status;
      return cum.IsPositive() ? FIX_ORD_STATUS_PARTIALLY_FILLED : FIX_ORD_STATUS_NEW;
     }
   void              End(const string how)
     {
      stage=STAGE_ENDED;
      status=how;
      doom="";
     }
   //--- the mean price: exact where it has an end, else as near as a double is
   void              AvgPx(SDecimal &avg) const
     {
      avg.SetWhole(0);
      if(!cum.IsPositive())
         return;
      avg=worth;
      if(!avg.Divide(cum))
         SetExactPrice(avg,worth.ToDouble()/cum.ToDouble());
     }
   void              Fill(const SDecimal &qty,const SDecimal &price)
     {
      SDecimal value=qty;
      value.Multiply(price);
      cum.Add(qty);
      worth.Add(value);
     }
   void              Unfill(const SDecimal &qty,const SDecimal &price)
     {
      SDecimal value=qty;
      value.Multiply(price);
      cum.Subtract(qty);
      worth.Subtract(value);
     }

   //--- what the server has, by its own word, in the terms of the wire
   void              LiveTerms(const SOrderRow &row,const SSymbolRules &rules,
                               const long utc_offset_s,
                               STerms &live) const
     {
      live=terms;
      rules.Units(row.volume,live.qty);
      live.qty.Add(base);
      live.sl=row.sl;
      live.tp=row.tp;
      string kind=FixTypeOf(row.type);
      if(kind==FIX_ORD_TYPE_LIMIT)
         live.price=row.price;
      if(kind==FIX_ORD_TYPE_STOP || kind==FIX_ORD_TYPE_STOP_LIMIT)
         live.stop_px=row.price;
      if(kind==FIX_ORD_TYPE_STOP_LIMIT)
         live.price=row.stoplimit;
      if(kind==FIX_ORD_TYPE_MARKET)
         return;
      if(!IsAtOnce(terms.force))
         live.force=FixForceOf(rules.LifeOf(row.time_type),ORDER_FILLING_RETURN);
      long expiry_s=row.ExpiryS();
      live.ends_s=expiry_s;
      live.expire_ns=expiry_s>0 ? (expiry_s-utc_offset_s)*1000000000 : 0;
      if(expiry_s>0 && expiry_s==terms.ends_s)
         live.expire_ns=terms.expire_ns;
      if(expiry_s>0 && expiry_s==asked.ends_s)
         live.expire_ns=asked.expire_ns;
     }

   void              Tell(SVenueOrder &out) const { TellAs(terms,out); }
   void              TellAs(const STerms &as,SVenueOrder &out) const
     {
      out.order_id=ticket==0 ? FIX_NONE : IntegerToString((long)ticket);
      out.cl_ord_id=name;
      out.orig_cl_ord_id=previous;
      out.symbol=symbol;
      out.side=side;
      out.ord_type=ord_type;
      out.time_in_force=as.force;
      out.order_qty=as.qty;
      out.cum_qty=cum;
      out.leaves_qty.SetWhole(0);
      if(stage!=STAGE_ENDED && as.qty.Compare(cum)>0)
        {
         out.leaves_qty=as.qty;
         out.leaves_qty.Subtract(cum);
        }
      AvgPx(out.avg_px);
      out.status=Status();
      out.transact_ns=transact_ns;
      out.price=as.price;
      out.stop_px=as.stop_px;
      out.stop_loss_px=as.sl;
      out.take_profit_px=as.tp;
      out.expire_ns=as.expire_ns;
      out.post_only=post_only;
      out.reduce_only=reduce_only;
      out.triggered=triggered;
      out.position_id=position_id;
      out.parent_id="";
      out.origin="";
      out.text=text;
     }

   //--- one line for the database
   string            Content(void) const
     {
      string parts[];
      PushPart(parts,IntegerToString(magic));
      PushPart(parts,IntegerToString((long)ticket));
      PushPart(parts,name);
      PushPart(parts,previous);
      PushPart(parts,symbol);
      PushPart(parts,side);
      PushPart(parts,ord_type);
      PushPart(parts,post_only ? "1" : "0");
      PushPart(parts,reduce_only ? "1" : "0");
      PushPart(parts,position_id);
      PushPart(parts,base.Text());
      PushPart(parts,cum.Text());
      PushPart(parts,worth.Text());
      PushPart(parts,IntegerToString(stage));
      PushPart(parts,status);
      PushPart(parts,text);
      PushPart(parts,triggered ? "1" : "0");
      PushPart(parts,IntegerToString(transact_ns));
      PushPart(parts,IntegerToString(setup_msc));
      PushPart(parts,asked_name);
      PushPart(parts,IntegerToString(asked_step));
      PushPart(parts,cancel_name);
      PushPart(parts,doom);
      terms.Write(parts);
      asked.Write(parts);
      string content=parts[0];
      for(int i=1; i<ArraySize(parts); i++)
         content+=ShortToString(CHAIN_SEPARATOR)+parts[i];
      //--- the last part is never empty: what StringSplit makes of an empty one is not documented
      return content+ShortToString(CHAIN_SEPARATOR)+(is_rest ? REST_PART : ".");
     }
   bool              Restore(const long number,const string content)
     {
      string parts[];
      Clear();
      if(StringSplit(content,CHAIN_SEPARATOR,parts)!=38)
         return false;
      root=number;
      magic=StringToInteger(parts[0]);
      ticket=(ulong)StringToInteger(parts[1]);
      name=parts[2];
      previous=parts[3];
      symbol=parts[4];
      side=parts[5];
      ord_type=parts[6];
      post_only=parts[7]=="1";
      reduce_only=parts[8]=="1";
      position_id=parts[9];
      base.Parse(parts[10]);
      cum.Parse(parts[11]);
      worth.Parse(parts[12]);
      stage=(ENUM_STAGE)StringToInteger(parts[13]);
      status=parts[14];
      text=parts[15];
      triggered=parts[16]=="1";
      transact_ns=StringToInteger(parts[17]);
      setup_msc=StringToInteger(parts[18]);
      asked_name=parts[19];
      asked_step=(ENUM_ASKED)StringToInteger(parts[20]);
      cancel_name=parts[21];
      doom=parts[22];
      int at=terms.Read(parts,23);
      at=asked.Read(parts,at);
      is_rest=parts[at]==REST_PART;
      return true;
     }
  };

#endif
