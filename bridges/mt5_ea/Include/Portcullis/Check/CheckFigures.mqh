//+------------------------------------------------------------------+
//| Measured numbers of one kind, and how they are told.             |
//+------------------------------------------------------------------+
#ifndef PORTCULLIS_CHECKFIGURES_MQH
#define PORTCULLIS_CHECKFIGURES_MQH

struct SFigures
  {
   double            values[];

   int               Count(void) const { return ArraySize(values); }
   void              Clear(void) { ArrayResize(values,0); }
   void              Add(const double value)
     {
      int at=ArraySize(values);
      ArrayResize(values,at+1,256);
      values[at]=value;
     }
   //--- the value that so many percent are not above; 0 of none
   double            Percentile(const int percent) const
     {
      int size=ArraySize(values);
      if(size==0)
         return 0;
      double sorted[];
      ArrayCopy(sorted,values);
      ArraySort(sorted);
      return sorted[(size-1)*percent/100];
     }
   double            Median(void) const { return Percentile(50); }
   string            Text(const string unit) const
     {
      if(Count()==0)
         return "none";
      return StringFormat("%.1f / %.1f / %.1f %s (least, median, most of %d)",Percentile(0),
                          Median(),Percentile(100),unit,Count());
     }
  };

#endif
