"""The database itself; every table has its own file one floor up.

db              opening it: rights, pragmas, identity
transactions    write transactions
migrations      the schema, step by step
schema          the statements of those steps
wal             the write-ahead log, overwritten before it is cut off
key_marker      whether the write-ahead log may hold keys
listener_locks  who listens, by the locks they hold
reserve         room for deleting on a full disk
watch           noticing that somebody else has written
blockers        who else has it open
"""
