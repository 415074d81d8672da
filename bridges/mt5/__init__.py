"""A MetaTrader 5 account through the terminal's own Python package."""
