"""The strategy side: clients of the gateway, strategies, and how to test them without a socket."""
