"""The sandbox of what listens: entering it, and saying what holds.

enter   shut this process in, as well as it can be done here
levels  what holds, in words; on the fast path
"""
