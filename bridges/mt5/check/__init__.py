"""What is believed of MetaTrader 5, and how each of it is tried on a real terminal."""
