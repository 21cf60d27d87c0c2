"""Watching speakers: from packets to a verdict.

importer        capture files into the store
live            a running capture into the store, with alarms
verdicts        the scene of one device, judged
devices         naming devices, and finding them
bursts          uploads, listed
experiment      silence, requests and a muted speaker, judged each
report          rates and bytes over time
timeline        one axis of time, as drawn
timeline_query  filling it from the store
"""
