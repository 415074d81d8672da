//+------------------------------------------------------------------+
//| The port between the gateway's session and the terminal: the     |
//| values that pass through it, the venue that acts, the listener   |
//| that hears. It is the port of bridges/port.py, in MQL5.          |
//|                                                                  |
//| Rules for a venue:                                               |
//| - Commands never wait. What the trade server may refuse comes    |
//|   back as an event.                                              |
//| - Events reach the listener from inside Step only, in the order  |
//|   in which they happened; trades of the market from StepTicks.   |
//| - A command that asks carries an `ask`; exactly one answer with  |
//|   it follows. It is complete only if it was read whole while the |
//|   terminal was connected to its trade server.                    |
//| - A command that names a client id was preceded by a durable     |
//|   note of it (CIdNotes): the venue may call the trade server at  |
//|   once and must never call it twice.                             |
//| - Quantities are units of the underlying, never lots.            |
//| - Sides, order types and the like are the characters of FIX, see |
//|   FixTables.mqh. An empty text or a decimal that is not set is a |
//|   field that is absent. Times are ns since the epoch, UTC.       |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_PORT_MQH
#define PORTCULLIS_PORT_MQH

#include "Decimal.mqh"

//--- a new order, or with orig_cl_ord_id what an existing one shall become
struct SOrderRequest
  {
   string            cl_ord_id;
   string            orig_cl_ord_id;
   string            symbol;
   string            side;             // 54
   string            ord_type;         // 40
   string            time_in_force;    // 59
   SDecimal          order_qty;
   SDecimal          price;
   SDecimal          stop_px;
   SDecimal          stop_loss_px;     // 5001
   SDecimal          take_profit_px;   // 5002
   long              expire_ns;        // 126; 0 when there is none
   bool              post_only;
   bool              reduce_only;
   string            position_id;      // 5004: the position to close
   string            account;
   string            strategy;
  };

//--- take the order that orig_cl_ord_id names off the venue; cl_ord_id names the request
struct SCancelRequest
  {
   string            cl_ord_id;
   string            orig_cl_ord_id;
   string            symbol;
   string            side;
  };

//--- the levels that an open position shall have: not set is as it is, 0 is none
struct SLevelsRequest
  {
   string            request_id;       // 710
   string            symbol;
   string            position_id;      // 5004
   SDecimal          stop_loss_px;
   SDecimal          take_profit_px;
  };

//--- an order as the venue has it at one moment
struct SVenueOrder
  {
   string            order_id;
   string            cl_ord_id;        // empty: the venue made it, or a person did
   string            orig_cl_ord_id;
   string            symbol;
   string            side;
   string            ord_type;
   string            time_in_force;
   SDecimal          order_qty;
   SDecimal          cum_qty;
   SDecimal          leaves_qty;
   SDecimal          avg_px;
   string            status;           // 39
   long              transact_ns;
   SDecimal          price;
   SDecimal          stop_px;
   SDecimal          stop_loss_px;
   SDecimal          take_profit_px;
   long              expire_ns;
   bool              post_only;
   bool              reduce_only;
   bool              triggered;
   string            position_id;
   string            parent_id;        // 5014: a client id of the order it was made from
   string            origin;           // 5015: STOP_LOSS, TAKE_PROFIT, STOP_OUT
   string            text;
  };

//--- one trade of ours; trade_id is the venue's own and unique
struct SFill
  {
   string            trade_id;
   string            order_id;
   string            cl_ord_id;
   string            symbol;
   string            side;
   SDecimal          last_qty;
   SDecimal          last_px;
   SDecimal          commission;       // absolute, of comm_currency; negative is a rebate
   string            comm_currency;
   string            liquidity;        // 851, or empty
   long              transact_ns;
   string            position_id;
   string            parent_id;
   string            origin;
  };

//--- what the account holds of one symbol: signed quantity and its average price
struct SPosition
  {
   string            symbol;
   string            currency;
   SDecimal          qty;
   SDecimal          avg_px;
   SDecimal          realized_pnl;
   string            position_id;
   SDecimal          stop_loss_px;
   SDecimal          take_profit_px;
  };

