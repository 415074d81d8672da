"""The embedded venue: an exchange with a book, a matching engine, accounts and a ledger."""
