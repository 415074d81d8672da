"""The memory of the gateway: batches of records in segments, and how they survive what happens.

`writer` appends and commits, `reader` reads in order, at random and at the tail, `recovery` decides
after a crash, `verify` judges, `repair` mends by hand, `snapshot` and `old_ids` are caches that can
be thrown away. `format` alone knows the bytes, `files` alone knows the machine.
"""
