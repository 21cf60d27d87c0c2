"""Packets of the devices in the house: who talks to whom, what shape an upload has, and what follows from it.

No payload is kept. In the order in which a packet meets them:

sources         a file, a pipe, tcpdump here or over ssh
pcap            captures, record by record
dissector       from a frame to its transport header
direction       which of two addresses is the device
flows           what is remembered of connections
meter           bytes in windows of 200 ms
endpoint_names  what the other side is called; protocols/ read names from first packets
tables          makers of devices and owners of addresses
bursts          windows to uploads
thresholds      what counts as speech
join            uploads and wakes in pairs, clocks brought together
explain         the one rule for what is explained, live and judged
statistics      what the numbers can carry
verdict         the verdict
"""
