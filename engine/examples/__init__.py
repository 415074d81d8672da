"""Examples: how things are written here, not how money is made."""
