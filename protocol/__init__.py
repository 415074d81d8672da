"""The language of the gateway: what can be said, and when. Pure: bytes and time in, bytes out.

PROTOCOL.md in this folder is the same in prose, for people who write clients and bridges in other
languages.
"""
