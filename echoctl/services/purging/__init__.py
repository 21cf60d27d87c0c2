"""Erasing: what is purged cannot be opened again.

purge      plan, run, resume, receipts
retention  how long recordings are kept, and enforcing it
guests     stays: what a guest said goes when the guest does
rotation   new keys for everything, so that older copies of the database die
"""