//--- one currency of the account
struct SBalance
  {
   string            currency;
   SDecimal          total;
   SDecimal          free;
  };

//--- money that moved without a trade: FUNDING, SWAP, FEE, DEPOSIT, CORRECTION
struct SLedgerEntry
  {
   string            entry_id;
   string            kind;
   string            currency;
   SDecimal          amount;
   long              transact_ns;
   string            symbol;
  };

//--- what may be traded and in which steps
struct SInstrument
  {
   string            symbol;
   string            base;
   string            currency;
   SDecimal          price_tick;
   SDecimal          qty_step;
   SDecimal          min_qty;
   SDecimal          max_qty;
   SDecimal          min_notional;
   SDecimal          contract_multiplier;
   SDecimal          maker_fee;
   SDecimal          taker_fee;
   SDecimal          margin_rate;
  };

//--- what the venue can do: the words of 5026, and 5027
struct SCapabilities
  {
   string            words;
   long              absence_after_ms;
  };

struct SLevel
  {
   SDecimal          price;
   SDecimal          size;
  };

//--- the book of a symbol, best level first; gaps counts how often something was lost
struct SBook
  {
   string            symbol;
   SLevel            bids[];
   SLevel            asks[];
   long              transact_ns;
   int               gaps;
  };

//--- a trade of the market; aggressor is the side that took, or empty
struct STrade
  {
   string            symbol;
   SDecimal          price;
   SDecimal          size;
   string            aggressor;
   string            trade_id;
   long              transact_ns;
  };

//--- a cancel ("1") or replace ("2") was refused; without `known` there is no such order
struct SCancelRefused
  {
   string            request_id;
   string            orig_cl_ord_id;
   string            response_to;      // 434
   string            reason;           // 102
   string            text;
   bool              known;
   SVenueOrder       order;
  };

//+------------------------------------------------------------------+
//| Who hears what the venue says. Called from CVenue::Step only.    |
//+------------------------------------------------------------------+
class CVenueListener
  {
public:
   virtual          ~CVenueListener(void) {}
   //--- the life of an order
   virtual void      OnAccepted(const SVenueOrder &order)=0;
   virtual void      OnRejected(const SVenueOrder &order,const string reason,const string text)=0;
   virtual void      OnFilled(const SVenueOrder &order,const SFill &fill)=0;
   virtual void      OnBusted(const SVenueOrder &order,const SFill &fill)=0;
   virtual void      OnCanceled(const SVenueOrder &order,const string request_id,
                                const string reason,const string text)=0;
   virtual void      OnExpired(const SVenueOrder &order)=0;
   virtual void      OnReplaced(const SVenueOrder &order)=0;
   virtual void      OnTriggered(const SVenueOrder &order)=0;
   virtual void      OnCancelRefused(const SCancelRefused &refused)=0;
   //--- what became of levels (722): done, with those that stand now; refused; in doubt ("0")
   virtual void      OnLevels(const SLevelsRequest &asked,const string status,
                              const SDecimal &stop,const SDecimal &profit,
                              const string text,const long now_ns)=0;
   //--- answers
   virtual void      OnFound(const string ask,const bool found,const SVenueOrder &order,
                             const bool complete)=0;
   virtual void      OnOpenOrders(const string ask,const SVenueOrder &orders[],
                                  const bool complete)=0;
   virtual void      OnFills(const string ask,const SFill &fills[],const bool complete)=0;
   virtual void      OnPositions(const string ask,const SPosition &positions[],
                                 const bool complete)=0;
   virtual void      OnBalances(const string ask,const SBalance &balances[],
                                const bool complete)=0;
   virtual void      OnInstruments(const string ask,const SInstrument &instruments[],
                                   const bool complete)=0;
   //--- with an empty ask: an entry that just happened
   virtual void      OnLedgerEntries(const string ask,const SLedgerEntry &entries[],
                                     const bool complete)=0;
   //--- the market and the link
   virtual void      OnBook(const SBook &book)=0;
   virtual void      OnTraded(const STrade &trade)=0;
   virtual void      OnLink(const bool up,const string text)=0;
   virtual void      OnRateWarned(const long back_off_ms,const bool banned)=0;
  };

