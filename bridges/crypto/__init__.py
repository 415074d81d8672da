"""Crypto exchanges behind the port: a pure core, a table for each exchange, ccxt in its shell."""
