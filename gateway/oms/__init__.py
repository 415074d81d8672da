"""The order management core. Pure: a state, a message and the time in; messages out.

order_states.py   the tables: what may happen to an order, and what it is called then
state.py, book.py everything that survives a crash; its indexes and digest
orders.py         the book of record: how a report changes an order        (apply)
positions.py      what the fills add up to                                 (apply)
apply.py          the one mutator: a journal record in, the state moved
core.py           decide: a message in, the messages that follow
intake.py, venue_reports.py, fills.py, outcomes.py, doubt.py, consequences.py, queries.py,
control.py          its chapters
reconcile.py      our view and the venue's snapshot in, the differences out
market.py         what is observed and not remembered
rules.py          what a person has configured
"""
