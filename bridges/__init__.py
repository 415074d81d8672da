"""The venues: each a process that speaks the venue's own language and, to the gateway, FIX."""
