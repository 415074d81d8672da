"""The translation tables: each market of each exchange in its own words (table.py has the port)."""
