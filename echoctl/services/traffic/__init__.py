"""Watching speakers: from packets to a verdict.

importer          capture files into the store
live              a running capture into the store, with alarms
capture_process   what takes packets apart, in a process that is shut in
capture_reader    that process, as those two see it
capture_protocol  what it is told, and what is taken of its answers
verdicts          the scene of one device, judged
devices           naming devices, and finding them
bursts            uploads, listed
experiment        silence, requests and a muted speaker, judged each
report            rates and bytes over time
timeline          one axis of time, as drawn
timeline_query    filling it from the store
"""
