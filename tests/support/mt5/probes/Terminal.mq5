//| What a program sees of its terminal (tests/mt5_ea/test_terminal_face.py).
string g_transactions="";

string Answer(const string command,const string what)
  {
   MqlTradeRequest request={};
   MqlTradeResult result={};
   MqlTick tick={};
   if(command=="account")
      return IntegerToString(AccountInfoInteger(ACCOUNT_LOGIN))+" "+
             DoubleToString(AccountInfoDouble(ACCOUNT_BALANCE),2)+" "+
             AccountInfoString(ACCOUNT_CURRENCY)+" "+
             IntegerToString(AccountInfoInteger(ACCOUNT_MARGIN_MODE));
   if(command=="symbol")
     {
      string bid=SymbolInfoTick(what,tick) ? DoubleToString(tick.bid,5) : "no tick";
      int error=GetLastError();
      return IntegerToString(SymbolInfoInteger(what,SYMBOL_DIGITS))+" "+
             DoubleToString(SymbolInfoDouble(what,SYMBOL_TRADE_CONTRACT_SIZE),0)+" "+
             SymbolInfoString(what,SYMBOL_CURRENCY_PROFIT)+" "+bid+" "+IntegerToString(error);
     }
   if(command=="limit" || command=="async" || command=="market")
     {
      request.action=command=="market" ? TRADE_ACTION_DEAL : TRADE_ACTION_PENDING;
      request.type=command=="market" ? ORDER_TYPE_BUY : ORDER_TYPE_BUY_LIMIT;
      request.type_filling=command=="market" ? ORDER_FILLING_FOK : ORDER_FILLING_RETURN;
      request.magic=StringToInteger(what);
      request.symbol="EURUSD";
      request.volume=0.1;
      request.price=command=="market" ? 0.0 : 1.05;
      bool sent=command=="async" ? OrderSendAsync(request,result) : OrderSend(request,result);
      return (sent ? "Y " : "N ")+IntegerToString(result.retcode);
     }
   if(command=="orders")
     {
      string found="";
      for(int i=0; i<OrdersTotal(); i++)
         if(OrderGetTicket(i)>0)
            found+=IntegerToString(OrderGetInteger(ORDER_MAGIC))+" "+
                   DoubleToString(OrderGetDouble(ORDER_PRICE_OPEN),5)+" "+
                   OrderGetString(ORDER_SYMBOL)+";";
      return found;
     }
   if(command=="positions")
     {
      string found="";
      for(int i=0; i<PositionsTotal(); i++)
         if(PositionGetTicket(i)>0)
            found+=IntegerToString(PositionGetInteger(POSITION_MAGIC))+" "+
                   DoubleToString(PositionGetDouble(POSITION_VOLUME),2)+" "+
                   DoubleToString(PositionGetDouble(POSITION_PROFIT),2)+";";
      return found;
     }
   if(command=="deals")
     {
      string found="";
      HistorySelect(0,LONG_MAX);
      for(int i=0; i<HistoryDealsTotal(); i++)
        {
         ulong ticket=HistoryDealGetTicket(i);
         found+=IntegerToString(HistoryDealGetInteger(ticket,DEAL_MAGIC))+" "+
                DoubleToString(HistoryDealGetDouble(ticket,DEAL_PRICE),5)+" "+
                IntegerToString(HistoryDealGetInteger(ticket,DEAL_TYPE))+";";
        }
      return found;
     }
   if(command=="missing")
     {
      bool found=OrderSelect(1);
      return (found ? "Y " : "N ")+IntegerToString(GetLastError());
     }
   return command=="transactions" ? g_transactions : "?";
  }

void OnProbe(const string command,const uchar &in[],uchar &out[])
  {
   string said=Answer(command,CharArrayToString(in,0,ArraySize(in),CP_UTF8));
   ArrayResize(out,StringToCharArray(said,out,0,WHOLE_ARRAY,CP_UTF8)-1);
  }

int OnInit(void)
  {
   return INIT_SUCCEEDED;
  }

void OnDeinit(const int reason)
  {
   Print("deinit ",reason);
  }

void OnTradeTransaction(const MqlTradeTransaction &trans,const MqlTradeRequest &request,
                        const MqlTradeResult &result)
  {
   g_transactions+=IntegerToString((int)trans.type)+" "+IntegerToString(request.magic)+" "+
                   IntegerToString(result.retcode)+";";
  }