//+------------------------------------------------------------------+
//| The terminal and its account, as the session sees them.          |
//+------------------------------------------------------------------+
class CVenue
  {
public:
   virtual          ~CVenue(void) {}
   virtual void      Capabilities(SCapabilities &capabilities)=0;
   //--- is the terminal connected to its trade server now
   virtual bool      Connected(void)=0;
   //--- begin; false when the program cannot run here, and text says why
   virtual bool      Connect(CVenueListener *listener_ptr,const long now_ns,string &text)=0;
   //--- what is new is refused when it has waited too long; asked_ns: since when it may have
   virtual void      Submit(const SOrderRequest &order,const long asked_ns)=0;
   virtual void      Replace(const SOrderRequest &order,const long asked_ns)=0;
   //--- other levels for an open position
   virtual void      Protect(const SLevelsRequest &asked,const long asked_ns)=0;
   virtual void      Cancel(const SCancelRequest &request,const long now_ns)=0;
   //--- cancel everything of ours that rests, unasked (the dead man's hand)
   virtual void      CancelAll(const string text,const long now_ns)=0;
   //--- the same at once and without a note of it, before the program goes; how many orders
   virtual int       RemoveAll(const long now_ns)=0;
   //--- which ids are our gateway's: what the account has of them is ours
   virtual void      Recognise(const long instance)=0;
   //--- may the account have an order of an id that is not noted: the notes may have been lost.
   //--- order_id is the one that the gateway knows, or empty: what is asked next may rely on it
   virtual bool      MayKnow(const string cl_ord_id,const string order_id)=0;
   virtual void      LookUp(const string ask,const string cl_ord_id,const long now_ns)=0;
   virtual void      OpenOrders(const string ask,const long now_ns)=0;
   virtual void      FillsSince(const string ask,const long since_ns,const long now_ns)=0;
   virtual void      Positions(const string ask,const long now_ns)=0;
   virtual void      Balances(const string ask,const long now_ns)=0;
   virtual void      LedgerEntries(const string ask,const long since_ns,const long now_ns)=0;
   virtual void      Instruments(const string ask,const long now_ns)=0;
   //--- do what is due, and tell the listener what happened
   virtual void      Step(const long now_ns)=0;
   //--- is nothing under way that was asked of the trade server or of this venue
   virtual bool      IsIdle(const long now_ns)=0;
   //--- do what may take its time, last in a turn and when nothing of the gateway's waits
   virtual void      StepTicks(const long now_ns)=0;
   //--- hints of the terminal: nothing may depend on them
   virtual void      OnTradeTransaction(const MqlTradeTransaction &transaction,
                                        const MqlTradeRequest &request,
                                        const MqlTradeResult &result)=0;
   virtual void      OnBookEvent(const string symbol)=0;
   virtual void      Close(void)=0;
  };

//+------------------------------------------------------------------+
//| Which ids were ever sent, and which never may be (id_log.py).    |
//|                                                                  |
//| Hold and Bury note an id; Commit makes every note durable. Only  |
//| then may the trade server be called, or "never sent" be said.    |
//+------------------------------------------------------------------+
class CIdNotes
  {
public:
   virtual          ~CIdNotes(void) {}
   //--- may the id have reached the trade server
   virtual bool      WasSent(const string cl_ord_id)=0;
   //--- would it be noted if it had been sent: were there notes already when it was given
   virtual bool      Covers(const string cl_ord_id)=0;
   //--- is it tombstoned
   virtual bool      IsBuried(const string cl_ord_id)=0;
   virtual void      Hold(const string cl_ord_id)=0;
   virtual void      Bury(const string cl_ord_id)=0;
   //--- false: nothing may be done on account of the notes, and the program stops
   virtual bool      Commit(void)=0;
  };

#endif
